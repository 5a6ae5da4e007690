/** `block-dirty-bitmap-remove`: stops tracking. */
import { removeBitmap } from '../graph/persistent-bitmaps.ts';
import type { Handler } from './handler.ts';

export const blockDirtyBitmapRemove: Handler<'block-dirty-bitmap-remove'> = async (args, { block }) => {
  const { node, bitmap } = block.bitmap(args.node, args.name);
  bitmap.assertNotFrozen('removed');
  await removeBitmap(node, bitmap);
  return {};
};
