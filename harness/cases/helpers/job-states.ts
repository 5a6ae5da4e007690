/** Jobs brought into a state of `BlockJobStatus`, on purpose, and kept there. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext } from '../case.ts';
import { addImage, CHAIN_SIZE } from './backing-chains.ts';
import { CRAWL, crawlingBackup, jobInfo, readyMirror } from './job-steps.ts';
import { addNode, addRaw, KiB, MiB } from './shared-setup.ts';

/** Waits until a job that is on its way to a state is in it. */
export async function reaches(t: CaseContext, id: string, status: string): Promise<void> {
  if ((await jobInfo(t, id)).status === status) return;
  if (t.endpointSchema.events.has('JOB_STATUS_CHANGE')) await t.event('JOB_STATUS_CHANGE', { id, status });
  // Jobs look around every tenth of a second, and those of earlier endpoints when their limit lets them go on.
  else
    for (let looks = 0; looks < 20 && (await jobInfo(t, id)).status !== status; looks += 1)
      await t.elapse(200);
  t.contains(await jobInfo(t, id), { status }, `the job must become ${status}`);
}

/** A mirror that is running and far from ready. */
export async function crawlingMirror(t: CaseContext): Promise<string> {
  const { node: device } = await addImage(t);
  const target = (await addRaw(t, CHAIN_SIZE)).name;
  const id = t.name('job');
  const slowly = { speed: 1, granularity: 16 * KiB, 'buf-size': 16 * KiB };
  await t.execute('blockdev-mirror', { 'job-id': id, device, target, sync: 'full', ...slowly });
  return id;
}

/** The action that backs up a node of its own; a crawling one never ends by itself. */
export async function backupAction(
  t: CaseContext,
  id: string,
  options: JsonObject = {},
): Promise<JsonObject> {
  const size = options.speed === undefined ? MiB : 64 * MiB;
  const [device, target] = [await addNode(t, { size }), await addNode(t, { size })];
  return { type: 'blockdev-backup', data: { 'job-id': id, device, target, sync: 'full', ...options } };
}

/** Two backups of one transaction that end together: one has done its work and waits for the other, which crawls. */
export async function waitingBackup(t: CaseContext): Promise<{ waiting: string; crawling: string }> {
  const [waiting, crawling] = [t.name('job'), t.name('job')];
  const actions = [await backupAction(t, crawling, { speed: CRAWL }), await backupAction(t, waiting)];
  await t.execute('transaction', { actions, properties: { 'completion-mode': 'grouped' } });
  await reaches(t, waiting, 'waiting');
  return { waiting, crawling };
}

/** A job in each state that lasts, by the name of the state; gives its id. */
export const JOB_IN = {
  running: crawlingMirror,
  async paused(t) {
    // Slow enough to last, and fast enough to look soon whether it is to pause.
    const id = await crawlingBackup(t, { speed: MiB });
    await t.execute('block-job-pause', { device: id });
    await reaches(t, id, 'paused');
    return id;
  },
  ready: async (t) => (await readyMirror(t)).id,
  async standby(t) {
    const { id } = await readyMirror(t);
    await t.execute('block-job-pause', { device: id });
    await reaches(t, id, 'standby');
    return id;
  },
  waiting: async (t) => (await waitingBackup(t)).waiting,
  async pending(t) {
    const id = await crawlingBackup(t, { speed: 0, 'auto-finalize': false });
    await reaches(t, id, 'pending');
    return id;
  },
  async concluded(t) {
    const id = await crawlingBackup(t, { speed: 0, 'auto-dismiss': false });
    await reaches(t, id, 'concluded');
    return id;
  },
} as const satisfies Record<string, (t: CaseContext) => Promise<string>>;
