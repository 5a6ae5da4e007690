/** Actions that start backups: the jobs are made when all is prepared, and begin when it is committed. */
import { createBackup } from '../jobs/backup-job.ts';
import { createDriveBackup } from '../jobs/drive-backup-job.ts';
import type { Job } from '../jobs/job.ts';
import type { Action, PreparedAction } from './action.ts';

export const blockdevBackup: Action<'blockdev-backup'> = {
  groups: true,
  prepare: (data, context) => {
    const { graph } = context.block;
    const source = graph.lookupRoot(data.device);
    const target = graph.lookup(data.target, data.target);
    return prepared(createBackup(context, { source, target }, data, context.txn));
  },
};

export const driveBackup: Action<'drive-backup'> = {
  groups: true,
  prepare: async (data, context) => prepared(await createDriveBackup(context, data, context.txn)),
};

function prepared(job: Job): PreparedAction {
  return { commit: () => job.start(), abort: () => job.cancel() };
}
