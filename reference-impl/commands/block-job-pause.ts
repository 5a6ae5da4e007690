/** `block-job-pause`: has a job stop as soon as it can. */
import type { Handler } from './handler.ts';

export const blockJobPause: Handler = (args, { jobs }) => {
  jobs.find(args.device as string).userPause();
  return {};
};
