/** Dirty bitmaps: which requests of a guest they mark, in granules of which size. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { readyToEnd, typeOf } from '../copy-jobs/copy-commands.ts';
import { addLayers, addQcow2, chainNodes, makeLayers, release } from '../helpers/backing-chains.ts';
import { addBitmap, checkDirty } from '../helpers/bitmaps.ts';
import { completed, succeeded } from '../helpers/job-steps.ts';
import { nodeIo, perform, writeNode } from '../helpers/node-io.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { addNode, addRaw, dataNodes, fileNodes, KiB, MiB, makeFile, needs } from '../helpers/shared-setup.ts';

const commands = { commands: ['block-dirty-bitmap-add', 'x-debug-block-dirty-bitmap-sha256'] };
const tracked = needs(fileNodes, nodeIo, commands);
const kept = needs(chainNodes, nodeIo, commands, { members: ['block-dirty-bitmap-add.persistent'] });

/** Cluster size of an image, and the granularity of a bitmap that says none. */
const DEFAULTS = [
  [512, 4 * KiB],
  [4 * KiB, 4 * KiB],
  [16 * KiB, 16 * KiB],
  [2 * MiB, 64 * KiB],
] as const;

export const trackingCases: readonly CaseDefinition[] = [
  ...(['write-zeroes', 'discard'] as const).map(
    (kind): CaseDefinition => ({
      id: `dirty-bitmaps/tracks-${kind}`,
      title: `A ${kind} of a guest marks the granules that it touches, and no other`,
      requirements: ['block-dirty-bitmap-add/tracks-writes'],
      needs: tracked,
      async run(t: CaseContext) {
        const { name: node } = await addRaw(t, MiB, { discard: 'unmap' });
        await addBitmap(t, node, 'b');
        await perform(t, node, { kind, offset: 3 * 64 * KiB, length: 128 * KiB });
        await checkDirty(t, { node, name: 'b', size: MiB }, [3, 4], `after a ${kind} of two of them`);
      },
    }),
  ),
  {
    id: 'dirty-bitmaps/tracks-far-writes',
    title: 'A write across 256 MiB of a disk of 1 GiB marks both of its sectors in a bitmap of 512 bytes',
    requirements: ['block-dirty-bitmap-add/tracks-writes', 'block-dirty-bitmap-add/granularity'],
    needs: needs(dataNodes, nodeIo, commands),
    async run(t: CaseContext) {
      const size = 1024 * MiB;
      const node = await addNode(t, { size });
      await addBitmap(t, node, 'b', { granularity: 512 });
      const middle = size / 4 / 512;
      await writeNode(t, node, size / 4 - 512, 1024, 0x61);
      await writeNode(t, node, size - 512, 512, 0x61);
      const marks = { node, name: 'b', size, granularity: 512 };
      await checkDirty(
        t,
        marks,
        [middle - 1, middle, size / 512 - 1],
        'after writes across it and at the end',
      );
    },
  },
  {
    id: 'dirty-bitmaps/follows-size',
    title:
      'Of a disk that shrinks and grows again a bitmap keeps what stayed, and marks what is written beyond',
    requirements: ['block-dirty-bitmap-add/follows-size'],
    needs: needs(tracked, { commands: ['block_resize'] }),
    async run(t: CaseContext) {
      const { name: node } = await addRaw(t, MiB);
      await addBitmap(t, node, 'b');
      for (const granule of [2, 12]) await writeNode(t, node, granule * 64 * KiB, 512, 0x61);
      for (const size of [MiB / 2, 2 * MiB]) {
        await t.execute('block_resize', { 'node-name': node, size });
        await checkDirty(t, { node, name: 'b', size }, [2], `with a size of ${size} bytes`);
      }
      await writeNode(t, node, 2 * MiB - 512, 512, 0x61);
      await checkDirty(t, { node, name: 'b', size: 2 * MiB }, [2, 31], 'after a write to the new end');
    },
  },
  {
    id: 'dirty-bitmaps/tracks-jobs',
    title:
      'A bitmap of the node that a backup, a mirror or a commit copies to marks what the job writes there',
    requirements: ['block-dirty-bitmap-add/tracks-writes'],
    needs: needs(chainNodes, commands, {
      commands: ['blockdev-backup', 'blockdev-mirror', 'block-commit', 'block-job-cancel'],
      events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_READY'],
    }),
    async run(t: CaseContext) {
      const shape = { size: MiB, clusterSize: 64 * KiB };
      const clusters = new Map([3, 7].map((index) => [index, 0x61]));
      const into = async (node: string, copies: () => Promise<void>): Promise<void> => {
        await addBitmap(t, node, 'b');
        await copies();
        await checkDirty(t, { node, name: 'b', size: MiB }, [3, 7], 'after a job that wrote them');
      };
      for (const command of ['blockdev-backup', 'blockdev-mirror'] as const) {
        const below = await addQcow2(t, await makeFile(t, buildQcow2(shape)));
        const device = await addQcow2(t, await makeFile(t, buildQcow2({ ...shape, clusters })), {
          backing: below,
        });
        const { name: target } = await addRaw(t, MiB);
        await into(target, async () => {
          const id = t.name('job');
          await t.execute(command, { 'job-id': id, device, target, sync: 'top' });
          await readyToEnd(t, typeOf(command), id);
          await succeeded(t, id, typeOf(command));
        });
      }
      const images = [{ ...shape }, { ...shape, clusters }, { ...shape }];
      const [base, middle, top] = await addLayers(t, await makeLayers(t, images));
      await into(base!.node, async () => {
        const id = t.name('job');
        const between = { device: top!.node, top: middle!.file.path };
        await t.execute('block-commit', { 'job-id': id, ...between });
        await completed(t, id, 'commit');
      });
    },
  },
  {
    id: 'dirty-bitmaps/granularity-default-of-clusters',
    title: 'Without granularity a bitmap of a qcow2 image has its clusters, within 4 and 64 KiB, as granules',
    requirements: [
      'block-dirty-bitmap-add/granularity-default-clusters',
      'block-dirty-bitmap-add/granularity-default',
    ],
    needs: needs(chainNodes, nodeIo, commands),
    async run(t: CaseContext) {
      for (const [clusterSize, granularity] of DEFAULTS) {
        const size = Math.min(MiB, clusterSize ** 2 / 8);
        const node = await addQcow2(t, await makeFile(t, buildQcow2({ size, clusterSize })));
        await addBitmap(t, node, 'b');
        await writeNode(t, node, size - 512, 512, 0x61);
        await checkDirty(
          t,
          { node, name: 'b', size, granularity },
          [size / granularity - 1],
          `after a write to the last sector, with clusters of ${clusterSize} bytes`,
        );
      }
    },
  },
  {
    id: 'dirty-bitmaps/default-granularity-beside-others',
    title: 'The default granularity is that of the image for a later bitmap, and for one that is stored, too',
    requirements: ['block-dirty-bitmap-add/granularity-default-clusters'],
    needs: kept,
    async run(t: CaseContext) {
      const clusterSize = 4 * KiB;
      const node = await addQcow2(t, await makeFile(t, buildQcow2({ size: MiB, clusterSize })));
      await addBitmap(t, node, 'fine', { granularity: 512 });
      await addBitmap(t, node, 'b');
      await addBitmap(t, node, 'stored', { persistent: true });
      await writeNode(t, node, MiB - 512, 512, 0x61);
      for (const name of ['b', 'stored'])
        await checkDirty(
          t,
          { node, name, size: MiB, granularity: clusterSize },
          [MiB / clusterSize - 1],
          `after a write to the last sector, named ${name}`,
        );
    },
  },
  {
    id: 'dirty-bitmaps/name-taken-with-marks',
    title:
      'A name that is taken, of a stored bitmap or of another one, is refused to both kinds; the marks stay',
    requirements: ['block-dirty-bitmap-add/name-taken'],
    needs: kept,
    async run(t: CaseContext) {
      const file = await makeFile(t, buildQcow2({ size: MiB, clusterSize: 64 * KiB }));
      const node = await addQcow2(t, file);
      await addBitmap(t, node, 'b');
      await addBitmap(t, node, 'stored', { persistent: true });
      await writeNode(t, node, 3 * 64 * KiB, 512, 0x61);
      for (const name of ['b', 'stored']) {
        for (const persistent of [false, true])
          await t.refused('block-dirty-bitmap-add', { node, name, persistent });
        await checkDirty(t, { node, name, size: MiB }, [3], `when its name ${name} was refused`);
      }
      await release(t, [node]);
      const again = await addQcow2(t, file);
      await checkDirty(t, { node: again, name: 'stored', size: MiB }, [3], 'when the image was opened again');
      await t.refused('x-debug-block-dirty-bitmap-sha256', { node: again, name: 'b' });
    },
  },
  {
    id: 'dirty-bitmaps/clears-only-itself',
    title: 'Clearing a bitmap leaves the other bitmaps of its node as they were',
    requirements: ['block-dirty-bitmap-clear/clears'],
    needs: needs(tracked, { commands: ['block-dirty-bitmap-clear'] }),
    async run(t: CaseContext) {
      const { name: node } = await addRaw(t, MiB);
      for (const name of ['b', 'other']) await addBitmap(t, node, name);
      await writeNode(t, node, 3 * 64 * KiB, 512, 0x61);
      await t.execute('block-dirty-bitmap-clear', { node, name: 'b' });
      await checkDirty(t, { node, name: 'b', size: MiB }, [], 'once it was cleared');
      await checkDirty(t, { node, name: 'other', size: MiB }, [3], 'when another one was cleared');
    },
  },
];
