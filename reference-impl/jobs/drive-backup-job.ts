/** Backup to an image that is made, or opened, for the purpose. */
import type { NewImageMode } from '../../spec/generated/qmp.ts';
import { CommandError } from '../qapi/command-error.ts';
import { type BackupArguments, createBackup } from './backup-job.ts';
import type { Job } from './job.ts';
import type { JobContext } from './job-context.ts';
import type { JobTxn } from './job-txn.ts';
import { attachTargetBacking, openTarget } from './target-image.ts';

export interface DriveBackupArguments extends BackupArguments {
  readonly device: string;
  readonly target: string;
  readonly format?: string;
  readonly mode?: NewImageMode;
  readonly bitmap?: string;
}

/** A new job, not yet started. Throws `CommandError`. */
export async function createDriveBackup(
  context: JobContext,
  args: DriveBackupArguments,
  txn?: JobTxn,
): Promise<Job> {
  const { graph } = context.block;
  const source = graph.lookupRoot(args.device);
  graph.assertAllowed(source, 'backup-source');
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
    return createBackup(context, source, target, { ...args, sync }, bitmap, txn);
  } catch (error) {
    await graph.releaseUnused(target);
    throw error;
  }
}
