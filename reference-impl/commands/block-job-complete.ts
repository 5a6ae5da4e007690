/** `block-job-complete`: has a job that is ready end, and change the graph. */
import type { Handler } from './handler.ts';

export const blockJobComplete: Handler<'block-job-complete'> = (args, { jobs }) => {
  jobs.find(args.device).complete();
  return {};
};
