/** Why a transfer failed, in the words of libcurl, which QEMU hands on. */
import { addressOf } from './remote-file.ts';

/** A transfer failed. */
export class TransferError extends Error {
  override readonly name = 'TransferError';
}

/** Codes of errors that mean that nobody was reached. */
const UNREACHED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
  'EACCES',
]);

/** What is wrong with a certificate, as OpenSSL calls it. */
const CERTIFICATE = /CERT|SIGNATURE|ISSUER|CRL/;

/** What OpenSSL says, with places in its source. */
const TLS = /error:([0-9A-F]+):([^:]*):[^:]*:([^:]*):/;

/** Turns what Node throws on the way to a server into a `TransferError`. `took`: nanoseconds until then. */
export function asTransferError(error: unknown, url: URL, took: bigint): TransferError {
  if (error instanceof TransferError) return error;
  return new TransferError(words(error as NodeJS.ErrnoException, url, took / 1_000_000n), { cause: error });
}

function words({ code = '', message }: NodeJS.ErrnoException, url: URL, ms: bigint): string {
  const { host, port } = addressOf(url);
  const reason = message.replace(/ \((control|data) socket\)$/, '');
  if (UNREACHED.has(code))
    return `Failed to connect to ${host} port ${port} after ${ms} ms: Couldn't connect to server`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `Could not resolve host: ${host}`;
  // What Node says of one that ended the connection in order.
  if (message === 'socket hang up') return 'Empty reply from server';
  if (code === 'ECONNRESET') return 'Recv failure: Connection reset by peer';
  if (code === 'HPE_INVALID_CONTENT_LENGTH') return 'Invalid Content-Length: value';
  if (code.startsWith('HPE_')) return 'Received HTTP/0.9 when not allowed';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `SSL: no alternative certificate subject name matches target host name '${host}'`;
  const [, number, library, what] = TLS.exec(message) ?? [];
  if (what !== undefined) return `error:${number}:${library}::${what}`;
  return CERTIFICATE.test(code) ? `SSL certificate problem: ${reason}` : reason;
}
