/** Images with the smallest clusters: what keeps snapshots and bitmaps takes several of them. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, chainNodes, release } from '../helpers/backing-chains.ts';
import { addBitmap, digestOf } from '../helpers/bitmaps.ts';
import { nodeIo, writeNode } from '../helpers/node-io.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { KiB, MiB, makeFile, needs, nodeInfo, snapshotsOf } from '../helpers/shared-setup.ts';

const TAKE = 'blockdev-snapshot-internal-sync';
const DELETE = 'blockdev-snapshot-delete-internal-sync';

/** Bytes of a cluster. */
const SMALLEST = 512;

/** Cases of images whose tables outgrow a cluster. */
export const smallClusters: readonly CaseDefinition[] = [
  {
    id: 'internal-snapshot/smallest-clusters',
    title:
      'Of several snapshots in small clusters the oldest are deleted, and the image keeps the others, and is sound',
    requirements: ['blockdev-snapshot-internal-sync/takes', 'blockdev-snapshot-delete-internal-sync/deletes'],
    needs: needs(chainNodes, nodeIo, { commands: [TAKE, DELETE, 'block_resize'] }),
    async run(t: CaseContext) {
      const file = await makeFile(t, buildQcow2({ size: 16 * KiB, clusterSize: SMALLEST }));
      const device = await addQcow2(t, file);
      await t.execute('block_resize', { 'node-name': device, size: 4 * MiB });
      const names = Array.from({ length: 8 }, (_, index) => `snapshot-with-a-long-name-${index}`);
      for (const [index, name] of names.entries()) {
        await writeNode(t, device, 0, 4 * KiB, index + 1);
        await t.execute(TAKE, { device, name });
      }
      await writeNode(t, device, 2 * KiB, 4 * KiB, 0x77);
      await t.execute(DELETE, { device, name: names[0]! });
      await release(t, [device]);
      const again = await addQcow2(t, file);
      t.equal(
        (await snapshotsOf(t, again)).map(({ name = null }) => name),
        names.slice(1),
        'the image must keep the snapshots that were not deleted',
      );
      await release(t, [again]);
    },
  },
  {
    id: 'dirty-bitmaps/smallest-clusters',
    title: 'Bitmaps whose maps, tables and directory take several small clusters are stored and loaded whole',
    requirements: ['block-dirty-bitmap-add/persistent-content', 'block-dirty-bitmap-add/persistent-kept'],
    needs: needs(chainNodes, nodeIo, {
      commands: ['block_resize', 'block-dirty-bitmap-add', 'x-debug-block-dirty-bitmap-sha256'],
      members: ['block-dirty-bitmap-add.persistent'],
    }),
    async run(t: CaseContext) {
      const size = 256 * MiB;
      const file = await makeFile(t, buildQcow2({ size: 16 * KiB, clusterSize: SMALLEST }));
      const names = Array.from({ length: 12 }, (_, index) => `bitmap-with-a-rather-long-name-${index}`);
      const digests = async (node: string): Promise<string[]> => {
        const found: string[] = [];
        for (const name of names) found.push(await digestOf(t, node, name));
        return found;
      };
      const node = await addQcow2(t, file);
      await t.execute('block_resize', { 'node-name': node, size });
      for (const [index, name] of names.entries()) {
        await addBitmap(t, node, name, { granularity: SMALLEST, persistent: true });
        await writeNode(t, node, (index % 2) * (size - KiB) + index * 64, 64, 0x61);
      }
      const before = await digests(node);
      await release(t, [node]);
      const again = await addQcow2(t, file);
      t.equal(await digests(again), before, 'each bitmap must mark what it marked');
      await release(t, [again]);
    },
  },
  {
    id: 'image-info/cluster-sizes',
    title: 'cluster-size is that of the image, from the smallest to the largest',
    requirements: ['query-named-block-nodes/image'],
    needs: chainNodes,
    async run(t: CaseContext) {
      for (const clusterSize of [SMALLEST, 4 * KiB, 64 * KiB, 128 * KiB, 2 * MiB]) {
        const node = await addQcow2(t, await makeFile(t, buildQcow2({ size: 16 * KiB, clusterSize })));
        t.contains(
          await nodeInfo(t, node),
          { image: { 'cluster-size': clusterSize } },
          'the image must be told with its cluster size',
        );
        await release(t, [node]);
      }
    },
  },
];
