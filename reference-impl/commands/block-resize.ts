/** `block_resize`: changes the length of a disk while it is open. */
import type { Handler } from './handler.ts';

export const blockResize: Handler<'block_resize'> = async (args, { block }) => {
  const { device, 'node-name': nodeName, size } = args;
  const node = block.graph.lookup(device ?? '', nodeName ?? '');
  await block.resize(node, lengthInBytes(size), device);
  return {};
};

/** Beyond 2^53 a length is rounded; one that is not in whole sectors must stay so. */
function lengthInBytes(size: number | bigint): number {
  return typeof size === 'bigint' && size % 512n !== 0n ? Number.MAX_SAFE_INTEGER : Number(size);
}
