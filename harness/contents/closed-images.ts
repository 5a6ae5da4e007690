/**
 * Images at rest: what nodes contained must be in their files when the endpoint has closed them, also for whoever opens
 * them next.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isJsonObject, type Json, type JsonObject, stringifyJson } from '../../spec/json.ts';
import { LARGEST, type Mismatch, mismatchOf } from './contents-model.ts';

const run = promisify(execFile);

/** An image file that has been closed, and the bytes that it must hold as its node did. */
export interface ClosedImage {
  /** Name of the node that was on it. */
  readonly node: string;
  /** The arguments of `blockdev-add`; files are named as in the scratch folder. */
  readonly options: JsonObject;
  readonly bytes: Buffer;
  /** What is wrong if it is not so. */
  readonly breach: string;
}

/** Bytes of an image in a folder; null where nobody can tell. `options` as of a `ClosedImage`. */
export type ImageReader = (options: JsonObject, folder: string) => Promise<Buffer | null>;

/** With the names that files have below `dir`. */
export function inFolder(options: JsonObject, dir: string): JsonObject {
  const renamed = (value: Json, member: string): Json => {
    if (isJsonObject(value)) return inFolder(value, dir);
    return member === 'filename' && typeof value === 'string' && value.startsWith(`${dir}/`)
      ? value.slice(dir.length + 1)
      : value;
  };
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [key, renamed(value, key)]));
}

/** Names of all files of an image. */
export function filesOf(options: JsonObject): string[] {
  const below = Object.values(options).filter(isJsonObject).flatMap(filesOf);
  return typeof options.filename === 'string' ? [options.filename, ...below] : below;
}

/** Null if the image is as its node was, or cannot be looked at. */
export async function judgeImage(
  { options, bytes, breach }: ClosedImage,
  folder: string,
  read: ImageReader,
): Promise<Mismatch | null> {
  const got = await read(options, folder);
  return got && mismatchOf({ bytes, also: null, prefix: false, breach }, got);
}

/** As QEMU's own tool reads it. */
export const readImage: ImageReader = async (options, folder) => {
  const out = await mkdtemp(join(tmpdir(), 'qmpcheck-image-'));
  const raw = join(out, 'raw');
  try {
    const source = `json:${stringifyJson(options)}`;
    await run('qemu-img', ['convert', '-O', 'raw', source, raw], { cwd: folder });
    return (await stat(raw)).size > LARGEST ? null : await readFile(raw);
  } catch {
    // No such tool, or an image that it refuses: whether it should is not for this to say.
    return null;
  } finally {
    await rm(out, { recursive: true });
  }
};
