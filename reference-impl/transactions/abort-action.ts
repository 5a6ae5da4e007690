/** `abort`: fails, for tests. */
import { CommandError } from '../qapi/command-error.ts';
import type { Action } from './action.ts';

export const abort: Action<'abort'> = {
  groups: true,
  prepare: () => {
    throw new CommandError('Transaction aborted using Abort action');
  },
};
