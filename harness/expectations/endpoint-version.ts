/** Releases of endpoints, and the ranges of them that expectations name. */
import coerce from 'semver/functions/coerce.js';
import satisfies from 'semver/functions/satisfies.js';
import minVersion from 'semver/ranges/min-version.js';
import validRange from 'semver/ranges/valid.js';
import type { EndpointIdentity } from '../../reports/record.ts';
import { isJsonObject } from '../../spec/json.ts';

/** Whether the text is a range as npm's semver has it, `>=7.2 <7.3`. */
export function isVersionRange(text: string): boolean {
  return validRange(exactBounds(text)) !== null;
}

/** Whether some version is in the range; not in `>=8 <7`. */
export function isPossible(range: string): boolean {
  return minVersion(exactBounds(range)) !== null;
}

/** Whether the version of an endpoint's greeting is in the range; false where it tells none. */
export function isInRange({ version }: Pick<EndpointIdentity, 'version'>, range: string): boolean {
  const qemu = isJsonObject(version) ? version.qemu : null;
  if (!isJsonObject(qemu)) return false;
  const release = coerce(`${qemu.major}.${qemu.minor}.${qemu.micro}`);
  return release !== null && satisfies(release, exactBounds(range));
}

/** The range of its own minor version, `>=7.2 <7.3`; null where it tells no version. */
export function ownRange({ version }: Pick<EndpointIdentity, 'version'>): string | null {
  const qemu = isJsonObject(version) ? version.qemu : null;
  if (!isJsonObject(qemu) || !Number.isInteger(qemu.major) || !Number.isInteger(qemu.minor)) return null;
  return `>=${qemu.major}.${qemu.minor} <${qemu.major}.${Number(qemu.minor) + 1}`;
}

/** What a comparison leaves out is zero, so that `<=7.2` does not mean 7.2.5; to semver alone it would. */
function exactBounds(range: string): string {
  return range.replace(/([<>=])\s*(\d+(?:\.\d+)?)(?=\s|\||$)/g, (_, sign: string, bound: string) => {
    return `${sign}${bound}${bound.includes('.') ? '.0' : '.0.0'}`;
  });
}
