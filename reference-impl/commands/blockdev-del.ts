/** `blockdev-del`: closes a node that the monitor owns. */
import type { Handler } from './handler.ts';

export const blockdevDel: Handler<'blockdev-del'> = async (args, { block }) => {
  await block.delete(args['node-name']);
  return {};
};
