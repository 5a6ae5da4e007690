/** `query-status`: whether the guest runs. */
import type { Handler } from './handler.ts';

export const queryStatus: Handler<'query-status'> = (_args, { run }) => run.describe();
