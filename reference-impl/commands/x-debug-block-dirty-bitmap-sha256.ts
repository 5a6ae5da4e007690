/** `x-debug-block-dirty-bitmap-sha256`: a digest of a bitmap's bits. */
import { findBitmap } from './bitmap-target.ts';
import type { Handler } from './command.ts';

export const xDebugBlockDirtyBitmapSha256: Handler = (args, { block }) => ({
  sha256: findBitmap(args, block).bitmap.sha256(),
});
