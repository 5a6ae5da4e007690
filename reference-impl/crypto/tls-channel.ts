/** TLS over a connection that is already open, and the credentials for it: files named as QEMU names them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { asIoError, IoError } from '../host/errno.ts';
import { CommandError } from '../qapi/command-error.ts';

/** Which side of a connection credentials are for, as `tls-creds-x509` says it. */
export type TlsEndpoint = 'client' | 'server';

/** In PEM. */
interface Certificates {
  readonly ca: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** X.509 credentials of one side of a connection. */
export interface TlsCredentials {
  readonly endpoint: TlsEndpoint;
  readonly certificates: Certificates;
  /** Refuse a peer without a certificate of the same authority. */
  readonly verifyPeer: boolean;
}

/**
 * Reads `ca-cert.pem` and, as `endpoint` says, `server-cert.pem` and `server-key.pem` or their `client` counterparts;
 * a client does without its own. Throws `CommandError`.
 */
export function loadTlsCredentials(dir: string, endpoint: TlsEndpoint, verifyPeer: boolean): TlsCredentials {
  const ca = pem(dir, 'ca-cert');
  const own = endpoint === 'server' || existsSync(join(dir, 'client-cert.pem'));
  const certificates = own
    ? { ca, cert: pem(dir, `${endpoint}-cert`), key: pem(dir, `${endpoint}-key`) }
    : { ca };
  try {
    tls.createSecureContext(certificates);
  } catch (error) {
    throw new CommandError(`Unable to use the certificates in '${dir}': ${(error as Error).message}`);
  }
  return { endpoint, certificates, verifyPeer };
}

function pem(dir: string, name: string): Buffer {
  const path = join(dir, `${name}.pem`);
  try {
    return readFileSync(path);
  } catch (caught) {
    const error = asIoError(caught);
    if (!(error instanceof IoError)) throw error;
    throw new CommandError(`Unable to access credentials ${path}: ${error.message}`);
  }
}

/** Takes the connection over as a client that reached the server by the name `host`; rejects if TLS fails. */
export function secureClient(
  socket: Duplex,
  { certificates, verifyPeer }: TlsCredentials,
  host: string,
): Promise<Duplex> {
  return new Promise((done, fail) => {
    const secure = tls.connect({
      ...certificates,
      socket,
      host,
      rejectUnauthorized: verifyPeer,
    });
    const failed = (error: Error): void => fail(failure(error));
    const closed = (): void => fail(failure(new Error('connection closed')));
    secure.once('error', failed);
    secure.once('close', closed);
    secure.once('secureConnect', () => {
      secure.off('error', failed);
      secure.off('close', closed);
      done(secure);
    });
  });
}

/** Takes the connection over as a server; rejects if TLS fails. */
export function secureServer(socket: Duplex, { certificates, verifyPeer }: TlsCredentials): Promise<Duplex> {
  return new Promise((done, fail) => {
    // Only a server object of Node checks the client's certificate; it takes connections made elsewhere.
    const server = tls.createServer({
      ...certificates,
      requestCert: verifyPeer,
      rejectUnauthorized: verifyPeer,
    });
    server.once('secureConnection', done);
    server.once('tlsClientError', (error) => fail(failure(error)));
    socket.once('close', () => fail(failure(new Error('connection closed'))));
    server.emit('connection', socket);
  });
}

function failure(error: Error): Error {
  return new Error(`TLS handshake failed: ${error.message}`, { cause: error });
}
