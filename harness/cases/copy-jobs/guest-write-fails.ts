/** A guest's write that a backup cannot copy first: the policies of the job are not asked. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { backupJobs, cancelled, jobInfo } from '../helpers/job-steps.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { fileNodes, KiB, makeFile, needs } from '../helpers/shared-setup.ts';

const SIZE = 256 * KiB;
/** What the source holds. */
const HELD = 0x11;
const WRITE = { kind: 'write', offset: 64 * KiB, length: 64 * KiB, byte: 0x5a } as const;

/** A target whose writes fail. */
async function failing(t: CaseContext): Promise<JsonObject> {
  const target = t.name('failing');
  const image = { driver: 'file', filename: (await makeFile(t, SIZE)).path };
  await t.execute('blockdev-add', {
    'node-name': target,
    driver: 'raw',
    file: { driver: 'blkdebug', image, 'inject-error': [{ event: 'write_aio' }] },
  });
  return { target };
}

export const failedGuestWrites: readonly CaseDefinition[] = [
  {
    id: 'blockdev-backup/guest-write-without-policy',
    title: 'A write that cannot be copied to the target first fails, though on-target-error says ignore',
    requirements: ['blockdev-backup/guest-errors-apart'],
    needs: needs(needs(backupJobs, fileNodes), {
      ...nodeBytes,
      drivers: ['blkdebug'],
      events: [...backupJobs.events!, 'BLOCK_JOB_ERROR'],
    }),
    async run(t: CaseContext) {
      const device = t.name('source');
      const { path } = await makeFile(t, Buffer.alloc(SIZE, HELD));
      const file = { driver: 'file', filename: path };
      await t.execute('blockdev-add', { driver: 'raw', 'node-name': device, file });
      const guest = await openIo(t, device);
      const id = t.name('job');
      const policies = { 'on-source-error': 'ignore', 'on-target-error': 'ignore' };
      await t.execute('blockdev-backup', {
        'job-id': id,
        device,
        sync: 'none',
        ...(await failing(t)),
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
