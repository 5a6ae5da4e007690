/** `block-job-complete`: has a job that is ready end, and change the graph. */
import type { Handler } from './handler.ts';

export const blockJobComplete: Handler = (args, { jobs }) => {
  jobs.find(args.device as string).complete();
  return {};
};
