/** `block-dirty-bitmap-add`: starts to track the writes to a node. */
import { DirtyBitmap } from '../graph/dirty-bitmap.ts';
import type { Node } from '../graph/node.ts';
import { checkPersistent } from '../graph/persistent-bitmaps.ts';
import { CommandError, type Handler } from './command.ts';

const SMALLEST = 512;
/** Clusters decide the default granularity, within these bounds; the upper one serves a node without clusters. */
const DEFAULT_LEAST = 4096;
const DEFAULT_MOST = 65536;

export const blockDirtyBitmapAdd: Handler = (args, { block }) => {
  const name = args.name as string;
  if (name === '') throw new CommandError('Bitmap name cannot be empty');
  const target = args.node as string;
  const node = block.graph.lookup(target, target);
  const granularity = (args.granularity as number | undefined) ?? defaultGranularity(node);
  if (granularity < SMALLEST || !Number.isInteger(Math.log2(granularity)))
    throw new CommandError(`Granularity must be power of 2 and at least ${SMALLEST}`);
  if (args.persistent) checkPersistent(node, name, granularity);
  if (node.bitmaps.find(name)) throw new CommandError(`Bitmap already exists: ${name}`);
  const bitmap = new DirtyBitmap(name, granularity, node.requests.length());
  bitmap.persistent = args.persistent === true;
  node.bitmaps.add(bitmap);
  return {};
};

function defaultGranularity(node: Node): number {
  const clusterSize = node.state.info?.()?.clusterSize || DEFAULT_MOST;
  return Math.min(DEFAULT_MOST, Math.max(DEFAULT_LEAST, clusterSize));
}
