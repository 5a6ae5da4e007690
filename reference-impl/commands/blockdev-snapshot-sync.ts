/** `blockdev-snapshot-sync`: makes an overlay and puts it on top of a drive's medium or a node. */
import { runTransaction } from '../transactions/index.ts';
import type { Handler } from './handler.ts';

export const blockdevSnapshotSync: Handler<'blockdev-snapshot-sync'> = async (data, context) => {
  await runTransaction(context, [{ type: 'blockdev-snapshot-sync', data }]);
  return {};
};
