/** `blockdev-backup`: copies a node, as it is now, to another. */
import { type BackupArguments, createBackup } from '../jobs/backup-job.ts';
import type { Handler } from './handler.ts';

export const blockdevBackup: Handler = async (args, context) => {
  const { graph } = context.block;
  const source = graph.lookupRoot(args.device as string);
  const target = graph.lookup(args.target as string, args.target as string);
  await createBackup(context, source, target, args as unknown as BackupArguments).start();
  return {};
};
