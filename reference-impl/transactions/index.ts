/** The actions of the reference, in the order of their names, and how a transaction carries them out: all, or none. */
import type { ActionCompletionMode, TransactionAction } from '../../spec/generated/qmp.ts';
import type { JobContext } from '../jobs/job-context.ts';
import { JobTxn } from '../jobs/job-txn.ts';
import { CommandError } from '../qapi/command-error.ts';
import { abort } from './abort-action.ts';
import type { Action, ActionType, PreparedAction } from './action.ts';
import { blockdevBackup, driveBackup } from './backup-actions.ts';
import { blockDirtyBitmapAdd, blockDirtyBitmapClear } from './bitmap-actions.ts';
import { blockdevSnapshot, blockdevSnapshotInternalSync, blockdevSnapshotSync } from './snapshot-actions.ts';

export const actions = {
  abort,
  'block-dirty-bitmap-add': blockDirtyBitmapAdd,
  'block-dirty-bitmap-clear': blockDirtyBitmapClear,
  'blockdev-backup': blockdevBackup,
  'blockdev-snapshot': blockdevSnapshot,
  'blockdev-snapshot-internal-sync': blockdevSnapshotInternalSync,
  'blockdev-snapshot-sync': blockdevSnapshotSync,
  'drive-backup': driveBackup,
} satisfies { readonly [T in ActionType]: Action<T> };

/** Throws `CommandError`, and then nothing has changed. */
export async function runTransaction(
  { block, jobs }: JobContext,
  given: readonly TransactionAction[],
  mode: ActionCompletionMode,
): Promise<void> {
  const context = { block, jobs, txn: mode === 'grouped' ? new JobTxn() : undefined };
  await block.graph.drain();
  const prepared: PreparedAction[] = [];
  try {
    for (const { type, data } of given) {
      const action = actions[type] as Action<ActionType>;
      if (mode === 'grouped' && !action.groups)
        throw new CommandError(
          `Action '${type}' does not support Transaction property completion-mode = grouped`,
        );
      prepared.push(await action.prepare(data as never, context));
    }
  } catch (error) {
    for (const action of prepared.toReversed()) await action.abort?.();
    throw error;
  }
  for (const action of prepared) await action.commit?.();
}
