/** `block_resize`: changes the length of a disk while it is open. */
import type { Handler } from './handler.ts';

export const blockResize: Handler = async (args, { block }) => {
  const device = args.device as string | undefined;
  const node = block.graph.lookup(device ?? '', String(args['node-name'] ?? ''));
  await block.resize(node, lengthInBytes(args.size as number | bigint), device);
  return {};
};

/** Beyond 2^53 a length is rounded; one that is not in whole sectors must stay so. */
function lengthInBytes(size: number | bigint): number {
  return typeof size === 'bigint' && size % 512n !== 0n ? Number.MAX_SAFE_INTEGER : Number(size);
}
