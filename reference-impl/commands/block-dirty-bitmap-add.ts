/** `block-dirty-bitmap-add`: starts to track the writes to a node. */
import { addBitmap, type BitmapArguments } from '../graph/add-bitmap.ts';
import type { Handler } from './handler.ts';

export const blockDirtyBitmapAdd: Handler = (args, { block }) => {
  addBitmap(block.graph, args as unknown as BitmapArguments);
  return {};
};
