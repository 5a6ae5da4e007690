/** `block-dirty-bitmap-remove`: stops tracking. */
import type { Handler } from './command.ts';

export const blockDirtyBitmapRemove: Handler = (args, { block }) => {
  const { node, bitmap } = block.bitmap(args.node as string, args.name as string);
  bitmap.assertNotFrozen('removed');
  node.bitmaps.remove(bitmap);
  return {};
};
