/** `nbd-server-add`: lets clients of the NBD server reach a node. */
import type { Handler } from './handler.ts';

export const nbdServerAdd: Handler<'nbd-server-add'> = (args, { block, nbd }) => {
  const device = args.device;
  const node = block.graph.lookup(device, device);
  nbd.add(node, args.name ?? device, args.writable === true);
  return {};
};
