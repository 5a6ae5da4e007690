/** TLS over TCP, with certificates; the names in them are checked unless `insecure`. */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { connect, createServer, type SecureContextOptions } from 'node:tls';
import {
  AddressError,
  type AddressKind,
  ConnectError,
  hostPort,
  parseHostPort,
  type TlsOptions,
} from './address-kind.ts';
import { boundTo, connected, listenOn } from './socket.ts';

export const tls: AddressKind = {
  form: 'tls:HOST:PORT',
  parse: (text, rest, options) => {
    const { host, port } = parseHostPort(text, rest);
    const name = `tls:${hostPort(host, port)}`;
    return {
      connect: async (connectOptions) => {
        if (port === 0) throw new AddressError(text, 'port 0 is for listening only');
        const socket = connect({
          ...(await credentials(name, options.tls)),
          host,
          port,
          rejectUnauthorized: !options.tls?.insecure,
          ...(isIP(host) ? {} : { servername: host }),
        });
        socket.setNoDelay(true);
        return connected(name, socket, 'secureConnect', connectOptions);
      },
      listen: async () => {
        const server = createServer({
          ...(await serverCredentials(name, options.tls)),
          noDelay: true,
        });
        // Who cannot agree on a secure connection is no caller.
        server.on('tlsClientError', (_error, socket) => socket.destroy());
        return listenOn(
          name,
          server,
          'secureConnection',
          () => server.listen(port, host),
          () => `tls:${boundTo(server)}`,
        );
      },
    };
  },
};

/** The contents of the files. Rejects with `ConnectError` naming one that cannot be read. */
export async function credentials(name: string, options: TlsOptions = {}): Promise<SecureContextOptions> {
  const read = async (file: string | undefined) => {
    try {
      return file === undefined ? undefined : await readFile(file);
    } catch (error) {
      throw new ConnectError(name, 'cannot read a TLS file', error);
    }
  };
  const [ca, cert, key] = await Promise.all([read(options.ca), read(options.cert), read(options.key)]);
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

/** With an authority given, callers must have a certificate of it. */
export async function serverCredentials(name: string, options: TlsOptions = {}) {
  if (options.cert === undefined || options.key === undefined)
    throw new ConnectError(name, 'cannot listen', 'TLS needs a certificate and its key');
  return {
    ...(await credentials(name, options)),
    requestCert: options.ca !== undefined,
    rejectUnauthorized: options.ca !== undefined && !options.insecure,
  };
}
