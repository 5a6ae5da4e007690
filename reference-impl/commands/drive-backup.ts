/** `drive-backup`: copies a node, as it is now, to an image. */
import { createDriveBackup } from '../jobs/drive-backup-job.ts';
import type { Handler } from './handler.ts';

export const driveBackup: Handler<'drive-backup'> = async (args, context) => {
  await (await createDriveBackup(context, args)).start();
  return {};
};
