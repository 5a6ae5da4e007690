/** `blockdev-snapshot`: puts an overlay that is open on top of a node. */
import type { BlockdevSnapshot } from '../../spec/generated/qmp.ts';
import { prepareSnapshot } from '../jobs/drained-snapshot.ts';
import type { Handler } from './handler.ts';

export const blockdevSnapshot: Handler = async (args, context) => {
  await context.block.graph.drain();
  await (await prepareSnapshot(context, args as unknown as BlockdevSnapshot)).commit();
  return {};
};
