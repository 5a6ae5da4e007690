/** Version of this package, for `--version` and for records. */
import { readFileSync } from 'node:fs';
import { packageRoot } from '../spec/package-root.ts';

/** The version in package.json. */
export function toolVersion(): string {
  const text = readFileSync(new URL('package.json', packageRoot()), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
