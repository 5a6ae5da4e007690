/** The bitmap that the arguments `node` and `name` of a command mean. */
import type { JsonObject } from '../../spec/json.ts';
import type { BlockLayer } from '../graph/block-layer.ts';
import type { DirtyBitmap } from '../graph/dirty-bitmap.ts';
import type { Node } from '../graph/node.ts';
import { CommandError } from './command.ts';

export function findBitmap(args: JsonObject, block: BlockLayer): { node: Node; bitmap: DirtyBitmap } {
  const node = block.graph.find(args.node as string);
  if (!node) throw new CommandError(`Node '${args.node}' not found`);
  const bitmap = node.bitmaps.find(args.name as string);
  if (!bitmap) throw new CommandError(`Dirty bitmap '${args.name}' not found`);
  return { node, bitmap };
}
