/** Known differences between two endpoints: those that the project ships, and the user's. */
import { readdirSync, readFileSync } from 'node:fs';
import type { EndpointIdentity } from '../../reports/record.ts';
import { packageRoot } from '../../spec/package-root.ts';
import { KnownDifferences } from '../lockstep/known.ts';
import { readKnown } from '../lockstep/known-file.ts';
import { ExpectationsError } from '../runner/expectations.ts';
import { UsageError } from './exit.ts';
import { readText } from './files.ts';

/** `files`: the user's; false: none, not even those shipped. Throws `UsageError`. */
export function knownDifferences(
  files: readonly string[] | false,
  left: EndpointIdentity,
  right: EndpointIdentity,
): KnownDifferences {
  const folder = new URL('harness/expectations/differences/', packageRoot());
  const shipped =
    files === false
      ? []
      : readdirSync(folder).map((name) => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }));
  const own = (files || []).map((name) => ({ name, text: readText(name) }));
  try {
    const entries = [...own, ...shipped].flatMap(({ name, text }) => readKnown(text, name));
    return new KnownDifferences(entries, left, right);
  } catch (error) {
    if (error instanceof ExpectationsError) throw new UsageError(error.message);
    throw error;
  }
}
