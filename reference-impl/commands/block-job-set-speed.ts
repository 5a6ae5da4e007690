/** `block-job-set-speed`: limits how many bytes a second a job copies. */
import type { Handler } from './handler.ts';

export const blockJobSetSpeed: Handler<'block-job-set-speed'> = (args, { jobs }) => {
  jobs.find(args.device).setSpeed(BigInt(args.speed));
  return {};
};
