/** Releases of QEMU, as endpoints and names of files tell them: `7.2.13`. */
import { isJsonObject, type Json } from '../json.ts';

/** Reads the release from the object that the greeting and `query-version` give; null where it has another form. */
export function releaseOf(version: Json): string | null {
  const qemu = isJsonObject(version) ? version.qemu : undefined;
  if (!isJsonObject(qemu)) return null;
  const parts = [qemu.major, qemu.minor, qemu.micro];
  return parts.every(Number.isInteger) ? parts.join('.') : null;
}

/** The one that a name has in it: `5.0.0` of `qemu-5.0.0-x86_64`. */
export function releaseIn(name: string): string | null {
  return /\d+(?:\.\d+)+/.exec(name)?.[0] ?? null;
}

/** For sorting, the oldest first. */
export function compareReleases(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
