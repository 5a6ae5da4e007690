/** `blockdev-add`: opens a block node, and those defined inside it. */
import type { Handler } from './handler.ts';

export const blockdevAdd: Handler<'blockdev-add'> = async (args, { block }) => {
  await block.add(args);
  return {};
};
