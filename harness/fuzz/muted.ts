/**
 * Known findings that nobody wants to hear of again, from the YAML of expectations:
 *
 *   - endpoint: qemu-storage-daemon*    # glob on the target's name, or on what stands before its first colon
 *     program: 'hang in nbd-server-*'   # glob on buckets
 *     reason: why this is known and accepted
 *     version: '>=7.2 <7.3'             # optional, of the endpoint: comparisons that must all hold
 */
import type { EndpointIdentity } from '../../reports/record.ts';
import { isJsonObject } from '../../spec/json.ts';
import {
  ExpectationsError,
  inRange,
  parseRange,
  readList,
  type Version,
  versionOf,
} from '../runner/expectations.ts';
import { wildcard } from '../runner/wildcard.ts';

/** Whether a bucket on this endpoint is muted. Entries for cases are left alone. Throws `ExpectationsError`. */
export function readMuted(
  text: string,
  file: string,
  endpoint: Pick<EndpointIdentity, 'target' | 'version'>,
): (bucket: string) => boolean {
  const { target } = endpoint;
  const names = [target, target.split(':')[0]!];
  const release = versionOf(endpoint);
  const globs = readList(text, file).flatMap((entry, index) => {
    const where = `${file}: entry ${index + 1}`;
    if (!isJsonObject(entry)) throw new ExpectationsError(`${where}: not a mapping`);
    const { endpoint: pattern, program, reason, version } = entry;
    if (program === undefined) return [];
    if (typeof pattern !== 'string' || typeof program !== 'string' || typeof reason !== 'string')
      throw new ExpectationsError(`${where}: endpoint, program and reason are strings`);
    if (version !== undefined && typeof version !== 'string')
      throw new ExpectationsError(`${where}: 'version' is no string`);
    const concerned = version === undefined || isIn(release, version, where);
    return concerned && names.some(wildcard(pattern)) ? [wildcard(program)] : [];
  });
  return (bucket) => globs.some((matches) => matches(bucket));
}

/** A range that is none must not go unnoticed on an endpoint that does not say what it is. */
function isIn(release: Version | null, range: string, where: string): boolean {
  parseRange(range, where);
  return release !== null && inRange(release, range);
}
