/** `x-debug-block-dirty-bitmap-sha256`: a digest of a bitmap's bits. */
import type { Handler } from './handler.ts';

export const xDebugBlockDirtyBitmapSha256: Handler<'x-debug-block-dirty-bitmap-sha256'> = async (
  args,
  { block, hostWork },
) => {
  const { bitmap } = block.bitmap(args.node, args.name);
  return { sha256: await hostWork.track(() => bitmap.sha256()) };
};
