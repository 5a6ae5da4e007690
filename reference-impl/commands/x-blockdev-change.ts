/** `x-blockdev-change`: adds a child to a node or takes one from it, where the driver's children come and go. */
import { addChild, removeChild } from '../graph/change-children.ts';
import { CommandError, type Handler } from './handler.ts';

export const xBlockdevChange: Handler<'x-blockdev-change'> = async (args, { block: { graph } }) => {
  const parent = graph.lookup(args.parent, args.parent);
  const child = args.child;
  const name = args.node;
  if (child === undefined && name === undefined)
    throw new CommandError('Either child or node must be specified');
  if (child !== undefined && name !== undefined)
    throw new CommandError('The parameters child and node are in conflict');
  if (child !== undefined) {
    const edge = parent.child(child);
    if (!edge) throw new CommandError(`Node '${args.parent}' does not have child '${child}'`);
    await removeChild(graph, edge);
  } else {
    const node = graph.find(name!);
    if (!node) throw new CommandError(`Node '${name}' not found`);
    addChild(graph, parent, node);
  }
  return {};
};
