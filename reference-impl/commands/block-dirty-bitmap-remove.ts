/** `block-dirty-bitmap-remove`: stops tracking. */
import { findBitmap } from './bitmap-target.ts';
import type { Handler } from './command.ts';

export const blockDirtyBitmapRemove: Handler = (args, { block }) => {
  const { node, bitmap } = findBitmap(args, block);
  node.bitmaps.remove(bitmap);
  return {};
};
