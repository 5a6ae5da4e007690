/**
 * Image files as they are on disk. Cases look at them here only: an endpoint may still have an image open, with tables that
 * it has not written, when it has told that the job is done or the node is gone. Before its next reply it lets go.
 */
import { constants } from 'node:fs';
import { open, readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { CaseContext } from '../case.ts';

/** The bytes of a file that the endpoint had to make or keep; that there is none fails the case. */
export async function bytesOf(t: CaseContext, local: string): Promise<Buffer> {
  await t.roundTrip();
  return present(t, local, await readFile(local).catch(() => null));
}

/** Some of the bytes of such a file, of one that is too long to be read whole. */
export async function bytesAt(
  t: CaseContext,
  local: string,
  offset: number,
  length: number,
): Promise<Buffer> {
  await t.roundTrip();
  const file = present(t, local, await open(local).catch(() => null));
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
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

/** Ends the case as skipped where the file cannot be opened past the page cache of the host. */
export async function needsDirectAccess(t: CaseContext, local: string): Promise<void> {
  const file = await open(local, constants.O_RDWR | constants.O_DIRECT).catch(() => null);
  if (file === null) t.skip('needs a file system that knows O_DIRECT for the scratch folder');
  await file.close();
}

/** Flags of `open` for each time that the endpoint has the file open. Ends the case as skipped where that cannot be seen. */
export async function openFlagsOf(t: CaseContext, local: string): Promise<number[]> {
  await t.roundTrip();
  const path = await realpath(local);
  const found: number[] = [];
  for (const pid of await readdir('/proc').catch(() => [])) {
    for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      if ((await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => null)) !== path) continue;
      if (Number(pid) === process.pid) t.skip('needs an endpoint that is a process of its own');
      const info = await readFile(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8').catch(() => '');
      const flags = /^flags:\s+([0-7]+)/m.exec(info)?.[1];
      if (flags !== undefined) found.push(Number.parseInt(flags, 8));
    }
  }
  if (found.length === 0) t.skip('needs to see which files the endpoint has open');
  return found;
}

/** Bytes of a file that are left out together where they are zeroes. */
const PIECE = 64 * 1024;

/** Gives a file other bytes, with holes where they are zeroes, so that nobody waits until those are stored. */
export async function rewriteFile(local: string, bytes: Uint8Array): Promise<void> {
  const zeroes = Buffer.alloc(PIECE);
  const file = await open(local, 'w');
  try {
    await file.truncate(bytes.length);
    for (let at = 0; at < bytes.length; at += PIECE) {
      const piece = bytes.subarray(at, at + PIECE);
      if (!zeroes.subarray(0, piece.length).equals(piece)) await file.write(piece, 0, piece.length, at);
    }
  } finally {
    await file.close();
  }
}

function present<T>(t: CaseContext, local: string, found: T | null): T {
  t.check(found !== null, `the file ${basename(local)} must be there, and readable`, 'it is not');
  return found;
}
