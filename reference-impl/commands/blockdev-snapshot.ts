/** `blockdev-snapshot`: puts an overlay that is open on top of a node. */
import { prepareSnapshot } from '../graph/drained-snapshot.ts';
import type { Handler } from './handler.ts';

export const blockdevSnapshot: Handler<'blockdev-snapshot'> = async (args, context) => {
  await context.block.graph.drainAll();
  await (await prepareSnapshot(context.block.graph, args)).commit();
  return {};
};
