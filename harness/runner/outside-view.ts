/** What of an endpoint's doings shows outside of its monitor: files, and what its NBD server has. */
import { access, open } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { isJsonObject, type JsonObject } from '../../spec/json.ts';
import type { ImageFault } from '../checks/check.ts';
import { listExports } from '../nbd/list-exports.ts';
import { qcow2Faults, startsAsQcow2 } from '../qcow2/qcow2-faults.ts';

/** Longest image that is judged, bytes. */
const IMAGE_LIMIT = 64 << 20;

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

/** As `Probe.imageFaults`. A path that is not absolute begins at the folder. */
export async function imageFaults(folder: Folder, path: string): Promise<readonly ImageFault[] | null> {
  const local = localPath(folder, resolve(folder.dir, path));
  const file = local === null ? null : await open(local).catch(() => null);
  if (file === null) return null;
  try {
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > IMAGE_LIMIT) return null;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    if (!startsAsQcow2(buffer.subarray(0, bytesRead))) return null;
    const bytes = Buffer.alloc(stats.size);
    await file.read(bytes, 0, bytes.length, 0);
    return qcow2Faults(bytes);
  } finally {
    await file.close();
  }
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
