/** `block_resize`: changes the length of a disk while it is open. */
import type { Handler } from './command.ts';

export const blockResize: Handler = async (args, { block }) => {
  const node = block.graph.lookup(String(args.device ?? ''), String(args['node-name'] ?? ''));
  await block.resize(node, Number(args.size));
  return {};
};
