/** Why a transfer failed, in the words of libcurl, which QEMU hands on. */
import { addressOf } from './remote-file.ts';

/** A transfer failed. */
export class TransferError extends Error {
  override readonly name = 'TransferError';
}

/** Codes of errors that mean that nobody was reached. */
const UNREACHED = /^E(CONNREFUSED|HOSTUNREACH|NETUNREACH|TIMEDOUT|ADDRNOTAVAIL|ACCES)$/;

/** What is wrong with a certificate, as OpenSSL calls it. */
const CERTIFICATE = /CERT|SIGNATURE|ISSUER|CRL/;

/** Of OpenSSL's errors, Node tells the reason without what is around it. */
type NodeError = NodeJS.ErrnoException & { readonly reason?: string };

/** Turns what Node throws on the way to a server into a `TransferError`. */
export function asTransferError(error: unknown, url: URL): TransferError {
  if (error instanceof TransferError) return error;
  return new TransferError(words(error as NodeError, url), { cause: error });
}

function words({ code = '', message, reason = message }: NodeError, url: URL): string {
  const { host, port } = addressOf(url);
  if (UNREACHED.test(code)) return `Failed to connect to ${host} port ${port}: Couldn't connect to server`;
  return CERTIFICATE.test(code) ? `SSL certificate problem: ${reason}` : reason;
}
