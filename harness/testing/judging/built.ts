/** The project as it was built: what is broken are its modules, and what is known of one build is not true of another. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { packageRoot } from '../../../spec/package-root.ts';

const BUILT = new URL('dist/', packageRoot());

/** The modules of the reference. */
export const REFERENCE = new URL('reference-impl/', BUILT);

/** Changes with whatever can change what a case notices. */
export function fingerprint(): string {
  const hash = createHash('sha256');
  const files = readdirSync(BUILT, { recursive: true, encoding: 'utf8' });
  for (const file of files
    .filter((name) => /^(harness|reference-impl|spec)\/.*(?<!\.test)\.js$/.test(name))
    .toSorted())
    hash.update(file).update(readFileSync(new URL(file, BUILT)));
  return hash.digest('hex');
}
