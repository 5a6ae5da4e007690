/** What of an endpoint's doings shows outside of its monitor: files, and what its NBD server has. */
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { isJsonObject, type JsonObject } from '../../spec/json.ts';
import type { ImageFault } from '../checks/check.ts';
import { listExports } from '../nbd/list-exports.ts';
import { QCOW2_START_BYTES, qcow2Faults, startsAsQcow2 } from '../qcow2/qcow2-faults.ts';

/** Longest image that is judged, bytes. */
const IMAGE_LIMIT = 64 << 20;

/** Where files of an endpoint are: as it sees the folder, and as this process does. */
export interface Folder {
  readonly dir: string;
  readonly scratch: string;
}

/** As `Probe.hasFile`. */
export function hasFile(folder: Folder, path: string): boolean | null {
  const local = localPath(folder, path);
  return local === null ? null : existsSync(local);
}

/** As `Probe.imageFaults`. A path that is not absolute begins at the folder. */
export function imageFaults(folder: Folder, path: string): readonly ImageFault[] | null {
  const local = localPath(folder, resolve(folder.dir, path));
  const bytes = local === null ? null : qcow2Bytes(local);
  return bytes && qcow2Faults(bytes);
}

/** Null for what is no qcow2 image, or cannot be opened. */
function qcow2Bytes(path: string): Buffer | null {
  const file = openedFile(path);
  if (file === null) return null;
  try {
    const start = Buffer.alloc(QCOW2_START_BYTES);
    const length = readSync(file, start, 0, start.length, 0);
    return startsAsQcow2(start.subarray(0, length)) ? readFileSync(file) : null;
  } finally {
    closeSync(file);
  }
}

function openedFile(path: string): number | null {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats?.isFile() === true && stats.size <= IMAGE_LIMIT ? openSync(path, 'r') : null;
  } catch {
    return null;
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
