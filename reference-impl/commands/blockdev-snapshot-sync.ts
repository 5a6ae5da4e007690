/** `blockdev-snapshot-sync`: makes an overlay and puts it on top of a drive's medium or a node. */
import { prepareSnapshotSync } from '../graph/drained-snapshot.ts';
import type { Handler } from './handler.ts';

export const blockdevSnapshotSync: Handler<'blockdev-snapshot-sync'> = async (args, context) => {
  await context.block.graph.drainAll();
  await (await prepareSnapshotSync(context.block.graph, args)).commit();
  return {};
};
