/** TLS over a connection that is already open, and the credentials for it: files named as QEMU names them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { CommandError } from '../errors.ts';
import { asIoError, IoError } from './errno.ts';

export type TlsEndpoint = 'client' | 'server';

/** X.509 credentials of one side of a connection. */
export interface TlsCredentials {
  readonly endpoint: TlsEndpoint;
  readonly context: tls.SecureContext;
  /** Refuse a peer without a certificate of the same authority. */
  readonly verifyPeer: boolean;
}

/**
 * Reads `ca-cert.pem` and, as `endpoint` says, `server-cert.pem` and `server-key.pem` or their `client` counterparts;
 * a client does without its own. Throws `CommandError`.
 */
export async function loadTlsCredentials(
  dir: string,
  endpoint: TlsEndpoint,
  verifyPeer: boolean,
): Promise<TlsCredentials> {
  const optional = endpoint === 'client';
  const [ca, cert, key] = await Promise.all([
    pem(dir, 'ca-cert', false),
    pem(dir, `${endpoint}-cert`, optional),
    pem(dir, `${endpoint}-key`, optional),
  ]);
  try {
    const context = tls.createSecureContext({ ca, cert, key, minVersion: 'TLSv1.2' });
    return { endpoint, context, verifyPeer };
  } catch (error) {
    throw new CommandError(`Unable to use the certificates in '${dir}': ${(error as Error).message}`);
  }
}

async function pem(dir: string, name: string, optional: boolean): Promise<Buffer | undefined> {
  const path = join(dir, `${name}.pem`);
  try {
    return await readFile(path);
  } catch (caught) {
    const error = asIoError(caught);
    if (!(error instanceof IoError)) throw error;
    if (optional && error.code === 'ENOENT') return undefined;
    throw new CommandError(`Unable to access credentials ${path}: ${error.message}`);
  }
}

/** Takes the connection over as a client that reached the server by the name `host`; rejects if TLS fails. */
export function secureClient(
  socket: Duplex,
  { context, verifyPeer }: TlsCredentials,
  host: string,
): Promise<Duplex> {
  const secure = tls.connect({
    socket,
    secureContext: context,
    rejectUnauthorized: verifyPeer,
    host,
  });
  return ready(secure, 'secureConnect');
}

/** Takes the connection over as a server; rejects if TLS fails. */
export function secureServer(socket: Duplex, { context, verifyPeer }: TlsCredentials): Promise<Duplex> {
  const secure = new tls.TLSSocket(socket as import('node:net').Socket, {
    isServer: true,
    secureContext: context,
    requestCert: verifyPeer,
    rejectUnauthorized: verifyPeer,
  });
  return ready(secure, 'secure');
}

function ready(secure: tls.TLSSocket, event: 'secure' | 'secureConnect'): Promise<Duplex> {
  return new Promise((done, fail) => {
    const closed = (): void => fail(new Error('TLS handshake failed: connection closed'));
    const failed = (error: Error): void => fail(new Error(`TLS handshake failed: ${error.message}`));
    secure.once('error', failed);
    secure.once('close', closed);
    secure.once(event, () => {
      secure.off('error', failed);
      secure.off('close', closed);
      done(secure);
    });
  });
}
