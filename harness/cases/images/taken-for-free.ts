/** Metadata that nobody counts: whatever needs a new place in the image is given that, and must not use it. */
import { isJsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, CHAIN_SIZE, CLUSTER, chainNodes, readImage, release } from '../helpers/backing-chains.ts';
import { addBitmap } from '../helpers/bitmaps.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { attempt, nodeBytes, nodeIo, writeNode } from '../helpers/node-io.ts';
import { buildQcow2, l1TableOf, refcountBlockOf } from '../helpers/qcow2-image.ts';
import { addRaw, makeFile, needs } from '../helpers/shared-setup.ts';

const TAKE = 'blockdev-snapshot-internal-sync';
/** Bytes in which the header has what these must not change: size, L1 table, refcount table, snapshots. */
const [FROM, TO] = [24, 72];

/** Each needs a place for something, and tells whether it failed. */
const TAKERS: Readonly<Record<string, (t: CaseContext, node: string) => Promise<boolean>>> = {
  'a write': async (t, node) =>
    (await attempt(t, node, { kind: 'write', offset: 3 * CLUSTER, length: CLUSTER, byte: 0x5a })) !== 'done',
  'a compressed write': async (t, target) => {
    const { name: device } = await addRaw(t, Buffer.alloc(CHAIN_SIZE, 0x5a));
    const id = t.name('job');
    await t.execute('blockdev-backup', { 'job-id': id, device, target, sync: 'full', compress: true });
    const { data = null } = await t.event('BLOCK_JOB_COMPLETED', { device: id });
    return isJsonObject(data) && data.error !== undefined;
  },
  'a longer L1 table': async (t, node) => {
    // One entry is good for CLUSTER / 8 clusters.
    const size = CLUSTER * CLUSTER;
    const resize = { execute: 'block_resize', arguments: { 'node-name': node, size } };
    return (await t.request(resize)).error !== undefined;
  },
  'an internal snapshot': async (t, device) =>
    (await t.request({ execute: TAKE, arguments: { device, name: 'one' } })).error !== undefined,
};

/** An image with data whose L1 table nobody counts, and that so many free clusters stand before. */
function withTableBehind(free: number): { readonly image: Buffer; readonly table: number } {
  const counted = buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, clusters: new Map([[0, 0x11]]) });
  const from = l1TableOf(CLUSTER);
  const image = Buffer.concat([
    counted,
    Buffer.alloc(free * CLUSTER),
    counted.subarray(from, from + CLUSTER),
  ]);
  const table = image.length - CLUSTER;
  image.writeBigUInt64BE(BigInt(table), 40);
  return { image, table };
}

export const takenForFree: readonly CaseDefinition[] = [
  {
    id: 'image-corrupted/table-taken-for-free',
    title: 'Data, compressed or not, longer tables and snapshots do not take the place of a table uncounted',
    requirements: ['BLOCK_IMAGE_CORRUPTED/emitted', 'BLOCK_IMAGE_CORRUPTED/fatal'],
    needs: needs(chainNodes, nodeBytes, {
      commands: ['blockdev-backup', 'block_resize', TAKE],
      drivers: ['raw'],
      events: ['BLOCK_IMAGE_CORRUPTED', 'BLOCK_JOB_COMPLETED'],
    }),
    async run(t: CaseContext) {
      const table = l1TableOf(CLUSTER);
      for (const [what, take] of Object.entries(TAKERS)) {
        const before = buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER });
        before.writeUInt16BE(0, refcountBlockOf(CLUSTER) + (table / CLUSTER) * 2);
        const file = await makeFile(t, before);
        const node = await addQcow2(t, file);
        t.check(await take(t, node), `${what} must fail where the place for it is a table’s`, 'it succeeds');
        await t.event('BLOCK_IMAGE_CORRUPTED', { 'node-name': node, fatal: true });
        await release(t, [node]);
        t.check((await readImage(t, file)).corrupt, 'the image must be marked as corrupt', 'it is not');
        const after = await bytesOf(t, file.local);
        for (const [part, from, to] of [
          ['sizes and places in the header', FROM, TO],
          ['the L1 table', table, table + CLUSTER],
        ] as const)
          t.check(
            after.subarray(from, to).equals(before.subarray(from, to)),
            `${part} must be as before ${what} that failed`,
            'they differ',
          );
      }
    },
  },
  {
    id: 'image-corrupted/bitmap-taken-for-free',
    title:
      'A bitmap that is stored does not take the place of a table that nobody counts, for any of its parts',
    requirements: ['BLOCK_IMAGE_CORRUPTED/emitted', 'BLOCK_IMAGE_CORRUPTED/fatal'],
    needs: needs(chainNodes, nodeIo, {
      commands: ['block-dirty-bitmap-add'],
      members: ['block-dirty-bitmap-add.persistent'],
      events: ['BLOCK_IMAGE_CORRUPTED'],
    }),
    async run(t: CaseContext) {
      for (const [free, part] of ['the bits', 'the table', 'the directory'].entries()) {
        const { image, table } = withTableBehind(free);
        const file = await makeFile(t, image);
        // A place that is given back after all is not to become a hole.
        const node = await addQcow2(t, file, {
          file: { driver: 'file', filename: file.path, discard: 'ignore' },
        });
        await addBitmap(t, node, 'b', { persistent: true });
        await writeNode(t, node, 0, CLUSTER, 0x5a);
        await release(t, [node]);
        await t.event('BLOCK_IMAGE_CORRUPTED', { 'node-name': node, fatal: true });
        t.check((await readImage(t, file)).corrupt, 'the image must be marked as corrupt', 'it is not');
        const after = await bytesOf(t, file.local);
        t.check(
          after.subarray(table, table + CLUSTER).equals(image.subarray(table, table + CLUSTER)),
          `the L1 table must be as before, where ${part} of a bitmap would take its place`,
          'it differs',
        );
      }
    },
  },
];
