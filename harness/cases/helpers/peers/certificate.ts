/** A certificate that nobody has reason to trust, made by openssl. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { CaseContext } from '../../case.ts';

/** PEM, as `node:tls` takes them. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** Self-signed, for the loopback address. Ends the case as skipped where there is no openssl. */
export async function selfSigned(t: CaseContext): Promise<Certificate> {
  const wanted = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const shown = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const out = ['-keyout', '-'];
  try {
    const { stdout } = await promisify(execFile)('openssl', ['req', ...wanted, ...shown, ...out]);
    // Of a text with several blocks each takes its own.
    return { key: stdout, cert: stdout };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') t.skip('needs openssl for a certificate');
    throw error;
  }
}
