/** What of an endpoint's doings shows outside of its monitor: files, and what its NBD server has. */
import { access } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import { isJsonObject, type JsonObject } from '../../spec/json.ts';
import { listExports } from '../nbd/list-exports.ts';

/** Where files of an endpoint are: as it sees the folder, and as this process does. */
export interface Folder {
  readonly dir: string;
  readonly scratch: string;
}

/** As `Probe.hasFile`. */
export async function hasFile(folder: Folder, path: string): Promise<boolean | null> {
  const local = localPath(folder, path);
  if (local === null) return null;
  return access(local).then(
    () => true,
    () => false,
  );
}

/** As `Probe.exportsAt`: null for any address but a unix socket in the scratch folder, and where the time is over. */
export async function exportsAt(
  folder: Folder,
  address: JsonObject,
  milliseconds: number,
): Promise<readonly string[] | 'nobody' | null> {
  const { path } = isJsonObject(address.data) ? address.data : address;
  const local = address.type === 'unix' && typeof path === 'string' ? localPath(folder, path) : null;
  if (local === null) return null;
  try {
    return (await listExports(local, AbortSignal.timeout(milliseconds))) ?? 'nobody';
  } catch {
    return null;
  }
}

/** Null for what is not named by a path in the scratch folder. */
function localPath({ dir, scratch }: Folder, path: string): string | null {
  const inside = relative(dir, path);
  return !isAbsolute(path) || inside.startsWith('..') ? null : join(scratch, inside);
}
