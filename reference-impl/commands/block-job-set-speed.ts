/** `block-job-set-speed`: limits how many bytes a second a job copies. */
import type { Handler } from './handler.ts';

export const blockJobSetSpeed: Handler = (args, { jobs }) => {
  jobs.find(args.device as string).setSpeed(BigInt(args.speed as number | bigint));
  return {};
};
