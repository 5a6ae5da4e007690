/** `block-dirty-bitmap-add`: starts to track the writes to a node. */
import { addBitmap } from '../graph/add-bitmap.ts';
import type { Handler } from './handler.ts';

export const blockDirtyBitmapAdd: Handler<'block-dirty-bitmap-add'> = (args, { block }) => {
  addBitmap(block.graph, args);
  return {};
};
