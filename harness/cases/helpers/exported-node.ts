/** A node of the endpoint as a guest sees it: through an export of its NBD server. */
import { join } from 'node:path';
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, ExportClient, Needs } from '../case.ts';
import { type CaseFile, makeFile } from './shared-setup.ts';

/** What a case needs to read and write a node so. */
export const exportIo: Needs = {
  commands: ['nbd-server-start', 'nbd-server-add', 'nbd-server-remove'],
  capabilities: ['sharedFiles'],
};

/** Starts the endpoint's server on a socket in the scratch folder. */
export async function startServer(t: CaseContext): Promise<CaseFile> {
  const name = t.name('nbd');
  const socket = { path: `${t.dir}/${name}`, local: join(t.scratch, name) };
  await t.execute('nbd-server-start', { addr: { type: 'unix', data: { path: socket.path } } });
  return socket;
}

/** Connects to an export of `node` that the server at `socket` gets now. */
export async function guestOf(
  t: CaseContext,
  socket: CaseFile,
  node: string,
  options: { writable?: boolean } = { writable: true },
): Promise<ExportClient> {
  await t.execute('nbd-server-add', { device: node, ...options });
  return t.exportClient(socket.local, node).catch((error: unknown) => {
    t.fail('the NBD server must serve the node', `it does not: ${(error as Error).message}`);
  });
}

/** The same of a node that is alone in being exported. */
export async function onlyGuestOf(t: CaseContext, node: string, writable = true): Promise<ExportClient> {
  return guestOf(t, await startServer(t), node, { writable });
}

/** NBD's numbers of the errors that a request may end with. */
export const NBD_ERRORS = { EPERM: 1, EIO: 5, ENOMEM: 12, EINVAL: 22, ENOSPC: 28 } as const;

/** What a read gives: the bytes, or NBD's number of the error. */
export async function readOrError(
  guest: ExportClient,
  offset: number,
  length: number,
): Promise<Buffer | number> {
  try {
    return await guest.read(offset, length);
  } catch (error) {
    const [, code] = /failed with (\d+)/.exec((error as Error).message) ?? [];
    if (code === undefined) throw error;
    return Number(code);
  }
}

/** States that a read gives `byte` all over. */
export async function checkReads(
  t: CaseContext,
  guest: ExportClient,
  [offset, length]: readonly [number, number],
  byte: number,
  what: string,
): Promise<void> {
  const got = await readOrError(guest, offset, length);
  t.check(
    typeof got !== 'number',
    `a read ${what} must succeed`,
    `it failed with NBD's error ${String(got)}`,
  );
  const at = got.findIndex((value) => value !== byte);
  t.check(at === -1, `a read ${what} must give ${byte} all over`, `byte ${at} is ${got[at]}`);
}

/** States that a read is refused, with that of NBD's errors if one is named. */
export async function checkReadFails(
  t: CaseContext,
  guest: ExportClient,
  [offset, length]: readonly [number, number],
  what: string,
  code?: number,
): Promise<void> {
  const got = await readOrError(guest, offset, length);
  t.check(typeof got === 'number', `a read ${what} must fail`, 'it succeeds');
  if (code !== undefined)
    t.equal(got, code, `a read ${what} must fail with NBD's number of the error that was injected`);
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
