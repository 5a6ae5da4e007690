/** `query-block`: the drives, the oldest first, those of guest devices that have no name among them. */
import { describeBackend } from '../backend/query-backends.ts';
import type { Handler } from './handler.ts';

export const queryBlock: Handler<'query-block'> = (_args, { block }) =>
  block.backends.all.map(describeBackend);
