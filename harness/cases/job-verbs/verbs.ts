/** What the verbs of block jobs do to jobs that have requests in flight, stand still, or belong together. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { shown } from '../case-text.ts';
import { addChain, addImage, CHAIN_SIZE, chainNodes, readImage } from '../helpers/backing-chains.ts';
import { offsetOf } from '../helpers/job-pace.ts';
import { crawlingMirror, reaches } from '../helpers/job-states.ts';
import {
  backupJobs,
  CRAWL,
  cancelled,
  checkNoJob,
  completed,
  crawlingBackup,
  findJob,
  jobInfo,
  mirrorJobs,
  pendingJobEvents,
  readyMirror,
} from '../helpers/job-steps.ts';
import { nodeIo, openIo } from '../helpers/node-io.ts';
import { addNode, addRaw, fileNodes, KiB, MiB, needs, nodeInfo, queryList } from '../helpers/shared-setup.ts';

/** How long a request takes that is in flight while something else happens, in nanoseconds. */
const LATENCY = 300_000_000;

/** Starts a backup whose target takes its time for every request: one is in flight from the start. */
async function slowBackup(t: CaseContext): Promise<string> {
  const device = await addNode(t, { size: MiB });
  const target = t.name('slow');
  await t.execute('blockdev-add', {
    driver: 'null-co',
    'node-name': target,
    size: MiB,
    'latency-ns': LATENCY,
  });
  const id = t.name('job');
  await t.execute('blockdev-backup', { 'job-id': id, device, target, sync: 'full' });
  return id;
}

const slow = needs(backupJobs, { drivers: ['null-co'], members: ['BlockdevOptionsNull.latency-ns'] });

/** The cases of the verbs. */
export const verbCases: readonly CaseDefinition[] = [
  {
    id: 'block-job-cancel/listed-until-ended',
    title:
      'A cancelled job that cannot end at once is listed, and no longer, until BLOCK_JOB_CANCELLED has come',
    requirements: ['block-job-cancel/listed-until-then', 'block-job-complete/cancelled'],
    needs: needs(slow, { commands: ['block-job-complete'] }),
    async run(t: CaseContext) {
      const id = await slowBackup(t);
      const cancel = { execute: 'block-job-cancel', arguments: { device: id }, id: 'cancel' };
      const query = { execute: 'query-block-jobs', id: 'query' };
      // Together, so that the job has no time to end between the two.
      const { messages } = await t.raw(
        [cancel, query].map((command) => `${JSON.stringify(command)}\n`).join(''),
      );
      const at = messages.findIndex((message) => message.id === 'query');
      t.check(at !== -1, 'both commands must be answered', `the endpoint sent ${shown([...messages])}`);
      const jobs = messages[at]!.return as readonly JsonObject[];
      const listed = jobs.some(({ device }) => device === id);
      const told = messages.slice(0, at).some(({ event }) => event === 'BLOCK_JOB_CANCELLED');
      t.check(
        listed !== told,
        'a cancelled job must be listed until its event has come, and not afterwards',
        listed ? 'its event had come, and it is listed' : 'it is not listed, and its event had not come',
      );
      if (listed) await t.refused('block-job-complete', { device: id });
      if (!messages.some(({ event }) => event === 'BLOCK_JOB_CANCELLED'))
        await t.event('BLOCK_JOB_CANCELLED', { device: id });
      await checkNoJob(t, id);
    },
  },
  {
    id: 'query-block-jobs/busy-in-flight',
    title: 'A job with a request in flight is busy',
    requirements: ['query-block-jobs/quiescent-when-not-busy'],
    needs: slow,
    async run(t: CaseContext) {
      const id = await slowBackup(t);
      t.contains(await jobInfo(t, id), { busy: true }, 'a job with a request in flight must be busy');
    },
  },
  {
    id: 'block-job-pause/stands-still',
    title:
      'A paused job becomes quiescent, copies nothing however long it is paused, and goes on where it was',
    requirements: [
      'block-job-pause/pauses',
      'block-job-resume/resumes',
      'query-block-jobs/quiescent-when-not-busy',
      'query-block-jobs/progress',
    ],
    needs: needs(backupJobs, { commands: ['block-job-pause', 'block-job-resume', 'block-job-set-speed'] }),
    async run(t: CaseContext) {
      const id = await crawlingBackup(t, { speed: MiB });
      await t.execute('block-job-pause', { device: id });
      await reaches(t, id, 'paused');
      const before = await jobInfo(t, id);
      t.contains(before, { busy: false, paused: true }, 'a paused job must not be busy');
      await t.execute('block-job-set-speed', { device: id, speed: 0 });
      await t.elapse(t.virtualTime ? 5_000 : 200);
      t.contains(
        await jobInfo(t, id),
        { offset: before.offset ?? null, status: 'paused', speed: 0 },
        'a paused job must stand still, whatever its speed',
      );
      await t.execute('block-job-resume', { device: id });
      await completed(t, id, 'backup');
    },
  },
  {
    id: 'block-job-cancel/paused-with-force',
    title: 'A paused job that is cancelled with force goes on by itself to its end, in standby too',
    requirements: ['block-job-cancel/resumes-paused', 'block-job-pause/pauses'],
    needs: needs(mirrorJobs, { commands: ['block-job-pause', 'blockdev-backup'] }),
    async run(t: CaseContext) {
      const paused = await crawlingBackup(t, { speed: MiB });
      const { id: standby } = await readyMirror(t);
      for (const [id, state] of [
        [paused, 'paused'],
        [standby, 'standby'],
      ] as const) {
        await t.execute('block-job-pause', { device: id });
        await reaches(t, id, state);
        await t.refused('block-job-cancel', { device: id });
        await t.execute('block-job-cancel', { device: id, force: true });
      }
      await t.event('BLOCK_JOB_CANCELLED', { device: paused });
      await checkNoJob(t, paused);
      for (let look = 0; look < 20 && (await findJob(t, standby)) !== undefined; look += 1)
        await t.elapse(50);
      await checkNoJob(t, standby);
    },
  },
  {
    id: 'block-job-complete/crawling-mirror',
    title:
      'A mirror that is not ready yet cannot be completed; when its limit is gone and it is ready it can',
    requirements: ['block-job-complete/not-ready', 'query-block-jobs/ready', 'BLOCK_JOB_READY/emitted'],
    needs: needs(mirrorJobs, fileNodes, { commands: ['block-job-complete', 'block-job-set-speed'] }),
    async run(t: CaseContext) {
      const id = await crawlingMirror(t);
      t.contains(
        await jobInfo(t, id),
        { ready: false, status: 'running' },
        'a crawling mirror must not be ready',
      );
      await t.refused('block-job-complete', { device: id });
      t.equal(pendingJobEvents(t, id), [], 'a mirror that is not ready must bring no event');
      await t.execute('block-job-set-speed', { device: id, speed: 0 });
      await t.event('BLOCK_JOB_READY', { device: id });
      t.contains(
        await jobInfo(t, id),
        { ready: true, status: 'ready' },
        'a mirror must be ready after its event',
      );
      await t.execute('block-job-complete', { device: id });
      await completed(t, id, 'mirror');
    },
  },
  {
    id: 'query-block-jobs/running-at-once',
    title: 'A backup runs from its start on, also while the first request that it makes is not done',
    requirements: ['BlockJobStatus/running'],
    needs: needs(backupJobs, { drivers: ['null-co'] }),
    async run(t: CaseContext) {
      const id = await slowBackup(t);
      t.contains(
        await jobInfo(t, id),
        { offset: 0, status: 'running', paused: false },
        'a job must run before it has done anything',
      );
      await cancelled(t, id);
    },
  },
  {
    id: 'query-block-jobs/speed-default',
    title: 'A job that was started without speed, of any kind, has speed 0, which is no limit',
    requirements: ['block-job-set-speed/default'],
    needs: needs(mirrorJobs, chainNodes, { commands: ['block-commit', 'block-job-complete'] }),
    async run(t: CaseContext) {
      const { id: mirror } = await readyMirror(t);
      const [, top] = await addChain(t, 2);
      const commit = t.name('job');
      await t.execute('block-commit', { 'job-id': commit, device: top!.node });
      await t.event('BLOCK_JOB_READY', { device: commit });
      for (const id of [mirror, commit]) {
        t.contains(await jobInfo(t, id), { speed: 0 }, 'a job without speed must have speed 0');
        await t.execute('block-job-complete', { device: id });
        const { data } = await t.event('BLOCK_JOB_COMPLETED', { device: id });
        t.contains(data ?? null, { speed: 0 }, 'the event of its end must tell speed 0');
      }
    },
  },
  {
    id: 'query-block-jobs/offset-grows',
    title: 'The offset of a running job grows with its work, never shrinks and never exceeds len',
    requirements: ['query-block-jobs/progress'],
    needs: needs(backupJobs, { commands: ['block-job-set-speed'] }),
    async run(t: CaseContext) {
      const id = await crawlingBackup(t, { speed: 8 * MiB });
      const seen: number[] = [await offsetOf(t, id)];
      for (let look = 0; look < 3; look += 1) {
        await t.elapse(t.virtualTime ? 1_500 : 130);
        const { offset, len } = await jobInfo(t, id);
        t.check(
          Number(offset) <= Number(len),
          'the offset must not exceed len',
          `${shown(offset)} of ${shown(len)}`,
        );
        seen.push(Number(offset));
      }
      t.check(
        seen.every((offset, index) => index === 0 || offset >= seen[index - 1]!),
        'the offset must never shrink',
        `it was ${seen.join(', ')}`,
      );
      t.check(
        seen.at(-1)! > seen[0]!,
        'the offset must grow while the job works',
        `it was ${seen.join(', ')}`,
      );
      await cancelled(t, id);
    },
  },
  {
    id: 'query-block-jobs/several',
    title:
      'Jobs of different kinds are listed side by side, each with its own type, id and nodes, in any order',
    requirements: ['BlockJobType/names', 'query-block-jobs/lists-jobs', 'query-block-jobs/job-id'],
    needs: needs(mirrorJobs, chainNodes, {
      commands: ['block-commit', 'block-stream', 'blockdev-backup'],
    }),
    async run(t: CaseContext) {
      const [, , toStream] = await addChain(t, 3);
      const [, middle, toCommit] = await addChain(t, 3);
      const ids = {
        backup: await crawlingBackup(t),
        mirror: await crawlingMirror(t),
        stream: '',
        commit: '',
      };
      ids.stream = t.name('job');
      ids.commit = t.name('job');
      await t.execute('block-stream', { 'job-id': ids.stream, device: toStream!.node, speed: CRAWL });
      const committed = { device: toCommit!.node, top: middle!.file.path, speed: CRAWL };
      await t.execute('block-commit', { 'job-id': ids.commit, ...committed });
      const jobs = await queryList(t, 'query-block-jobs');
      t.equal(
        Object.fromEntries(jobs.map(({ device, type }) => [String(device), type ?? null])),
        Object.fromEntries(Object.entries(ids).map(([type, id]) => [id, type])),
        'query-block-jobs must list every job with its type',
      );
      await cancelled(t, ids.backup);
      await checkNoJob(t, ids.backup);
      t.contains(
        await jobInfo(t, ids.mirror),
        { type: 'mirror' },
        'another job must go on when one has ended',
      );
    },
  },
  {
    id: 'block-job-finalize/graph-change-waits',
    title: 'The chain of a pending stream or commit is as before, and changes when it is finalized',
    requirements: ['block-job-finalize/graph-changes', 'BLOCK_JOB_PENDING/awaits-finalize'],
    needs: needs(chainNodes, {
      commands: ['block-stream', 'block-commit', 'block-job-finalize', 'query-block-jobs'],
      members: ['block-stream.auto-finalize'],
      events: ['BLOCK_JOB_PENDING', 'BLOCK_JOB_COMPLETED'],
    }),
    async run(t: CaseContext) {
      for (const command of ['block-stream', 'block-commit']) {
        const [base, middle, top] = await addChain(t, 3);
        const id = t.name('job');
        const options: JsonObject = command === 'block-commit' ? { top: middle!.file.path } : {};
        await t.execute(command, { 'job-id': id, device: top!.node, 'auto-finalize': false, ...options });
        await t.event('BLOCK_JOB_PENDING', { id });
        const named = async () => (await readImage(t, top!.file)).backing;
        t.equal(await named(), middle!.file.path, 'the image of a pending job must have its backing file');
        await t.execute('block-job-finalize', { id });
        await completed(t, id, command.slice('block-'.length));
        const after = command === 'block-commit' ? base!.file.path : null;
        t.equal(await named(), after, 'the backing file must change when the job is finalized');
        await t.execute('blockdev-del', { 'node-name': middle!.node });
      }
    },
  },
  {
    id: 'block_resize/in-use-by-job',
    title: 'Source and target of a running backup cannot be resized; when the job has ended they can',
    requirements: ['block_resize/in-use'],
    needs: needs(backupJobs, fileNodes, { commands: ['block_resize'] }),
    async run(t: CaseContext) {
      const { node: device } = await addImage(t);
      const { node: target } = await addImage(t);
      const id = t.name('job');
      await t.execute('blockdev-backup', { 'job-id': id, device, target, sync: 'full', speed: CRAWL });
      const size = 2 * CHAIN_SIZE;
      for (const node of [device, target]) {
        await t.refused('block_resize', { 'node-name': node, size });
        t.contains(
          await nodeInfo(t, node),
          { image: { 'virtual-size': CHAIN_SIZE } },
          'a refused resize must change nothing',
        );
      }
      await cancelled(t, id);
      for (const node of [device, target]) {
        await t.execute('block_resize', { 'node-name': node, size });
        t.contains(
          await nodeInfo(t, node),
          { image: { 'virtual-size': size } },
          'the node must have its new size',
        );
      }
    },
  },
  {
    id: 'block-job-complete/cancelled-when-ready',
    title: 'A ready mirror that was cancelled and has yet to copy a write cannot be completed; it ends well',
    requirements: ['block-job-complete/cancelled', 'block-job-cancel/ready-completes'],
    needs: needs(mirrorJobs, nodeIo, {
      commands: ['block-job-complete'],
      drivers: ['null-co'],
      members: ['BlockdevOptionsNull.latency-ns'],
    }),
    async run(t: CaseContext) {
      const device = (await addRaw(t, MiB)).name;
      const target = t.name('slow');
      const slowNode = { driver: 'null-co', 'node-name': target, size: MiB, 'latency-ns': LATENCY };
      await t.execute('blockdev-add', slowNode);
      // The guest is there before the job: QEMU 10 does not follow one that comes to the node afterwards.
      const guest = await openIo(t, device);
      const id = t.name('job');
      await t.execute('blockdev-mirror', { 'job-id': id, device, target, sync: 'none' });
      await t.event('BLOCK_JOB_READY', { device: id });
      await guest.perform({ kind: 'write', offset: 0, length: 64 * KiB, byte: 0x77 });
      // Together, so that the job has no time to end between the two.
      const { messages } = await t.raw(
        ['block-job-cancel', 'block-job-complete']
          .map((execute) => `${JSON.stringify({ execute, arguments: { device: id }, id: execute })}\n`)
          .join(''),
      );
      const replyTo = (command: string) => messages.find((message) => message.id === command) ?? null;
      t.contains(replyTo('block-job-cancel'), { return: {} }, 'a ready mirror must be cancelled');
      t.contains(
        replyTo('block-job-complete'),
        { error: { class: 'GenericError' } },
        'a job that was cancelled must not be completed',
      );
      if (!messages.some(({ event }) => event === 'BLOCK_JOB_COMPLETED'))
        await t.event('BLOCK_JOB_COMPLETED', { device: id });
      await checkNoJob(t, id);
      await guest.close();
    },
  },
];
