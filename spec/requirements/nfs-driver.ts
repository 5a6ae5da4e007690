/** Requirements of the driver nfs, and of the creation of images by it. */
import type { Requirement } from './requirement.ts';

export const nfsDriver = {
  'nfs-create/location': {
    level: 'must',
    definition: 'BlockdevCreateOptionsNfs',
    text: 'location is where the image is put.',
    since: '2.12',
  },
  'nfs-create/size': {
    level: 'must',
    definition: 'BlockdevCreateOptionsNfs',
    text: 'size is how many bytes the new disk has.',
    since: '2.12',
  },
  'nfs/access': {
    level: 'must',
    definition: 'BlockdevOptionsNfs',
    text: 'A file is opened for writing only where the server allows that.',
    source: 'observation',
  },
  'nfs/cache-direct': {
    level: 'must',
    definition: 'BlockdevOptionsNfs',
    text: 'page-cache-size and readahead-size are refused beside cache.direct.',
    source: 'observation',
  },
  'nfs/call-sizes': {
    level: 'must',
    definition: 'BlockdevOptionsNfs',
    text: 'One call reads or writes no more than the server takes.',
    source: 'observation',
  },
  'nfs/debug': {
    level: 'must',
    definition: 'BlockdevOptionsNfs',
    text: 'debug is how much is logged, from 0 to 2.',
  },
  'nfs/end-of-file': {
    level: 'must',
    definition: 'BlockdevOptionsNfs',
    text: 'A file that ends inside a sector reads as zeroes to the end of that sector.',
    source: 'observation',
  },
  'nfs/errors': {
    level: 'must',
    definition: 'BlockdevOptionsNfs',
    text: 'Reads and writes that the server fails fail, and leave the node as usable as before.',
    source: 'observation',
  },
  'nfs/flush': {
    level: 'must',
    definition: 'BlockdevOptionsNfs',
    text: 'A flush has the server store what was written.',
    source: 'observation',
  },
  'nfs/fragments': {
    level: 'must',
    definition: 'BlockdevOptionsNfs',
    text: 'A reply of the server may come in any number of fragments.',
    source: 'observation',
  },
  'nfs/group': {
    level: 'must',
    definition: 'BlockdevOptionsNfs',
    text: 'group is the id of the group under which the endpoint comes.',
  },
  'nfs/ids-default': {
    level: 'must',
    definition: 'BlockdevOptionsNfs',
    text: 'user and group are those of the process by default.',
  },
  'nfs/links': {
    level: 'must',
    definition: 'BlockdevOptionsNfs',
    text: 'Symbolic links of the server are followed; one that leads out of the folder, or never ends, is refused.',
    source: 'observation',
  },
  'nfs/lost-connections': {
    level: 'must',
    definition: 'BlockdevOptionsNfs',
    text: 'What the server has not answered when it hangs up is asked again on another connection.',
    source: 'observation',
  },
  'nfs/lost-writes': {
    level: 'must',
    definition: 'BlockdevOptionsNfs',
    text: 'What a server that was restarted has lost is written again before a flush ends.',
    source: 'observation',
  },
  'nfs/names': {
    level: 'must',
    definition: 'BlockdevOptionsNfs',
    text: 'nfs://HOST/PATH names the file of a server; uid, gid, tcp-syncnt, readahead, pagecache and debug may stand behind a question mark. Nodes are called so, with the ids that they were given.',
    source: 'observation',
  },
  'nfs/page-cache-size': {
    level: 'must',
    definition: 'BlockdevOptionsNfs',
    text: 'page-cache-size is how much of what was read is kept.',
  },
  'nfs/parts': {
    level: 'must',
    definition: 'BlockdevOptionsNfs',
    text: 'Where the server reads or writes a part of what it was asked, it is asked for the rest.',
    source: 'observation',
  },
  'nfs/path': {
    level: 'must',
    definition: 'BlockdevOptionsNfs',
    text: 'path is the file on the server.',
  },
  'nfs/readahead-size': {
    level: 'must',
    definition: 'BlockdevOptionsNfs',
    text: 'readahead-size is how many bytes are read ahead.',
  },
  'nfs/refusals': {
    level: 'must',
    definition: 'BlockdevOptionsNfs',
    text: 'A call that the server accepts and does not perform fails what wants it, and nothing else.',
    source: 'observation',
  },
  'nfs/server': {
    level: 'must',
    definition: 'BlockdevOptionsNfs',
    text: 'server is where the server is, by TCP: the node has the data of a file there, and writes reach it.',
  },
  'nfs/tcp-syn-count': {
    level: 'must',
    definition: 'BlockdevOptionsNfs',
    text: 'tcp-syn-count is how many SYN packets are tried for a connection.',
  },
  'nfs/user': {
    level: 'must',
    definition: 'BlockdevOptionsNfs',
    text: 'user is the id of the user under which the endpoint comes.',
  },
} as const satisfies Record<string, Requirement>;
