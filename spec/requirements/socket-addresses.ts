import type { Requirement } from './requirement.ts';

/** Statements about the addresses of sockets. */
export const socketAddresses = {
  'SocketAddress/inet': {
    level: 'must',
    definition: 'SocketAddress',
    text: 'Of type inet it names a host, by address or by name, and a port of it.',
  },
  'SocketAddress/ip-versions': {
    level: 'must',
    definition: 'SocketAddress',
    text: 'ipv4 and ipv6 tell which versions of IP may be used; without them either may.',
  },
  'SocketAddress/numeric': {
    level: 'must',
    definition: 'SocketAddress',
    text: 'With numeric true nothing is looked up: a name is refused.',
    since: '2.9',
  },
  'SocketAddress/to': {
    level: 'must',
    definition: 'SocketAddress',
    text: 'Who listens tries the ports from port up to to, until one is free.',
  },
  'SocketAddress/unix': {
    level: 'must',
    definition: 'SocketAddress',
    text: 'Of type unix it names a local socket by its path.',
  },
} as const satisfies Record<string, Requirement>;
