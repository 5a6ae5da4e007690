/** `query-status`: whether the guest runs. */
import type { Handler } from './handler.ts';

export const queryStatus: Handler = (_args, { run }) => run.describe();
