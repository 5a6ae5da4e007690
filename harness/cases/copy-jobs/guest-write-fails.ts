/** A guest's write that a backup cannot copy first: the policies of the job are not asked. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addFailing } from '../helpers/failing-files.ts';
import { backupJobs, cancelled, jobInfo } from '../helpers/job-steps.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { addRaw, fileNodes, KiB, makeFile, needs } from '../helpers/shared-setup.ts';

const SIZE = 256 * KiB;
/** What the source holds. */
const HELD = 0x11;
const WRITE = { kind: 'write', offset: 64 * KiB, length: 64 * KiB, byte: 0x5a } as const;

export const failedGuestWrites: readonly CaseDefinition[] = [
  {
    id: 'blockdev-backup/guest-write-without-policy',
    title: 'A write that cannot be copied to the target first fails, though on-target-error says ignore',
    requirements: ['blockdev-backup/guest-errors-apart'],
    needs: needs(backupJobs, fileNodes, {
      ...nodeBytes,
      drivers: ['blkdebug'],
      events: ['BLOCK_JOB_ERROR'],
    }),
    async run(t: CaseContext) {
      const { name: device } = await addRaw(t, Buffer.alloc(SIZE, HELD));
      const target = await addFailing(t, await makeFile(t, SIZE), { event: 'write_aio' });
      const guest = await openIo(t, device);
      const id = t.name('job');
      const policies = { 'on-source-error': 'ignore', 'on-target-error': 'ignore' };
      await t.execute('blockdev-backup', {
        'job-id': id,
        device,
        sync: 'none',
        target,
        ...policies,
      });
      const outcome = await guest.attempt(WRITE);
      t.check(outcome !== 'done', 'a write whose place cannot be copied first must fail', 'it succeeds');
      await t.roundTrip();
      t.check(
        t.pending().every(({ event }) => event !== 'BLOCK_JOB_ERROR'),
        'no policy of the job must be asked: there must be no BLOCK_JOB_ERROR',
        'one came',
      );
      t.contains(await jobInfo(t, id), { 'io-status': 'ok', paused: false }, 'the job must go on');
      t.check(
        (await guest.read(0, SIZE)).every((byte) => byte === HELD),
        'a write that failed must not be in the source',
        'it is',
      );
      await cancelled(t, id);
      await guest.perform(WRITE);
      await guest.close();
    },
  },
];
