/** Requirements of the driver nbd, a client of somebody's server. */
import type { Requirement } from './requirement.ts';

export const nbdNodes = {
  'nbd/export': {
    level: 'must',
    definition: 'BlockdevOptionsNbd',
    text: 'export is the name of the export; one that the server does not have is refused.',
  },
  'nbd/export-default': {
    level: 'must',
    definition: 'BlockdevOptionsNbd',
    text: 'Without export the unnamed one is used.',
  },
  'nbd/read-only-export': {
    level: 'must',
    definition: 'BlockdevOptionsNbd',
    text: 'A node that may be written is refused over an export that cannot be.',
    source: 'observation',
  },
  'nbd/server': {
    level: 'must',
    definition: 'BlockdevOptionsNbd',
    text: 'server is the address of the server, which the size and the data come from and writes go to.',
  },
  'nbd/server-gone': {
    level: 'must',
    definition: 'BlockdevOptionsNbd',
    text: 'Requests fail once the server has gone.',
    source: 'observation',
  },
  'nbd/tls-creds': {
    level: 'must',
    definition: 'BlockdevOptionsNbd',
    text: 'tls-creds is the id of TLS credentials, which must exist; with them the connection is a TLS one or none.',
  },
} as const satisfies Record<string, Requirement>;
