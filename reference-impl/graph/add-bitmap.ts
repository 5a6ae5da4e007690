/** Starts to track the writes to a node: what `block-dirty-bitmap-add` says, alone or in a transaction. */
import type { BlockDirtyBitmapAdd } from '../../spec/generated/qmp.ts';
import { CommandError } from '../qapi/command-error.ts';
import { DirtyBitmap } from './dirty-bitmap.ts';
import type { Node } from './node.ts';
import type { NodeGraph } from './node-graph.ts';
import { checkPersistent } from './persistent-bitmaps.ts';

const SMALLEST = 512;
/** Clusters decide the default granularity, within these bounds; the upper one serves a node without clusters. */
const DEFAULT_LEAST = 4096;
const DEFAULT_MOST = 65536;

/** Throws `CommandError`. */
export function addBitmap(graph: NodeGraph, args: BlockDirtyBitmapAdd): { node: Node; bitmap: DirtyBitmap } {
  const { name, persistent = false } = args;
  if (name === '') throw new CommandError('Bitmap name cannot be empty');
  const node = graph.lookup(args.node, args.node);
  const granularity = args.granularity ?? defaultGranularity(node);
  if (granularity < SMALLEST || !Number.isInteger(Math.log2(granularity)))
    throw new CommandError(`Granularity must be power of 2 and at least ${SMALLEST}`);
  if (persistent) checkPersistent(node, graph.displayName(node), name, granularity);
  if (node.bitmaps.find(name)) throw new CommandError(`Bitmap already exists: ${name}`);
  const bitmap = new DirtyBitmap(name, granularity, node.io.length());
  bitmap.persistent = persistent;
  node.bitmaps.add(bitmap);
  return { node, bitmap };
}

function defaultGranularity(node: Node): number {
  const clusterSize = node.state.info?.()?.clusterSize || DEFAULT_MOST;
  return Math.min(DEFAULT_MOST, Math.max(DEFAULT_LEAST, clusterSize));
}
