/**
 * What an action of a transaction is: it is prepared, which may fail and then leaves nothing behind; when all have been
 * prepared, each is committed, and if one fails, those before it are taken back.
 */
import type { TransactionAction } from '../../spec/generated/qmp.ts';
import type { JobContext } from '../jobs/job-context.ts';
import type { JobTxn } from '../jobs/job-txn.ts';

export type ActionType = TransactionAction['type'];
type DataByType = { [A in TransactionAction as A['type']]: A['data'] };
/** An action of type `T` as it is asked for. */
export type GivenAction<T extends ActionType = ActionType> = {
  [K in T]: { readonly type: K; readonly data: DataByType[K] };
}[T];

export interface TransactionContext extends JobContext {
  /** The job transaction, if the jobs that the actions start end together. */
  readonly txn: JobTxn | undefined;
}

export interface PreparedAction {
  commit?(): Promise<void>;
  abort?(): Promise<void>;
}

export interface Action<T extends ActionType> {
  /** It starts a job, which can end together with others; or fails in any case. */
  readonly groups?: true;
  /** Throws `CommandError`. */
  prepare(data: DataByType[T], context: TransactionContext): Promise<PreparedAction> | PreparedAction;
}
