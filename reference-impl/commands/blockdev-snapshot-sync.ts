/** `blockdev-snapshot-sync`: makes an overlay and puts it on top of a drive's medium or a node. */
import { prepareSnapshotSync } from '../jobs/drained-snapshot.ts';
import type { Handler } from './handler.ts';

export const blockdevSnapshotSync: Handler<'blockdev-snapshot-sync'> = async (args, context) => {
  await context.block.graph.drain();
  await (await prepareSnapshotSync(context, args)).commit();
  return {};
};
