/** Jobs as the queries list them: which query tells of them, how one is named, whether it is under way. */
import { isJsonObject, type Json, type JsonObject, stringifyJson } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';

/** The first tells of jobs of every kind, the second of block jobs only. */
export const JOB_QUERIES = ['query-jobs', 'query-block-jobs'] as const;

/** The query that tells of most jobs; null if the endpoint offers none. */
export function jobsQuery({ commands }: Schema): string | null {
  return JOB_QUERIES.find((name) => commands.has(name)) ?? null;
}

/** The job's id, whichever of the queries lists it. */
export function jobId({ id, device }: JsonObject): string {
  return String(id ?? device);
}

/** Statuses in which nothing happens until somebody tells the job to go on, or to go. */
const AT_REST: ReadonlySet<Json | undefined> = new Set(['paused', 'standby', 'pending', 'concluded', 'null']);

/**
 * Whether nothing happens in a job until somebody tells it to. `readyToo`: also in one that is ready, which still says so
 * for a while after it was told to complete.
 */
export function isAtRest({ status, paused, ready }: JsonObject, readyToo: boolean): boolean {
  return paused === true || AT_REST.has(status) || (readyToo && (ready === true || status === 'ready'));
}

/** Whether any of the jobs in a query's answer gets on without anybody doing anything. */
export function isAnyUnderWay(jobs: Json | undefined, readyToo: boolean): boolean {
  return Array.isArray(jobs) && jobs.some((job) => isJsonObject(job) && !isAtRest(job, readyToo));
}

/** How the block jobs in an answer stand, in any order: equal texts for equal jobs, of endpoints of any release. */
export function phasesOf(blockJobs: readonly Json[]): string {
  return blockJobs.map(phaseOf).toSorted().join(' ');
}

function phaseOf(job: Json): string {
  if (!isJsonObject(job)) return stringifyJson(job);
  const { ready, paused } = job;
  return `${jobId(job)}:${ready === true ? 'ready' : ''}:${paused === true ? 'paused' : ''}`;
}
