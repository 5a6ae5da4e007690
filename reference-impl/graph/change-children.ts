/** Children that come and go while their parent lives, as a quorum's do. */
import { CommandError } from '../qapi/command-error.ts';
import { placeOfChild } from './child-place.ts';
import type { Node, NodeChild } from './node.ts';
import type { NodeGraph } from './node-graph.ts';

/** Throws `CommandError`. */
export function addChild(graph: NodeGraph, parent: Node, node: Node): void {
  const { children } = parent.state;
  if (!children)
    throw new CommandError(`The node ${graph.displayName(parent)} does not support adding a child`);
  if (node.parents.length > 0) throw new CommandError(`The node ${node.name} already has a parent`);
  const name = children.nextName();
  const edge = graph.attach(parent, node, name, parent.driver.children[placeOfChild(name).option]!);
  children.add(name, edge);
}

/** Throws `CommandError`. */
export async function removeChild(graph: NodeGraph, edge: NodeChild): Promise<void> {
  const { parent } = edge;
  const { children } = parent.state;
  if (!children)
    throw new CommandError(`The node ${graph.displayName(parent)} does not support removing a child`);
  children.remove(edge.name);
  await graph.detach(edge);
}
