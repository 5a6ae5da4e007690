/** `block-job-dismiss`: forgets a job that has ended. */
import type { Handler } from './handler.ts';

export const blockJobDismiss: Handler<'block-job-dismiss'> = async (args, { jobs }) => {
  await jobs.find(args.id).userDismiss();
  return {};
};
