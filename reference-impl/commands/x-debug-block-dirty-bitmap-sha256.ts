/** `x-debug-block-dirty-bitmap-sha256`: a digest of a bitmap's bits. */
import type { Handler } from './command.ts';

export const xDebugBlockDirtyBitmapSha256: Handler = async (args, { block }) => ({
  sha256: await block.bitmap(args.node as string, args.name as string).bitmap.sha256(),
});
