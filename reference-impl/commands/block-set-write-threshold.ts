/** `block-set-write-threshold`: tells once, by an event, when a write passes an offset of a node; 0 ends that. */
import { CommandError, type Handler } from './handler.ts';

export const blockSetWriteThreshold: Handler<'block-set-write-threshold'> = (args, { block }) => {
  const name = args['node-name'];
  const node = block.graph.find(name);
  if (!node) throw new CommandError(`Device '${name}' not found`);
  node.io.setWriteThreshold(args['write-threshold']);
  return {};
};
