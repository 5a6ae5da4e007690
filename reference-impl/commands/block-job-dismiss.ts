/** `block-job-dismiss`: forgets a job that has ended. */
import type { Handler } from './handler.ts';

export const blockJobDismiss: Handler = async (args, { jobs }) => {
  await jobs.find(args.id as string).userDismiss();
  return {};
};
