/** `blockdev-snapshot-internal-sync`: has an image keep what it holds now. */
import { prepareInternalSnapshot } from '../jobs/drained-snapshot.ts';
import type { Handler } from './handler.ts';

export const blockdevSnapshotInternalSync: Handler<'blockdev-snapshot-internal-sync'> = async (
  args,
  context,
) => {
  await context.block.graph.drain();
  await (await prepareInternalSnapshot(context, args)).commit();
  return {};
};
