/** `query-block`: the drives, the oldest first. */
import { describeBackend } from '../backend/query.ts';
import type { Handler } from './command.ts';

export const queryBlock: Handler = (_args, { block }) => block.backends.all.map(describeBackend);
