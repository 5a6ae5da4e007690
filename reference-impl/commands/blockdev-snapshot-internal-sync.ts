/** `blockdev-snapshot-internal-sync`: has an image keep what it holds now. */
import type { BlockdevSnapshotInternal } from '../../spec/generated/qmp.ts';
import { prepareInternalSnapshot } from '../jobs/drained-snapshot.ts';
import type { Handler } from './handler.ts';

export const blockdevSnapshotInternalSync: Handler = async (args, context) => {
  await context.block.graph.drain();
  await (await prepareInternalSnapshot(context, args as unknown as BlockdevSnapshotInternal)).commit();
  return {};
};
