/**
 * Known findings that nobody wants to hear of again, from the YAML of expectations:
 *
 *   - endpoint: qemu-storage-daemon*    # glob on the target's name, or on what stands before its first colon
 *     program: 'hang in nbd-server-*'   # glob on buckets
 *     reason: why this is known and accepted
 */
import picomatch from 'picomatch';
import { parse } from 'yaml';
import { isJsonObject, type Json } from '../../spec/json.ts';

/** The file holds no such list. */
export class MutedError extends Error {
  override readonly name = 'MutedError';
}

/** Whether a bucket on this target is muted. Entries for cases are left alone. Throws `MutedError`. */
export function readMuted(text: string, file: string, target: string): (bucket: string) => boolean {
  let entries: Json;
  try {
    entries = (parse(text) as Json) ?? [];
  } catch (error) {
    throw new MutedError(`${file}: ${(error as Error).message}`);
  }
  if (!Array.isArray(entries)) throw new MutedError(`${file}: not a list`);
  const globs = entries.flatMap((entry, index) => {
    if (!isJsonObject(entry)) throw new MutedError(`${file}: entry ${index + 1}: not a mapping`);
    const { endpoint, program, reason } = entry;
    if (program === undefined) return [];
    if (typeof endpoint !== 'string' || typeof program !== 'string' || typeof reason !== 'string')
      throw new MutedError(`${file}: entry ${index + 1}: endpoint, program and reason are strings`);
    const names = [target, target.split(':')[0]!];
    return names.some((name) => matches(endpoint, name)) ? [program] : [];
  });
  return (bucket) => globs.some((glob) => matches(glob, bucket));
}

/** Only `*` is special, and it matches slashes and blanks too. */
function matches(glob: string, text: string): boolean {
  return picomatch.isMatch(text.replaceAll('/', ' '), glob.replaceAll('/', ' '), {
    nobrace: true,
    noextglob: true,
    nobracket: true,
    dot: true,
  });
}
