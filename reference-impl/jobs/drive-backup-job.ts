/** Backup to an image that is made, or opened, for the purpose. */
import type { DriveBackup } from '../../spec/generated/qmp.ts';
import { CommandError } from '../qapi/command-error.ts';
import { createBackup } from './backup-job.ts';
import type { Job } from './job.ts';
import type { JobContext } from './job-context.ts';
import type { JobTxn } from './job-txn.ts';
import { attachTargetBacking, openTarget } from './target-image.ts';

/** A new job, not yet started, which ends together with those of `txn`. Throws `CommandError`. */
export async function createDriveBackup(context: JobContext, args: DriveBackup, txn?: JobTxn): Promise<Job> {
  const { graph } = context.block;
  const source = graph.lookupRoot(args.device);
  graph.assertUnblockedAsBacking(source);
  // Without a backing file the top is all there is.
  const sync = args.sync === 'top' && !source.backing ? 'full' : args.sync;
  const below = sync === 'none' ? source : sync === 'top' ? source.backing?.node : undefined;
  const target = await openTarget(graph, source, {
    filename: args.target,
    format: args.format,
    mode: args.mode,
    backing: below,
    withoutBacking: sync === 'none',
  });
  try {
    if (sync === 'none') attachTargetBacking(graph, target, source);
    const bitmap = args.bitmap === undefined ? undefined : source.bitmaps.find(args.bitmap);
    if (args.bitmap !== undefined && !bitmap)
      throw new CommandError(`Bitmap '${args.bitmap}' could not be found`);
    return createBackup(context, { source, target, bitmap }, { ...args, sync }, txn);
  } catch (error) {
    await graph.releaseUnused(target);
    throw error;
  }
}
