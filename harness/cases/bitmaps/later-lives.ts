/** Bitmaps that go on: cleared and stored again, beside those of a transaction that failed, on disks of parts of granules. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, chainNodes, release } from '../helpers/backing-chains.ts';
import { addBitmap, checkDirty } from '../helpers/bitmaps.ts';
import { nodeIo, writeNode } from '../helpers/node-io.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { addRaw, fileNodes, KiB, MiB, makeFile, needs } from '../helpers/shared-setup.ts';
import { withBitmap } from '../helpers/stored-bitmaps.ts';

const GRANULE = 64 * KiB;
const CLEAR = 'block-dirty-bitmap-clear';

const tracked = needs(nodeIo, { commands: ['block-dirty-bitmap-add', 'x-debug-block-dirty-bitmap-sha256'] });
const stored = needs(chainNodes, tracked, { members: ['block-dirty-bitmap-add.persistent'] });

const image = () => buildQcow2({ size: MiB, clusterSize: GRANULE });

/** Cases of bitmaps later in their lives. */
export const laterLives: readonly CaseDefinition[] = [
  {
    id: 'dirty-bitmaps/cleared-and-stored',
    title:
      'A stored bitmap that was cleared is empty when the image is opened again, and records what comes then',
    requirements: ['block-dirty-bitmap-clear/clears', 'block-dirty-bitmap-add/persistent-content'],
    needs: needs(stored, { commands: [CLEAR] }),
    async run(t: CaseContext) {
      const file = await makeFile(t, image());
      const marks = async (node: string, dirty: readonly number[], when: string): Promise<void> =>
        checkDirty(t, { node, name: 'b', size: MiB }, dirty, when);
      let node = await addQcow2(t, file);
      await addBitmap(t, node, 'b', { granularity: GRANULE, persistent: true });
      let last: readonly number[] = [];
      for (const next of [[1, 3], [2]]) {
        await marks(node, last, 'when the image is opened');
        await t.execute(CLEAR, { node, name: 'b' });
        await release(t, [node]);
        node = await addQcow2(t, file);
        await marks(node, [], 'when it was cleared before the image was closed');
        for (const granule of next) await writeNode(t, node, granule * GRANULE, 512, 0x61);
        await release(t, [node]);
        node = await addQcow2(t, file);
        last = next;
      }
      await marks(node, last, 'when the image was closed with it');
    },
  },
  {
    id: 'dirty-bitmaps/name-of-a-disabled-one',
    title:
      'The name of a stored bitmap that does not record is taken, for either kind; it goes on recording nothing',
    requirements: ['block-dirty-bitmap-add/name-taken'],
    needs: stored,
    async run(t: CaseContext) {
      const disabled = { name: 'b', granularity: GRANULE, flags: 0, dirty: [3] };
      const file = await makeFile(t, withBitmap(image(), disabled));
      for (const round of ['first', 'second'] as const) {
        const node = await addQcow2(t, file);
        for (const persistent of [true, false])
          await t.refused('block-dirty-bitmap-add', { node, name: 'b', persistent });
        await writeNode(t, node, 0, 512, 0x61);
        await checkDirty(t, { node, name: 'b', size: MiB }, [3], `after a write, the ${round} time`);
        await release(t, [node]);
      }
    },
  },
  {
    id: 'transaction/bitmaps-beside',
    title:
      'A transaction that fails leaves the bitmaps that were there before, stored ones and others, as they were',
    requirements: ['transaction/all-or-nothing'],
    needs: needs(stored, { commands: ['transaction', CLEAR] }),
    async run(t: CaseContext) {
      const node = await addQcow2(t, await makeFile(t, image()));
      const options = { granularity: GRANULE };
      await addBitmap(t, node, 'stored', { ...options, persistent: true });
      await writeNode(t, node, GRANULE, 512, 0x61);
      await addBitmap(t, node, 'other', options);
      await writeNode(t, node, 2 * GRANULE, 512, 0x61);
      const clear = (name: string) => ({ type: CLEAR, data: { node, name } });
      const add = (name: string) => ({ type: 'block-dirty-bitmap-add', data: { node, name, ...options } });
      await t.refused('transaction', {
        actions: [add('new'), clear('other'), clear('stored'), add('newer'), { type: 'abort', data: {} }],
      });
      await checkDirty(t, { node, name: 'stored', size: MiB }, [1, 2], 'as before the transaction');
      await checkDirty(t, { node, name: 'other', size: MiB }, [2], 'as before the transaction');
      for (const name of ['new', 'newer'])
        await t.refused('x-debug-block-dirty-bitmap-sha256', { node, name }, { text: /not found/ });
    },
  },
  {
    id: 'dirty-bitmaps/disk-of-part-of-a-granule',
    title:
      'On a disk that is resized to part of a granule that part is tracked, and what it grows by as well',
    requirements: ['block-dirty-bitmap-add/follows-size', 'block-dirty-bitmap-add/tracks-writes'],
    needs: needs(fileNodes, tracked, { commands: ['block_resize'] }),
    async run(t: CaseContext) {
      const node = (await addRaw(t, MiB)).name;
      await addBitmap(t, node, 'b', { granularity: GRANULE });
      const dirty: number[] = [];
      for (const [size, granule] of [
        [3 * GRANULE + 512, 3],
        [5 * GRANULE - 512, 4],
        [5 * GRANULE + 1024, 5],
      ] as const) {
        await t.execute('block_resize', { 'node-name': node, size });
        await writeNode(t, node, size - 512, 512, 0x61);
        dirty.push(granule);
        await checkDirty(t, { node, name: 'b', size }, dirty, 'after a write to the end of the disk');
      }
    },
  },
];
