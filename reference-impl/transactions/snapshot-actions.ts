/** Actions that take snapshots. */
import { prepareInternalSnapshot, prepareSnapshot, prepareSnapshotSync } from '../jobs/drained-snapshot.ts';
import type { Action } from './action.ts';

export const blockdevSnapshot: Action<'blockdev-snapshot'> = {
  groups: false,
  prepare: (data, context) => prepareSnapshot(context, data),
};

export const blockdevSnapshotInternalSync: Action<'blockdev-snapshot-internal-sync'> = {
  groups: false,
  prepare: (data, context) => prepareInternalSnapshot(context, data),
};

export const blockdevSnapshotSync: Action<'blockdev-snapshot-sync'> = {
  groups: false,
  prepare: (data, context) => prepareSnapshotSync(context, data),
};
