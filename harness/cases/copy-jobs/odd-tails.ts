/** Disks that end within a block of the bitmap: how far a backup of their last block says that it has come. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addBitmap } from '../helpers/bitmaps.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { completed } from '../helpers/job-steps.ts';
import { nodeIo, openIo } from '../helpers/node-io.ts';
import { addRaw, fileNodes, KiB, needs, newFile } from '../helpers/shared-setup.ts';

const BLOCK = 64 * KiB;
/** One block and a half. */
const SIZE = 96 * KiB;
const BYTE = 0x5a;

export const oddTails: readonly CaseDefinition[] = [
  {
    id: 'drive-backup/incremental-odd-tail',
    title:
      'An incremental backup of a disk that ends within a block copies that block, and its offset is len',
    requirements: ['drive-backup/sync-incremental', 'BLOCK_JOB_COMPLETED/progress'],
    needs: needs(fileNodes, nodeIo, {
      commands: ['drive-backup', 'block-dirty-bitmap-add'],
      events: ['BLOCK_JOB_COMPLETED'],
    }),
    async run(t: CaseContext) {
      for (const written of [[BLOCK], [0], [0, BLOCK]]) {
        const { name: device } = await addRaw(t, SIZE);
        await addBitmap(t, device, 'b', { granularity: BLOCK });
        const io = await openIo(t, device);
        for (const offset of written) await io.perform({ kind: 'write', offset, length: 512, byte: BYTE });
        await io.close();
        const [id, copy] = [t.name('job'), newFile(t)];
        const image = { target: copy.path, format: 'raw', sync: 'incremental', bitmap: 'b' };
        await t.execute('drive-backup', { 'job-id': id, device, ...image });
        await completed(t, id, 'backup');
        const expected = Buffer.alloc(SIZE);
        for (const offset of written) expected.fill(BYTE, offset, offset + 512);
        t.check(
          (await bytesOf(t, copy.local)).equals(expected),
          'the target must hold what was written',
          'it does not',
        );
      }
    },
  },
];
