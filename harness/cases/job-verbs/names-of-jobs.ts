/** By which names verbs find a job, and that they find none when it has ended. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { DRIVE, driveChain, driveOverBase, onDrive } from '../helpers/drive-chain.ts';
import { addFailing } from '../helpers/failing-files.ts';
import {
  backupJobs,
  CRAWL,
  cancelled,
  checkNoJob,
  completed,
  crawlingBackup,
  jobInfo,
} from '../helpers/job-steps.ts';
import { addRaw, fileNodes, KiB, makeFile, needs, refusedWith } from '../helpers/shared-setup.ts';

const SIZE = 256 * KiB;

/** Verbs that take a job by `device`, with what else they want. */
const VERBS: Readonly<Record<string, JsonObject>> = {
  'block-job-cancel': {},
  'block-job-complete': {},
  'block-job-pause': {},
  'block-job-resume': {},
  'block-job-set-speed': { speed: 0 },
};
const verbs = needs({ commands: Object.keys(VERBS) });

/** States that no verb finds a job by that name. */
async function checkUnknown(t: CaseContext, name: string): Promise<void> {
  for (const [verb, more] of Object.entries(VERBS))
    await refusedWith(t, verb, { device: name, ...more }, ['DeviceNotActive']);
}

/** Starts a backup of a node of its own that ends as the name says, and waits until it has. */
const ENDINGS: Readonly<Record<string, (t: CaseContext, id: string) => Promise<void>>> = {
  async well(t, id) {
    await crawlingBackup(t, { 'job-id': id, speed: 0 });
    await completed(t, id, 'backup');
  },
  async badly(t: CaseContext, id) {
    const { name: device } = await addRaw(t, Buffer.alloc(SIZE, 0x5a));
    const target = await addFailing(t, await makeFile(t, SIZE), { event: 'write_aio', errno: 5 });
    await t.execute('blockdev-backup', { 'job-id': id, device, target, sync: 'full' });
    const { data } = await t.event('BLOCK_JOB_COMPLETED', { device: id });
    t.check(typeof (data as JsonObject).error === 'string', 'the job must fail', 'it succeeds');
  },
  async cancelled(t, id) {
    await crawlingBackup(t, { 'job-id': id });
    await cancelled(t, id);
  },
};

/** The cases of names. */
export const namesOfJobs: readonly CaseDefinition[] = [
  {
    id: 'job-states/gone-however-it-ended',
    title: 'Of a job that ended well, badly or early no verb finds anything',
    requirements: [
      'block-job-dismiss/not-needed',
      'block-job-cancel/no-job',
      'block-job-complete/no-job',
      'block-job-pause/no-job',
      'block-job-resume/no-job',
      'block-job-set-speed/no-job',
    ],
    needs: needs(backupJobs, verbs, fileNodes, { nodes: ['failing'] }),
    async run(t: CaseContext) {
      for (const end of Object.values(ENDINGS)) {
        const id = t.name('job');
        await end(t, id);
        await checkNoJob(t, id);
        await checkUnknown(t, id);
      }
    },
  },
  {
    id: 'block-job/not-by-other-names',
    title:
      'Verbs find a job by its id alone: not by the name of its drive, its node, its target or part of the id',
    requirements: [
      'query-block-jobs/job-id',
      'jobs/id-taken',
      'block-job-cancel/no-job',
      'block-job-pause/no-job',
    ],
    topology: driveOverBase,
    needs: needs(onDrive('blockdev-backup', 'query-block-jobs'), verbs),
    async run(t: CaseContext) {
      const layers = await driveChain(t, 1);
      const { name: target } = await addRaw(t, SIZE);
      await crawlingBackup(t, { 'job-id': DRIVE });
      const nameless = { device: DRIVE, target, sync: 'none' };
      await t.refused('blockdev-backup', nameless, { text: /in use/ });
      await cancelled(t, DRIVE);
      for (const given of [{ 'job-id': t.name('job') }, {}]) {
        const id = given['job-id'] ?? DRIVE;
        const job = { device: DRIVE, target, sync: 'none', speed: CRAWL };
        await t.execute('blockdev-backup', { ...given, ...job });
        const names = [layers[0]!.node, target, id.slice(0, -1), `${id}x`, ...(id === DRIVE ? [] : [DRIVE])];
        for (const name of names) await checkUnknown(t, name);
        const { paused, speed } = await jobInfo(t, id);
        t.equal(
          { paused, speed } as JsonObject,
          { paused: false, speed: CRAWL },
          'the job must be as it was',
        );
        await cancelled(t, id);
      }
    },
  },
];
