/** `blockdev-snapshot-internal-sync`: has an image keep what it holds now. */
import { prepareInternalSnapshot } from '../graph/drained-snapshot.ts';
import type { Handler } from './handler.ts';

export const blockdevSnapshotInternalSync: Handler<'blockdev-snapshot-internal-sync'> = async (
  args,
  context,
) => {
  await context.block.graph.drainAll();
  await (await prepareInternalSnapshot(context.block.graph, args)).commit();
  return {};
};
