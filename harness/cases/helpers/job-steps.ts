/** Block jobs put into a known state, and what their queries and events tell. Shared by the cases of all job commands. */
import type { Json, JsonObject } from '../../../spec/json.ts';
import type { CaseContext, EventReply, Needs } from '../case.ts';
import { shown } from '../case-text.ts';
import { addNode, addRaw, dataNodes, MiB, needs, queryList } from './shared-setup.ts';

/** Bytes a second at which a job of these sizes never ends by itself. */
export const CRAWL = 1024;

const BIG = 64 * MiB;

const jobEvents = ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED'];

/** What `crawlingBackup` uses. */
export const backupJobs: Needs = needs(dataNodes, {
  commands: ['blockdev-backup', 'query-block-jobs', 'block-job-cancel'],
  events: jobEvents,
});

/** What `readyMirror` uses. */
export const mirrorJobs: Needs = needs(dataNodes, {
  commands: ['blockdev-mirror', 'query-block-jobs', 'block-job-cancel'],
  drivers: ['raw', 'file'],
  capabilities: ['sharedFiles'],
  events: [...jobEvents, 'BLOCK_JOB_READY'],
});

/** Starts a backup that is running, and stays so: it has far more to copy than its speed lets it. Gives its id. */
export async function crawlingBackup(t: CaseContext, options: JsonObject = {}): Promise<string> {
  const id = t.name('job');
  const [device, target] = [await addNode(t, { size: BIG }), await addNode(t, { size: BIG })];
  await t.execute('blockdev-backup', {
    'job-id': id,
    device,
    target,
    sync: 'full',
    speed: CRAWL,
    ...options,
  });
  return id;
}

/** Starts a mirror over 1 MiB of raw files and waits until it is ready. */
export async function readyMirror(
  t: CaseContext,
  options: JsonObject = {},
): Promise<{ id: string; device: string; target: string }> {
  const id = t.name('job');
  const device = (await addRaw(t, MiB)).name;
  const target = (await addRaw(t, MiB)).name;
  await t.execute('blockdev-mirror', { 'job-id': id, device, target, sync: 'full', ...options });
  await t.event('BLOCK_JOB_READY', { device: id });
  return { id, device, target };
}

/** What query-block-jobs says of a job; undefined if it lists none of that id. */
export async function findJob(t: CaseContext, id: string): Promise<JsonObject | undefined> {
  return (await queryList(t, 'query-block-jobs')).find((job) => job.device === id);
}

/** The same of a job that must be there. */
export async function jobInfo(t: CaseContext, id: string): Promise<JsonObject> {
  const job = await findJob(t, id);
  t.check(job !== undefined, `query-block-jobs must list the job ${id}`, 'it does not');
  return job;
}

/** Ends the case with a deviation if the job is still listed. */
export async function checkNoJob(t: CaseContext, id: string): Promise<void> {
  t.check((await findJob(t, id)) === undefined, `query-block-jobs must not list the job ${id}`, 'it does');
}

/** Cancels a job that runs, also a paused one, and waits for its end. */
export async function cancelled(t: CaseContext, id: string): Promise<EventReply> {
  await t.execute('block-job-cancel', { device: id, force: true });
  return t.event('BLOCK_JOB_CANCELLED', { device: id });
}

/** Cancels a mirror that is ready, which is its good end: the target stays as it is. Waits for that. */
export async function endedReady(t: CaseContext, id: string): Promise<EventReply> {
  await t.execute('block-job-cancel', { device: id });
  return t.event('BLOCK_JOB_COMPLETED', { device: id });
}

/** Waits for the successful end of a job of that type, and gives its len and offset. */
export async function succeeded(
  t: CaseContext,
  id: string,
  type: string,
): Promise<{ len: Json; offset: Json }> {
  const { data } = await t.event('BLOCK_JOB_COMPLETED', { device: id });
  t.contains(data ?? null, { type, device: id }, 'the event must name the job and its type');
  const { len = null, offset = null, error } = data as JsonObject;
  t.check(error === undefined, 'the job must succeed', `its error is ${shown(error)}`, {
    requirement: 'BLOCK_JOB_COMPLETED/error',
  });
  return { len, offset };
}

/** The same of a job that had to copy all that its len counts. */
export async function completed(t: CaseContext, id: string, type: string): Promise<void> {
  const { len, offset } = await succeeded(t, id, type);
  t.equal(offset, len, 'the offset at the end of the job must be its len', {
    requirement: 'BLOCK_JOB_COMPLETED/progress',
  });
}

/** Names of the job events of one job that came and were not waited for, in order. */
export function pendingJobEvents(t: CaseContext, id: string): string[] {
  return t
    .pending()
    .filter(({ event, data }) => event.startsWith('BLOCK_JOB_') && (data as JsonObject)?.device === id)
    .map(({ event }) => event);
}
