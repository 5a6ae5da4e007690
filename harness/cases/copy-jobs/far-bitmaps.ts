/** Bitmaps of large disks in small granules: more of them than one page of bits. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addBitmap } from '../helpers/bitmaps.ts';
import { bytesAt, sizesOf } from '../helpers/image-files.ts';
import { nodeIo, writeNode } from '../helpers/node-io.ts';
import { addRaw, fileNodes, KiB, MiB, makeFile, needs } from '../helpers/shared-setup.ts';
import { copy } from './copy-commands.ts';

const FAR = 256 * MiB;
const SIZE = FAR + MiB;
const COPIED = 64 * KiB;

/** The cases of far granules. */
export const farBitmaps: readonly CaseDefinition[] = [
  {
    id: 'drive-backup/incremental-far',
    title:
      'Of a large disk in granules of 512 bytes an incremental backup copies the far one that was written',
    requirements: ['drive-backup/sync-incremental'],
    needs: needs(fileNodes, nodeIo, {
      commands: ['drive-backup', 'block-dirty-bitmap-add'],
      events: ['BLOCK_JOB_COMPLETED'],
    }),
    async run(t: CaseContext) {
      const { name: device } = await addRaw(t, SIZE);
      await addBitmap(t, device, 'b', { granularity: 512 });
      await writeNode(t, device, FAR + 3 * COPIED, 512, 0x4d);
      const target = await makeFile(t, SIZE);
      const image = { target: target.path, format: 'raw', mode: 'existing' };
      await copy(t, 'drive-backup', { device, ...image, sync: 'incremental', bitmap: 'b' });
      const { space } = await sizesOf(t, target.local);
      t.check(space <= MiB, 'no more than what was written may be copied', `the target takes ${space} bytes`);
      const bytes = await bytesAt(t, target.local, FAR, MiB);
      t.equal(bytes.indexOf(0x4d), 3 * COPIED, 'the target must hold what was written, and where it was');
    },
  },
];
