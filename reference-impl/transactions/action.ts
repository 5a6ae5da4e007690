/**
 * What an action of a transaction is: it is prepared, which may fail and then leaves nothing behind; when all have been
 * prepared, each is committed, and if one fails, those before it are taken back.
 */
import type { TransactionAction } from '../../spec/generated/qmp.ts';
import type { JobContext } from '../jobs/job-context.ts';
import type { JobTxn } from '../jobs/job-txn.ts';

export type ActionType = TransactionAction['type'];
export type ActionData<T extends ActionType> = Extract<TransactionAction, { type: T }>['data'];

export interface TransactionContext extends JobContext {
  /** The job transaction, if the jobs that the actions start end together. */
  readonly txn: JobTxn | undefined;
}

export interface PreparedAction {
  commit?(): Promise<void>;
  abort?(): Promise<void>;
}

export interface Action<T extends ActionType> {
  /** It starts a job, which can end together with others. Absent for what fails in any case. */
  readonly groups: boolean;
  /** Throws `CommandError`. */
  prepare(data: ActionData<T>, context: TransactionContext): Promise<PreparedAction> | PreparedAction;
}
