/** `blockdev-snapshot-delete-internal-sync`: drops a state that an image keeps. */
import { deleteInternalSnapshot } from '../graph/internal-snapshot.ts';
import type { Handler } from './handler.ts';

export const blockdevSnapshotDeleteInternalSync: Handler<'blockdev-snapshot-delete-internal-sync'> = (
  args,
  { block },
) =>
  deleteInternalSnapshot(block.graph, args.device, {
    id: args.id,
    name: args.name,
  });
