/** A node as a guest sees it, and what must come of its requests. For cases that tell bytes and errors apart. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext } from '../case.ts';
import type { NodeIo } from '../helpers/node-io.ts';
import { type CaseFile, makeFile } from '../helpers/shared-setup.ts';

/** Bytes from an offset on: offset and length. */
export type Range = readonly [offset: number, length: number];

/** Writes `byte` all over the range; tells whether that succeeded. */
export async function writes(guest: NodeIo, [offset, length]: Range, byte: number): Promise<boolean> {
  return (await guest.attempt({ kind: 'write', offset, length, byte })) === 'done';
}

/** Tells whether a read succeeded. */
export async function reads(guest: NodeIo, [offset, length]: Range): Promise<boolean> {
  return (await guest.attempt({ kind: 'read', offset, length })) === 'done';
}

/** States that a read gives `byte` all over. */
export async function checkReads(
  t: CaseContext,
  guest: NodeIo,
  [offset, length]: Range,
  byte: number,
  what: string,
): Promise<void> {
  const got = await guest.read(offset, length);
  const at = got.findIndex((value) => value !== byte);
  t.check(at === -1, `a read ${what} must give ${byte} all over`, `byte ${at} is ${got[at]}`);
}

/** States that a read is refused, with that error if one is named. */
export async function checkReadFails(
  t: CaseContext,
  guest: NodeIo,
  [offset, length]: Range,
  what: string,
  error?: string,
): Promise<void> {
  const outcome = await guest.attempt({ kind: 'read', offset, length });
  t.check(outcome !== 'done', `a read ${what} must fail`, 'it succeeds');
  if (error !== undefined) t.equal(outcome, error, `a read ${what} must fail with the error that was met`);
}

/** A file of `size` bytes that all are `byte`, and the options of a file node over it. */
export async function filledFile(
  t: CaseContext,
  size: number,
  byte: number,
): Promise<CaseFile & { readonly options: JsonObject }> {
  const file = await makeFile(t, Buffer.alloc(size, byte));
  return { ...file, options: { driver: 'file', filename: file.path } };
}
