/** `transaction`: several changes as one. */
import { runTransaction } from '../transactions/index.ts';
import type { Handler } from './handler.ts';

export const transaction: Handler<'transaction'> = async (args, context) => {
  await runTransaction(context, args.actions, args.properties?.['completion-mode']);
  return {};
};
