/** Bitmaps beside the one that an incremental backup takes. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addBitmap, checkDirty } from '../helpers/bitmaps.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { succeeded } from '../helpers/job-steps.ts';
import { nodeIo, openIo } from '../helpers/node-io.ts';
import { addRaw, fileNodes, KiB, MiB, makeFile, needs } from '../helpers/shared-setup.ts';

const BLOCK = 64 * KiB;
const COUNT = 64;
const SIZE = BLOCK * COUNT;

/** The cases of several bitmaps. */
export const otherBitmaps: readonly CaseDefinition[] = [
  {
    id: 'drive-backup/incremental-beside-others',
    title:
      'An incremental backup takes one of three bitmaps; the others stay as they are and go on recording',
    requirements: ['drive-backup/bitmap', 'drive-backup/bitmap-restarts', 'drive-backup/sync-incremental'],
    needs: needs(fileNodes, nodeIo, {
      commands: [
        'drive-backup',
        'block-dirty-bitmap-add',
        'block-job-set-speed',
        'x-debug-block-dirty-bitmap-sha256',
      ],
      events: ['BLOCK_JOB_COMPLETED'],
    }),
    async run(t: CaseContext) {
      const { name: node } = await addRaw(t, SIZE);
      const guest = await openIo(t, node);
      const write = (index: number, byte: number) =>
        guest.perform({ kind: 'write', offset: index * BLOCK, length: BLOCK, byte });
      const check = async (name: string, dirty: readonly number[], when: string): Promise<void> =>
        checkDirty(t, { node, name, size: SIZE }, dirty, when);
      for (const [index, name] of ['first', 'second', 'third'].entries()) {
        await addBitmap(t, node, name);
        await write(index, 0x41);
      }
      await write(COUNT - 1, 0x42);
      const target = await makeFile(t, SIZE);
      const image = { target: target.path, format: 'raw', mode: 'existing' };
      const id = t.name('job');
      const args = { 'job-id': id, device: node, ...image, sync: 'incremental', bitmap: 'second' };
      await t.execute('drive-backup', { ...args, speed: 1 });
      await write(40, 0x43);
      await check('first', [0, 1, 2, 40, COUNT - 1], 'while a backup takes another one');
      await check('third', [2, 40, COUNT - 1], 'while a backup takes another one');
      await t.execute('block-job-set-speed', { device: id, speed: 16 * MiB });
      await succeeded(t, id, 'backup');
      await check('second', [40], 'after its backup');
      await write(50, 0x44);
      await guest.close();
      await check('first', [0, 1, 2, 40, 50, COUNT - 1], 'after the backup of another one');
      await check('third', [2, 40, 50, COUNT - 1], 'after the backup of another one');
      const bytes = await bytesOf(t, target.local);
      t.equal(
        Array.from({ length: COUNT }, (_, index) => index).filter((index) => bytes[index * BLOCK] !== 0),
        [1, 2, COUNT - 1],
        'the target must have what the bitmap of the backup marked',
      );
    },
  },
];
