/** Actions that take snapshots. */
import { prepareInternalSnapshot, prepareSnapshot, prepareSnapshotSync } from '../graph/drained-snapshot.ts';
import type { Action } from './action.ts';

export const blockdevSnapshot: Action<'blockdev-snapshot'> = {
  prepare: (data, { block }) => prepareSnapshot(block.graph, data),
};

export const blockdevSnapshotInternalSync: Action<'blockdev-snapshot-internal-sync'> = {
  prepare: (data, { block }) => prepareInternalSnapshot(block.graph, data),
};

export const blockdevSnapshotSync: Action<'blockdev-snapshot-sync'> = {
  prepare: (data, { block }) => prepareSnapshotSync(block.graph, data),
};
