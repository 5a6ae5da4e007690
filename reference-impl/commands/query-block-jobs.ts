/** `query-block-jobs`: the jobs in progress. No command of this endpoint starts one yet. */
import type { Handler } from './command.ts';

export const queryBlockJobs: Handler = () => [];
