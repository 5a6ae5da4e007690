/** `blockdev-snapshot-internal-sync`: has an image keep what it holds now. */
import { runTransaction } from '../transactions/index.ts';
import type { Handler } from './handler.ts';

export const blockdevSnapshotInternalSync: Handler<'blockdev-snapshot-internal-sync'> = async (
  data,
  context,
) => {
  await runTransaction(context, [{ type: 'blockdev-snapshot-internal-sync', data }]);
  return {};
};
