/** The actions of the reference, in the order of their names, and how a transaction carries them out: all, or none. */
import type { ActionCompletionMode, TransactionAction } from '../../spec/generated/qmp.ts';
import type { JobContext } from '../jobs/job-context.ts';
import { JobTxn } from '../jobs/job-txn.ts';
import { CommandError } from '../qapi/command-error.ts';
import { abort } from './abort-action.ts';
import type { Action, ActionType, GivenAction, PreparedAction, TransactionContext } from './action.ts';
import { blockdevBackup, driveBackup } from './backup-actions.ts';
import { blockDirtyBitmapAdd, blockDirtyBitmapClear } from './bitmap-actions.ts';
import { blockdevSnapshot, blockdevSnapshotInternalSync, blockdevSnapshotSync } from './snapshot-actions.ts';

const actions: { readonly [T in ActionType]: Action<T> } = {
  abort,
  'block-dirty-bitmap-add': blockDirtyBitmapAdd,
  'block-dirty-bitmap-clear': blockDirtyBitmapClear,
  'blockdev-backup': blockdevBackup,
  'blockdev-snapshot': blockdevSnapshot,
  'blockdev-snapshot-internal-sync': blockdevSnapshotInternalSync,
  'blockdev-snapshot-sync': blockdevSnapshotSync,
  'drive-backup': driveBackup,
};

/** Throws `CommandError`, and then nothing has changed. Each job that is started ends for itself, unless they are `grouped`. */
export async function runTransaction(
  { block, jobs }: JobContext,
  given: readonly TransactionAction[],
  mode?: ActionCompletionMode,
): Promise<void> {
  const context = { block, jobs, txn: mode === 'grouped' ? new JobTxn() : undefined };
  await block.graph.drainAll();
  const prepared: PreparedAction[] = [];
  try {
    for (const action of given) prepared.push(await prepare(action, context));
  } catch (error) {
    for (const action of prepared.toReversed()) await action.abort?.();
    throw error;
  }
  for (const action of prepared) await action.commit?.();
}

function prepare<T extends ActionType>(
  { type, data }: GivenAction<T>,
  context: TransactionContext,
): Promise<PreparedAction> | PreparedAction {
  const action = actions[type];
  if (context.txn && !action.groups)
    throw new CommandError(
      `Action '${type}' does not support Transaction property completion-mode = grouped`,
    );
  return action.prepare(data, context);
}
