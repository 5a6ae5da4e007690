/** How certificates of servers are checked: by the authorities that Node has, or by those of a file. */
import { readFileSync } from 'node:fs';
import type { RemotePlace } from './remote-file.ts';

/** Of a connection by TLS. */
export function securityOf({ verify }: Pick<RemotePlace, 'verify'>): {
  readonly rejectUnauthorized: boolean;
  readonly ca?: Buffer;
} {
  // The variable is OpenSSL's.
  const file = process.env.SSL_CERT_FILE;
  return { rejectUnauthorized: verify, ...(file === undefined ? {} : { ca: readFileSync(file) }) };
}
