/** How certificates of servers are checked: by the authorities of the system, or those that Node has where it has none. */
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { RemotePlace } from './remote-file.ts';

/** Where systems keep them. */
const PLACES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
];

/** Those of each file: they are many, and reading them takes a while. */
const known = new Map<string, SecureContext>();

/** The options of a connection over this protocol of a URL. */
export function securityOf(
  protocol: string,
  { verify }: Pick<RemotePlace, 'verify'>,
): { readonly rejectUnauthorized: boolean; readonly secureContext?: SecureContext } {
  const isSecure = protocol === 'https:' || protocol === 'ftps:';
  const secureContext = isSecure && verify ? systemAuthorities() : undefined;
  return { rejectUnauthorized: verify, ...(secureContext === undefined ? {} : { secureContext }) };
}

function systemAuthorities(): SecureContext | undefined {
  // The variable is OpenSSL's.
  for (const place of [process.env.SSL_CERT_FILE ?? '', ...PLACES]) {
    const context = known.get(place) ?? contextOf(place);
    if (context === undefined) continue;
    known.set(place, context);
    return context;
  }
  return undefined;
}

function contextOf(place: string): SecureContext | undefined {
  try {
    return createSecureContext({ ca: readFileSync(place) });
  } catch {
    return undefined;
  }
}
