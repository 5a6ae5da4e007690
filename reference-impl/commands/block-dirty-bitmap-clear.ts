/** `block-dirty-bitmap-clear`: forgets what was written, and goes on tracking. */
import { findBitmap } from './bitmap-target.ts';
import type { Handler } from './command.ts';

export const blockDirtyBitmapClear: Handler = (args, { block }) => {
  findBitmap(args, block).bitmap.clear();
  return {};
};
