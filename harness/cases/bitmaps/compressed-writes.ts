/** Bitmaps and thresholds of a node that is written compressed. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, CHAIN_SIZE, CLUSTER, chainNodes } from '../helpers/backing-chains.ts';
import { addBitmap, digestOf } from '../helpers/bitmaps.ts';
import { completed } from '../helpers/job-steps.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { addRaw, makeFile, needs, nodeInfo } from '../helpers/shared-setup.ts';

const THRESHOLD = CHAIN_SIZE / 2;

export const compressedWrites: readonly CaseDefinition[] = [
  {
    id: 'dirty-bitmaps/compressed-writes',
    title: 'What a backup writes compressed to its target is tracked there, and passes its write threshold',
    requirements: ['block-dirty-bitmap-add/tracks-writes', 'BLOCK_WRITE_THRESHOLD/emitted'],
    needs: needs(chainNodes, {
      commands: [
        'blockdev-backup',
        'block-dirty-bitmap-add',
        'block-set-write-threshold',
        'x-debug-block-dirty-bitmap-sha256',
      ],
      events: ['BLOCK_JOB_COMPLETED', 'BLOCK_WRITE_THRESHOLD'],
      members: ['BlockdevBackup.compress'],
    }),
    async run(t: CaseContext) {
      const written = async (compress: boolean): Promise<{ digest: string; clean: string }> => {
        const { name: device } = await addRaw(t, Buffer.alloc(CHAIN_SIZE, 0x11));
        const image = buildQcow2({ size: CHAIN_SIZE, clusterSize: 4 * CLUSTER });
        const target = await addQcow2(t, await makeFile(t, image));
        await addBitmap(t, target, 'tracks', { granularity: CLUSTER });
        const clean = await digestOf(t, target, 'tracks');
        await t.execute('block-set-write-threshold', { 'node-name': target, 'write-threshold': THRESHOLD });
        const id = t.name('job');
        await t.execute('blockdev-backup', { 'job-id': id, device, target, sync: 'full', compress });
        await completed(t, id, 'backup');
        await t.event('BLOCK_WRITE_THRESHOLD', { 'node-name': target });
        t.contains(await nodeInfo(t, target), { write_threshold: 0 }, 'the threshold must be gone');
        return { digest: await digestOf(t, target, 'tracks'), clean };
      };
      const [plain, compressed] = [await written(false), await written(true)];
      t.check(plain.digest !== plain.clean, 'what is written must be tracked', 'the bitmap is clean');
      t.equal(compressed.digest, plain.digest, 'what is written compressed must be tracked as well');
    },
  },
];
