/** Jobs of one transaction: how they wait for each other, end together, and where one fails. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, chainNodes, makeEmpty } from '../helpers/backing-chains.ts';
import { addBitmap, checkDirty } from '../helpers/bitmaps.ts';
import { backupAction, reaches, waitingBackup } from '../helpers/job-states.ts';
import { backupJobs, CRAWL, checkNoJob, completed, jobInfo, pendingJobEvents } from '../helpers/job-steps.ts';
import { nodeIo, writeNode } from '../helpers/node-io.ts';
import { addNode, addRaw, KiB, MiB, makeFile, needs, nodeInfo } from '../helpers/shared-setup.ts';

const GROUPED = { 'completion-mode': 'grouped' };
const groups = needs(backupJobs, { commands: ['transaction'], members: ['transaction.properties'] });

/** Adds a node whose reads all fail. */
async function addFailing(t: CaseContext): Promise<string> {
  const node = t.name('failing');
  const file = {
    driver: 'blkdebug',
    image: { driver: 'null-co', size: MiB },
    'inject-error': [{ event: 'read_aio', errno: 5 }],
  };
  await t.execute('blockdev-add', { driver: 'raw', 'node-name': node, file });
  return node;
}

/** Starts two backups in one transaction: one that fails, and a slow one. */
async function startFailing(
  t: CaseContext,
  properties: JsonObject,
): Promise<{ failing: string; slow: string }> {
  const [failing, slow] = [t.name('job'), t.name('job')];
  const device = await addFailing(t);
  const target = await addNode(t, { size: MiB });
  const actions = [
    await backupAction(t, slow, { speed: CRAWL }),
    { type: 'blockdev-backup', data: { 'job-id': failing, device, target, sync: 'full' } },
  ];
  await t.execute('transaction', { actions, properties });
  return { failing, slow };
}

/** The cases of grouped transactions, and of the order of actions. */
export const groupCases: readonly CaseDefinition[] = [
  {
    id: 'transaction/grouped-waits-for-slowest',
    title:
      'A grouped job that has done its work brings no event until the slowest has, and then both complete',
    requirements: ['transaction/grouped', 'BlockJobStatus/waiting'],
    needs: needs(groups, { commands: ['block-job-set-speed'] }),
    async run(t: CaseContext) {
      const { waiting, crawling } = await waitingBackup(t);
      t.contains(
        await jobInfo(t, waiting),
        { offset: MiB, len: MiB },
        'a waiting job must have done its work',
      );
      t.equal(pendingJobEvents(t, waiting), [], 'a waiting job must bring no event');
      await t.execute('block-job-set-speed', { device: crawling, speed: 0 });
      for (const id of [waiting, crawling]) await completed(t, id, 'backup');
      for (const id of [waiting, crawling]) await checkNoJob(t, id);
    },
  },
  {
    id: 'transaction/grouped-waiting-cancelled',
    title: 'Cancelling the job that waits cancels the one that is still at work',
    requirements: ['transaction/grouped', 'BLOCK_JOB_CANCELLED/emitted'],
    needs: groups,
    async run(t: CaseContext) {
      const { waiting, crawling } = await waitingBackup(t);
      await t.execute('block-job-cancel', { device: waiting });
      for (const id of [waiting, crawling]) await t.event('BLOCK_JOB_CANCELLED', { device: id });
      for (const id of [waiting, crawling]) await checkNoJob(t, id);
    },
  },
  {
    id: 'transaction/grouped-failure',
    title: 'When one of two grouped jobs fails it tells its error, and the other is cancelled',
    requirements: ['transaction/grouped', 'BLOCK_JOB_COMPLETED/error'],
    needs: needs(groups, { drivers: ['blkdebug', 'raw', 'null-co'] }),
    async run(t: CaseContext) {
      const { failing, slow } = await startFailing(t, GROUPED);
      const { data } = await t.event('BLOCK_JOB_COMPLETED', { device: failing });
      t.check(
        typeof (data as { error?: unknown }).error === 'string',
        'the job that failed must tell its error',
        'it tells none',
      );
      await t.event('BLOCK_JOB_CANCELLED', { device: slow });
      for (const id of [failing, slow]) await checkNoJob(t, id);
    },
  },
  {
    id: 'transaction/grouped-failure-keeps-bitmaps',
    title:
      'A grouped incremental backup that had done its work keeps its bitmap when another of the group ends early',
    requirements: ['transaction/grouped', 'drive-backup/bitmap-kept'],
    needs: needs(groups, nodeIo, {
      commands: ['block-dirty-bitmap-add', 'drive-backup', 'x-debug-block-dirty-bitmap-sha256'],
      capabilities: ['sharedFiles'],
    }),
    async run(t: CaseContext) {
      const [bitmap, waiting, crawling] = [t.name('bitmap'), t.name('job'), t.name('job')];
      const device = await addNode(t);
      await addBitmap(t, device, bitmap);
      await writeNode(t, device, 0, 64 * KiB, 0x61);
      const target = (await makeFile(t, MiB)).path;
      const incremental = { device, target, sync: 'incremental', bitmap, format: 'raw', mode: 'existing' };
      const actions = [
        await backupAction(t, crawling, { speed: CRAWL }),
        { type: 'drive-backup', data: { 'job-id': waiting, ...incremental } },
      ];
      await t.execute('transaction', { actions, properties: GROUPED });
      await reaches(t, waiting, 'waiting');
      await t.execute('block-job-cancel', { device: crawling });
      for (const id of [waiting, crawling]) await t.event('BLOCK_JOB_CANCELLED', { device: id });
      await checkDirty(t, { node: device, name: bitmap, size: MiB }, [0], 'as before the transaction');
    },
  },
  {
    id: 'transaction/individual-failure',
    title: 'Without completion-mode the failure of one job leaves the other at work',
    requirements: ['transaction/individual'],
    needs: needs(backupJobs, { commands: ['transaction'], drivers: ['blkdebug', 'raw', 'null-co'] }),
    async run(t: CaseContext) {
      const { failing, slow } = await startFailing(t, { 'completion-mode': 'individual' });
      await t.event('BLOCK_JOB_COMPLETED', { device: failing });
      t.contains(await jobInfo(t, slow), { status: 'running' }, 'the other job must go on');
    },
  },
  {
    id: 'transaction/grouped-finalized-together',
    title: 'Grouped jobs that are to be finalized are pending together, and one block-job-finalize ends both',
    requirements: ['block-job-finalize/whole-transaction', 'BLOCK_JOB_PENDING/awaits-finalize'],
    needs: needs(groups, {
      commands: ['block-job-finalize', 'block-job-set-speed'],
      members: ['blockdev-backup.auto-finalize'],
      events: ['BLOCK_JOB_PENDING'],
    }),
    async run(t: CaseContext) {
      const [quick, slow] = [t.name('job'), t.name('job')];
      const manual = { 'auto-finalize': false };
      const actions = [
        await backupAction(t, slow, { speed: CRAWL, ...manual }),
        await backupAction(t, quick, manual),
      ];
      await t.execute('transaction', { actions, properties: GROUPED });
      await reaches(t, quick, 'waiting');
      t.check(
        t.pending().every(({ event }) => event !== 'BLOCK_JOB_PENDING'),
        'BLOCK_JOB_PENDING must not come before all jobs of the transaction have got there',
        'it came',
      );
      await t.execute('block-job-set-speed', { device: slow, speed: 0 });
      for (const id of [quick, slow]) await t.event('BLOCK_JOB_PENDING', { id });
      for (const id of [quick, slow]) await jobInfo(t, id);
      await t.execute('block-job-finalize', { id: quick });
      for (const id of [quick, slow]) await completed(t, id, 'backup');
      for (const id of [quick, slow]) await checkNoJob(t, id);
    },
  },
  {
    id: 'transaction/grouped-one-finalized',
    title: 'Of grouped jobs of which one is to be finalized none ends before that',
    requirements: ['block-job-finalize/whole-transaction', 'BlockJobStatus/pending'],
    needs: needs(groups, {
      commands: ['block-job-finalize'],
      members: ['blockdev-backup.auto-finalize'],
      events: ['BLOCK_JOB_PENDING'],
    }),
    async run(t: CaseContext) {
      for (const which of [0, 1, 2]) {
        const ids = ['first', 'second', 'third'].map((what) => t.name(what));
        const actions: JsonObject[] = [];
        for (const [index, id] of ids.entries())
          actions.push(await backupAction(t, id, { 'auto-finalize': index !== which }));
        await t.execute('transaction', { actions, properties: GROUPED });
        await t.event('BLOCK_JOB_PENDING', { id: ids[which]! });
        for (const id of ids) {
          t.contains(await jobInfo(t, id), { status: 'pending' }, 'each job of the group must be pending');
          t.check(
            !pendingJobEvents(t, id).includes('BLOCK_JOB_COMPLETED'),
            'no job may end before block-job-finalize',
            `${id} has`,
          );
        }
        await t.execute('block-job-finalize', { id: ids[which]! });
        for (const id of ids) await completed(t, id, 'backup');
        for (const id of ids) await checkNoJob(t, id);
      }
    },
  },
  {
    id: 'transaction/backups-stay',
    title: 'A backup that its action lets end only when told so is pending, then concluded, until it is told',
    requirements: [
      'transaction/does-all',
      'block-job-finalize/finalizes',
      'block-job-dismiss/removes',
      'BLOCK_JOB_PENDING/awaits-finalize',
    ],
    needs: needs(backupJobs, {
      commands: ['transaction', 'drive-backup', 'block-job-finalize', 'block-job-dismiss'],
      members: [
        'blockdev-backup.auto-finalize',
        'blockdev-backup.auto-dismiss',
        'drive-backup.auto-finalize',
        'drive-backup.auto-dismiss',
      ],
      events: ['BLOCK_JOB_PENDING'],
      capabilities: ['sharedFiles'],
    }),
    async run(t: CaseContext) {
      const manual = { 'auto-finalize': false, 'auto-dismiss': false };
      const [byNode, byName] = [t.name('job'), t.name('job')];
      const file = { target: (await makeFile(t, MiB)).path, format: 'raw', mode: 'existing' };
      const copy = {
        'job-id': byName,
        device: (await addRaw(t, MiB)).name,
        sync: 'full',
        ...file,
        ...manual,
      };
      await t.execute('transaction', {
        actions: [await backupAction(t, byNode, manual), { type: 'drive-backup', data: copy }],
      });
      for (const id of [byNode, byName]) {
        await t.event('BLOCK_JOB_PENDING', { id });
        t.contains(await jobInfo(t, id), { status: 'pending' }, 'the job must be pending');
        await t.execute('block-job-finalize', { id });
        await completed(t, id, 'backup');
        t.contains(await jobInfo(t, id), { status: 'concluded' }, 'the job must be concluded');
        await t.execute('block-job-dismiss', { id });
        await checkNoJob(t, id);
      }
    },
  },
  {
    id: 'transaction/first-failure-told',
    title:
      'Actions after the one that fails are not done either, and the state is as before; mended, all are',
    requirements: ['transaction/all-or-nothing'],
    needs: needs(chainNodes, { commands: ['transaction', 'blockdev-snapshot'], nodes: ['data'] }),
    async run(t: CaseContext) {
      const [base, overlay] = [await addQcow2(t, await makeEmpty(t)), await addQcow2(t, await makeEmpty(t))];
      const snapshot = { type: 'blockdev-snapshot', data: { node: base, overlay } };
      const missing = { type: 'blockdev-snapshot', data: { node: t.name('nothing'), overlay: base } };
      await t.refused('transaction', { actions: [missing, snapshot] });
      t.contains(
        await nodeInfo(t, overlay),
        { backing_file_depth: 0 },
        'a refused transaction must do nothing',
      );
      await t.execute('transaction', { actions: [snapshot] });
      t.contains(await nodeInfo(t, overlay), { backing_file_depth: 1 }, 'the snapshot must be there');
    },
  },
  {
    id: 'transaction/grouped-paused',
    title: 'A paused job of a group ends with the others when one of them is cancelled',
    requirements: ['transaction/grouped', 'block-job-cancel/resumes-paused'],
    needs: needs(groups, { commands: ['block-job-pause'] }),
    async run(t: CaseContext) {
      const ids = ['first', 'second', 'third'].map((what) => t.name(what));
      const actions: JsonObject[] = [];
      for (const id of ids) actions.push(await backupAction(t, id, { speed: MiB }));
      await t.execute('transaction', { actions, properties: GROUPED });
      for (const id of [ids[0]!, ids[2]!]) {
        await t.execute('block-job-pause', { device: id });
        await reaches(t, id, 'paused');
      }
      await t.execute('block-job-cancel', { device: ids[1]! });
      for (const id of ids) await t.event('BLOCK_JOB_CANCELLED', { device: id });
      for (const id of ids) await checkNoJob(t, id);
    },
  },
];
