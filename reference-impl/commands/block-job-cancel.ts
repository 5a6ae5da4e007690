/** `block-job-cancel`: ends a job. One that is ready ends well, without the change of the graph that it could have made. */
import type { Handler } from './handler.ts';

export const blockJobCancel: Handler<'block-job-cancel'> = async (args, { jobs }) => {
  await jobs.find(args.device).userCancel(args.force === true);
  return {};
};
