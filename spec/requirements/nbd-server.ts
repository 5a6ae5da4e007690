/** Requirements of the NBD server's commands. */
import type { Requirement } from './requirement.ts';

export const nbdServer = {
  'nbd-server-add/name-length': {
    level: 'must',
    definition: 'nbd-server-add',
    text: 'An export name of 4096 bytes, the most that the protocol has, is taken; a longer one is refused.',
    source: 'observation',
  },
  'nbd-server-add/name-taken': {
    level: 'must',
    definition: 'nbd-server-add',
    text: 'An export name that is taken is refused.',
  },
  'nbd-server-add/needs-server': {
    level: 'must',
    definition: 'nbd-server-add',
    text: 'Without a server the command is refused.',
  },
  'nbd-server-add/node-unknown': {
    level: 'must',
    definition: 'nbd-server-add',
    text: 'A device that does not exist is refused.',
  },
  'nbd-server-add/writable': {
    level: 'must',
    definition: 'nbd-server-add',
    text: 'An export can be written only if writable was set; a read-only node cannot be exported so.',
  },
  'nbd-server-remove/hard': {
    level: 'must',
    definition: 'nbd-server-remove',
    text: 'With mode hard the export goes, and connections of its clients are closed.',
  },
  'nbd-server-remove/mode-default': {
    level: 'must',
    definition: 'nbd-server-remove',
    text: 'Without mode an export is removed as with mode safe.',
  },
  'nbd-server-remove/removes': {
    level: 'must',
    definition: 'nbd-server-remove',
    text: 'After success the export is gone and its node free; a name that is no export is refused.',
  },
  'nbd-server-remove/safe': {
    level: 'must',
    definition: 'nbd-server-remove',
    text: 'With mode safe an export that has clients is refused, and stays.',
  },
  'nbd-server-start/once': {
    level: 'must',
    definition: 'nbd-server-start',
    text: 'A second server is refused while one runs.',
  },
  'nbd-server-start/serves': {
    level: 'must',
    definition: 'nbd-server-start',
    text: 'A client of the address reads the exported node.',
  },
  'nbd-server-start/tls-creds': {
    level: 'must',
    definition: 'nbd-server-start',
    text: 'tls-creds is the id of TLS credentials for a server, which must exist; with them clients are served over TLS only.',
  },
  'nbd-server-stop/stops': {
    level: 'must',
    definition: 'nbd-server-stop',
    text: 'After success nothing is exported, and a server can be started anew.',
  },
} as const satisfies Record<string, Requirement>;
