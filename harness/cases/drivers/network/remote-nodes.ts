/** What cases of the network drivers share: what their servers show, and what must hold of a node over them. */
import type { JsonObject } from '../../../../spec/json.ts';
import type { Topology } from '../../../targets/target.ts';
import type { CaseContext, Needs } from '../../case.ts';
import { type NodeIo, nodeBytes, openIo } from '../../helpers/node-io.ts';
import type { Listening } from '../../helpers/peers/listening.ts';
import type { MemoryFile } from '../../helpers/peers/memory-file.ts';
import { checkAbsent, KiB, needs, nodeCommands, nodeInfo, virtualSize } from '../../helpers/shared-setup.ts';
import { checkReadFails, type Range, writes } from '../driver-guest.ts';

/** Bytes of what servers show. */
const SIZE = 512 * KiB;
/** By how many milliseconds a time may be another. */
const TOLERANCE = 400;

/** Secret objects: `pw` with the password sesame, `jar` with a cookie, `wrong` with another password. */
export const secrets: Topology = {
  name: 'network-secrets',
  images: [],
  options: ['pw,data=sesame', 'jar,data=crumb=7', 'wrong,data=barley'].flatMap((each) => [
    '-object',
    `secret,id=${each}`,
  ]),
  monitors: 1,
};

/** What a case needs that opens nodes of a driver over a server of ours. */
export const remoteNodes = (driver: string): Needs =>
  needs(nodeCommands, { drivers: [driver], capabilities: ['sharedFiles'] });

/** The same, and reads them. */
export const remoteBytes = (driver: string): Needs => needs(remoteNodes(driver), nodeBytes);

/** Contents in which every sector is another, so that data from elsewhere is seen as such. */
export function sectors(size: number = SIZE): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 512) bytes.fill(1 + ((at / 512) % 251), at, at + 512);
  return bytes;
}

/** Adds a node that may only be read, under a fresh name, and gives that. */
export async function addRemote(t: CaseContext, options: JsonObject): Promise<string> {
  const node = t.name('remote');
  await t.execute('blockdev-add', { 'read-only': true, ...options, 'node-name': node });
  return node;
}

/** States that such a node is refused and leaves nothing. Gives what the endpoint says. */
export async function remoteRefused(t: CaseContext, options: JsonObject, text?: RegExp): Promise<string> {
  const node = t.name('remote');
  const { desc } = await t.refused(
    'blockdev-add',
    { 'read-only': true, ...options, 'node-name': node },
    text === undefined ? {} : { text },
  );
  await checkAbsent(t, node);
  return desc;
}

/** Where reads are tried: at the start, across sectors, and at the end. */
const usual = ({ length }: Buffer): readonly Range[] => [
  [0, 4096],
  [length - 512, 512],
  [length / 2 - 1024, 8 * KiB],
];

/** States that the node is as long as `content`, and that it reads as that there. */
export async function checkHolds(
  t: CaseContext,
  node: string,
  content: Buffer,
  ranges: readonly Range[] = usual(content),
): Promise<void> {
  t.equal(await virtualSize(t, node), content.length, 'the node must be as long as what the server has');
  const io = await openIo(t, node, { writable: false });
  for (const [offset, length] of ranges)
    t.check(
      (await io.read(offset, length)).equals(content.subarray(offset, offset + length)),
      `a read of ${length} bytes at ${offset} must give what the server has there`,
      'it gives something else',
    );
  await io.close();
}

/** States that a node is of its driver and reads as `content`, and that a write to it is in the server's file, and nothing else. */
export async function checkWritesReach(
  t: CaseContext,
  [driver, node]: readonly [driver: string, node: string],
  content: Buffer,
  file: MemoryFile,
): Promise<void> {
  t.contains(await nodeInfo(t, node), { drv: driver, ro: false }, 'the node must be of its driver');
  await checkHolds(t, node, content);
  const io = await openIo(t, node);
  t.check(await writes(io, [8192, 1024], 0xee), 'a write must succeed', 'it is refused');
  await io.close();
  t.check(
    file.data.equals(Buffer.from(content).fill(0xee, 8192, 9216)),
    'the file must have what was written, and nothing else must change',
    'it has something else',
  );
}

/** States that no connection to the server outlives a node that is refused, or one that is read and then deleted. */
export async function checkHangsUp(
  t: CaseContext,
  peer: Listening,
  {
    right,
    wrong,
    content,
  }: { readonly right: JsonObject; readonly wrong: JsonObject; readonly content: Buffer },
): Promise<void> {
  await remoteRefused(t, wrong);
  t.check(peer.clients() > 0, 'the server must be asked for what it lacks', 'it is not');
  await peer.idle();
  const node = await addRemote(t, right);
  await checkHolds(t, node, content);
  await t.execute('blockdev-del', { 'node-name': node });
  await peer.idle();
}

/** A server that can be silent. */
export interface Silent {
  /** While there is one it is called in place of an answer to a read or a write. */
  ignores: (() => void) | undefined;
}

/** What becomes of a read that the server ignores so often: it is over when so many milliseconds have passed, and not before. */
export async function ignoredRead(
  t: CaseContext,
  io: NodeIo,
  peer: Silent,
  {
    range: [offset, length],
    times,
    lasts,
  }: { readonly range: Range; readonly times: number; readonly lasts: number },
): Promise<string> {
  let [isOver, left] = [false, times];
  // A server that owes nothing may be silent for as long as it likes.
  await t.elapse(10 * lasts);
  const asked = new Promise<void>((resolve) => {
    peer.ignores = () => {
      left -= 1;
      if (left === 0) peer.ignores = undefined;
      resolve();
    };
  });
  const { outcome } = await io.begin({ kind: 'read', offset, length });
  const tell = (): void => {
    isOver = true;
  };
  outcome.then(tell, tell);
  await asked;
  await t.elapse(lasts - TOLERANCE);
  t.check(!isOver, `the server must be given ${lasts} ms`, 'it is given less');
  await t.elapse(2 * TOLERANCE);
  peer.ignores = undefined;
  return outcome;
}

/** States that requests that the server fails fail and leave nothing in its file, which holds `content`; later ones do not fail. */
export async function checkServerErrors(
  t: CaseContext,
  peer: { fails: boolean },
  node: string,
  content: Buffer,
  file: MemoryFile,
): Promise<void> {
  const io = await openIo(t, node);
  peer.fails = true;
  await checkReadFails(t, io, [0, 512], 'that the server fails');
  t.check(!(await writes(io, [0, 512], 7)), 'a write that the server fails must fail', 'it succeeds');
  peer.fails = false;
  t.check(await writes(io, [512, 512], 7), 'a write must succeed once the server does', 'it fails');
  t.check(
    file.data.equals(Buffer.from(content).fill(7, 512, 1024)),
    'the file must have what was written, and nothing of what failed',
    'it has something else',
  );
  await io.close();
}

/** States that a server has a new image of that size. */
export function checkMade(t: CaseContext, made: MemoryFile | undefined, size: number): void {
  t.check(made !== undefined, 'the server must have the new file', 'it does not');
  t.check(
    made.data.equals(Buffer.alloc(size)),
    'the new file must be of the size that was given, and all zeroes',
    `it is ${made.data.length} bytes long`,
  );
}
