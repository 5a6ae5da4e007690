/** `nbd-server-add`: lets clients of the NBD server reach a node. */
import type { Handler } from './handler.ts';

export const nbdServerAdd: Handler = (args, { block, nbd }) => {
  const device = args.device as string;
  const node = block.graph.lookup(device, device);
  nbd.add(node, (args.name as string | undefined) ?? device, args.writable === true);
  return {};
};
