/** `blockdev-snapshot-internal-sync`: has an image keep what it holds now. */
import { takeInternalSnapshot } from '../graph/internal-snapshot.ts';
import type { Handler } from './command.ts';

export const blockdevSnapshotInternalSync: Handler = async (args, { block }) => {
  await takeInternalSnapshot(block, args.device as string, args.name as string);
  return {};
};
