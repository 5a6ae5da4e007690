/** Requirements of the driver ssh, and of the creation of images by it. */
import type { Requirement } from './requirement.ts';

export const sshDriver = {
  'ssh-create/location': {
    level: 'must',
    definition: 'BlockdevCreateOptionsSsh',
    text: 'location is where the image is put.',
    since: '2.12',
  },
  'ssh-create/size': {
    level: 'must',
    definition: 'BlockdevCreateOptionsSsh',
    text: 'size is how many bytes the new disk has.',
    since: '2.12',
  },
  'ssh/errors': {
    level: 'must',
    definition: 'BlockdevOptionsSsh',
    text: 'Reads and writes that the server fails fail, and leave the node as usable as before.',
    source: 'observation',
  },
  'ssh/flush': {
    level: 'must',
    definition: 'BlockdevOptionsSsh',
    text: 'A flush has the server bring the file to stable storage, if it knows how, and fails if the server does.',
    source: 'observation',
  },
  'ssh/grows': {
    level: 'must',
    definition: 'BlockdevOptionsSsh',
    text: 'block_resize makes the file longer, by zeroes, and refuses to make it shorter; so do writes of an image that grows.',
    source: 'observation',
    since: '2.12',
  },
  'ssh/host-key-default': {
    level: 'must',
    definition: 'BlockdevOptionsSsh',
    text: 'host-key-check is known_hosts by default.',
  },
  'ssh/host-key-hash': {
    level: 'must',
    definition: 'BlockdevOptionsSsh',
    text: 'The mode hash takes a server whose key has the digest that is given, by MD5 or SHA-1, and no other.',
  },
  'ssh/host-key-known-hosts': {
    level: 'must',
    definition: 'BlockdevOptionsSsh',
    text: 'The mode known_hosts takes a server only if its key is known by the known_hosts file.',
  },
  'ssh/host-key-none': {
    level: 'must',
    definition: 'BlockdevOptionsSsh',
    text: 'The mode none takes any server.',
  },
  'ssh/names': {
    level: 'must',
    definition: 'BlockdevOptionsSsh',
    text: 'The file name ssh://USER@HOST:PORT/PATH?host_key_check=CHECK stands for the options of the same meaning.',
    source: 'observation',
  },
  'ssh/path': {
    level: 'must',
    definition: 'BlockdevOptionsSsh',
    text: 'path is the file on the server.',
  },
  'ssh/read-only': {
    level: 'must',
    definition: 'BlockdevOptionsSsh',
    text: 'A file that the server lets nobody write is opened to be read only, and refused to a node that may write.',
    source: 'observation',
  },
  'ssh/server': {
    level: 'must',
    definition: 'BlockdevOptionsSsh',
    text: 'server is where the server is: the node has the data of a file there, and writes reach it.',
  },
  'ssh/server-gone': {
    level: 'must',
    definition: 'BlockdevOptionsSsh',
    text: 'When the server goes away, requests fail; the node can be removed.',
    source: 'observation',
  },
  'ssh/short-replies': {
    level: 'must',
    definition: 'BlockdevOptionsSsh',
    text: 'A server that gives less than it was asked for is asked for the rest; behind the end of its file there are zeroes.',
    source: 'observation',
  },
  'ssh/user': {
    level: 'must',
    definition: 'BlockdevOptionsSsh',
    text: 'user is the name for the login.',
  },
  'ssh/user-default': {
    level: 'must',
    definition: 'BlockdevOptionsSsh',
    text: 'user is the name of the user whose process the endpoint is, by default.',
  },
} as const satisfies Record<string, Requirement>;
