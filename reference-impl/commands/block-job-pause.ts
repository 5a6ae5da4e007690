/** `block-job-pause`: has a job stop as soon as it can. */
import type { Handler } from './handler.ts';

export const blockJobPause: Handler<'block-job-pause'> = (args, { jobs }) => {
  jobs.find(args.device).userPause();
  return {};
};
