/** TCP sockets. */
import { createConnection, createServer } from 'node:net';
import { AddressError, type AddressKind, hostPort, parseHostPort } from './address-kind.ts';
import { boundTo, connected, listenOn } from './socket.ts';

export const tcp: AddressKind = {
  form: 'tcp:HOST:PORT',
  parse: (text, rest) => {
    const { host, port } = parseHostPort(text, rest);
    const name = `tcp:${hostPort(host, port)}`;
    return {
      connect: (options) => {
        if (port === 0) throw new AddressError(text, 'port 0 is for listening only');
        const socket = createConnection({ host, port, noDelay: true });
        return connected(name, socket, 'connect', options);
      },
      listen: () => {
        const server = createServer({ noDelay: true });
        return listenOn(
          name,
          server,
          'connection',
          () => server.listen(port, host),
          () => `tcp:${boundTo(server)}`,
        );
      },
    };
  },
};
