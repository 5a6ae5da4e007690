/**
 * Image files as they are on disk. Cases look at them here only: an endpoint may still have an image open, with tables that
 * it has not written, when it has told that the job is done or the node is gone. Before its next reply it lets go.
 */
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { CaseContext } from '../case.ts';

/** The bytes of a file that the endpoint had to make or keep; that there is none fails the case. */
export async function bytesOf(t: CaseContext, local: string): Promise<Buffer> {
  await t.roundTrip();
  return present(t, local, await readFile(local).catch(() => null));
}

/** Length of such a file, and the space that it takes, in bytes. */
export async function sizesOf(t: CaseContext, local: string): Promise<{ size: number; space: number }> {
  await t.roundTrip();
  const { size, blocks } = present(t, local, await stat(local).catch(() => null));
  return { size, space: blocks * 512 };
}

/** What tells a file from another that took its place under the same name. */
export async function identityOf(t: CaseContext, local: string): Promise<number> {
  await t.roundTrip();
  return present(t, local, await stat(local).catch(() => null)).ino;
}

/** Whether there is a file. */
export async function isFile(t: CaseContext, local: string): Promise<boolean> {
  await t.roundTrip();
  return stat(local).then(
    () => true,
    () => false,
  );
}

function present<T>(t: CaseContext, local: string, found: T | null): T {
  t.check(found !== null, `the file ${basename(local)} must be there, and readable`, 'it is not');
  return found;
}
