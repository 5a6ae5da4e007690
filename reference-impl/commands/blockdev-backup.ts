/** `blockdev-backup`: copies a node, as it is now, to another. */
import { createBackup } from '../jobs/backup-job.ts';
import type { Handler } from './handler.ts';

export const blockdevBackup: Handler<'blockdev-backup'> = async (args, context) => {
  const { graph } = context.block;
  const source = graph.lookupRoot(args.device);
  const target = graph.lookup(args.target, args.target);
  await createBackup(context, { source, target }, args).start();
  return {};
};
