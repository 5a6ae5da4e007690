/** `block-job-finalize`: lets a job that has done its work, and its group with it, end. */
import type { Handler } from './handler.ts';

export const blockJobFinalize: Handler<'block-job-finalize'> = async (args, { jobs }) => {
  await jobs.find(args.id).finalize();
  return {};
};
