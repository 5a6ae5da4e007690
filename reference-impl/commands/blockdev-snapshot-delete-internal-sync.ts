/** `blockdev-snapshot-delete-internal-sync`: drops a state that an image keeps. */
import { deleteInternalSnapshot } from '../graph/internal-snapshot.ts';
import type { Handler } from './handler.ts';

export const blockdevSnapshotDeleteInternalSync: Handler = (args, { block }) =>
  deleteInternalSnapshot(block.graph, args.device as string, {
    id: args.id as string | undefined,
    name: args.name as string | undefined,
  });
