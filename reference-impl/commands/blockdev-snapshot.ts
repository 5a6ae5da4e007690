/** `blockdev-snapshot`: puts an overlay that is open on top of a node. */
import { runTransaction } from '../transactions/index.ts';
import type { Handler } from './handler.ts';

export const blockdevSnapshot: Handler<'blockdev-snapshot'> = async (data, context) => {
  await runTransaction(context, [{ type: 'blockdev-snapshot', data }]);
  return {};
};
