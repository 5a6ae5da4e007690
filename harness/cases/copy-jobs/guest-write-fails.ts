/** Guests' writes that a backup cannot copy first: the policies of the job are not asked. */
import type { JsonObject } from '../../../spec/json.ts';
import type { RequirementId } from '../../../spec/requirements/index.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { backupJobs, cancelled, jobInfo } from '../helpers/job-steps.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
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

/** The same as a file that the command opens. */
async function failingFile(t: CaseContext): Promise<JsonObject> {
  const rules = await makeFile(t, Buffer.from('[inject-error]\nevent = "write_aio"\n'));
  const image = await makeFile(t, buildQcow2({ size: SIZE, clusterSize: 64 * KiB }));
  return { target: `blkdebug:${rules.path}:${image.path}`, format: 'qcow2', mode: 'existing' };
}

function failedCopy(
  command: 'blockdev-backup' | 'drive-backup',
  makeTarget: (t: CaseContext) => Promise<JsonObject>,
  requirement: RequirementId,
): CaseDefinition {
  return {
    id: `${command}/guest-write-without-policy`,
    title: `A guest's write that ${command} cannot copy first fails, whatever the policies of the job are`,
    requirements: [requirement],
    needs: needs(needs(backupJobs, fileNodes), {
      ...nodeBytes,
      commands: [command],
      drivers: ['blkdebug', ...(command === 'drive-backup' ? ['qcow2'] : [])],
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
      await t.execute(command, {
        'job-id': id,
        device,
        sync: 'none',
        ...(await makeTarget(t)),
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
  };
}

export const failedGuestWrites: readonly CaseDefinition[] = [
  failedCopy('blockdev-backup', failing, 'blockdev-backup/policies-in-background'),
  failedCopy('drive-backup', failingFile, 'drive-backup/policies-in-background'),
];
