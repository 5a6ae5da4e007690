/** What cases of the network drivers share: what their servers show, and what must hold of a node over them. */
import type { JsonObject } from '../../../../spec/json.ts';
import type { Topology } from '../../../targets/target.ts';
import type { CaseContext, Needs } from '../../case.ts';
import { nodeBytes, openIo } from '../../helpers/node-io.ts';
import { checkAbsent, KiB, needs, nodeCommands, virtualSize } from '../../helpers/shared-setup.ts';

/** Bytes of what servers show. */
const SIZE = 512 * KiB;

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

/** States that the node is as long as `content`, and that it reads as that: at its start, across sectors, and at its end. */
export async function checkHolds(t: CaseContext, node: string, content: Buffer): Promise<void> {
  t.equal(await virtualSize(t, node), content.length, 'the node must be as long as what the server has');
  const io = await openIo(t, node, { writable: false });
  for (const [offset, length] of [
    [0, 4096],
    [content.length - 512, 512],
    [content.length / 2 - 1024, 8 * KiB],
  ] as const)
    t.check(
      (await io.read(offset, length)).equals(content.subarray(offset, offset + length)),
      `a read of ${length} bytes at ${offset} must give what the server has there`,
      'it gives something else',
    );
  await io.close();
}
