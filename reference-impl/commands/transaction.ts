/** `transaction`: several changes as one. */
import type { TransactionAction, TransactionProperties } from '../../spec/generated/qmp.ts';
import { runTransaction } from '../transactions/index.ts';
import type { Handler } from './handler.ts';

export const transaction: Handler = async (args, context) => {
  const { 'completion-mode': mode = 'individual' } = (args.properties ?? {}) as TransactionProperties;
  await runTransaction(context, args.actions as unknown as TransactionAction[], mode);
  return {};
};
