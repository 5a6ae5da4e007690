/** `query-block-jobs`: the jobs that have not been dismissed, the newest first. */
import type { Handler } from './handler.ts';

export const queryBlockJobs: Handler<'query-block-jobs'> = (_args, { jobs }) =>
  jobs.all.map((job) => job.describe());
