/** `block-job-resume`: lets a paused job go on, and forgets the error that paused it. */
import type { Handler } from './handler.ts';

export const blockJobResume: Handler<'block-job-resume'> = (args, { jobs }) => {
  jobs.find(args.device).userResume();
  return {};
};
