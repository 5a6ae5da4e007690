/** What cases of the NBD server start from: exports of nodes with known bytes, and clients that speak the protocol itself. */
import type { CaseContext, Needs } from '../case.ts';
import { nbdExports, startNbdServer } from '../helpers/node-io.ts';
import { ExportFlag, NbdCommand, NbdOption, OptionReply } from '../helpers/peers/nbd-numbers.ts';
import { infoRequest, type NbdVisitor, type OptionAnswer } from '../helpers/peers/nbd-visitor.ts';
import { addRaw, fileNodes, KiB, needs } from '../helpers/shared-setup.ts';

/** What a case uses that exports a node over a file to clients of its own. */
export const serverNeeds: Needs = needs(fileNodes, nbdExports);

export const SIZE = 256 * KiB;

/** Bytes in which every place is told from its neighbours, and none is zero. */
export const pattern = (): Buffer =>
  Buffer.from(Uint8Array.from({ length: SIZE }, (_, index) => 1 + ((index * 7 + (index >> 9)) % 251)));

/** A running server, and the place of its socket. */
export interface Served {
  readonly socket: string;
  readonly node: string;
  /** The node's file, as we see it. */
  readonly file: string;
}

/** Starts the server with an export `disk` of a raw node over `pattern`. */
export async function serve(
  t: CaseContext,
  { writable = true }: { writable?: boolean } = {},
): Promise<Served> {
  const { name, file } = await addRaw(t, pattern(), { discard: 'unmap' });
  const { local } = await startNbdServer(t);
  await t.execute('nbd-server-add', { device: name, name: 'disk', writable });
  return { socket: local, node: name, file: file.local };
}

/** The kinds of replies to an option, in their order. */
export const types = (answers: readonly OptionAnswer[]): number[] => answers.map(({ type }) => type);

/** Names of the exports that a client who haggles is told of, sorted. */
export async function listed(visitor: NbdVisitor): Promise<string[]> {
  const answers = await visitor.option(NbdOption.list);
  return answers
    .slice(0, -1)
    .map(({ data }) => data.toString('utf8', 4))
    .toSorted();
}

/** Has a client that haggles choose an export, and gives what it is told of that: its length, and whether it is read-only. */
export async function chosen(visitor: NbdVisitor, name: string): Promise<[number, boolean]> {
  const { size, flags } = await visitor.exportName(name, 0);
  return [size, (flags & ExportFlag.readOnly) !== 0];
}

/** States that the client has an export, and reads its bytes. */
export async function checkServed(t: CaseContext, visitor: NbdVisitor): Promise<void> {
  const { error, data } = await visitor.request({ type: NbdCommand.read, offset: 512, length: 100_000 });
  t.equal(error, 0, 'a client that chose an export must be served');
  t.check(
    data.equals(pattern().subarray(512, 100_512)),
    'it must read the bytes of the node',
    'it reads others',
  );
}

/** States that the server haggles on: the export can be chosen. */
export async function checkGoes(t: CaseContext, visitor: NbdVisitor): Promise<void> {
  t.equal(
    types(await visitor.option(NbdOption.go, infoRequest('disk'))).at(-1) ?? null,
    OptionReply.ack,
    'an export must be to be had after other options',
  );
  await checkServed(t, visitor);
}
