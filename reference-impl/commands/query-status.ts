/** `query-status`: whether the guest runs. */
import type { Handler } from './command.ts';

export const queryStatus: Handler = (_args, { run }) => run.describe();
