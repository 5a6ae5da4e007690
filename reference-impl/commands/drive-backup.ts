/** `drive-backup`: copies a node, as it is now, to an image. */
import { createDriveBackup, type DriveBackupArguments } from '../jobs/drive-backup-job.ts';
import type { Handler } from './handler.ts';

export const driveBackup: Handler = async (args, context) => {
  await (await createDriveBackup(context, args as unknown as DriveBackupArguments)).start();
  return {};
};
