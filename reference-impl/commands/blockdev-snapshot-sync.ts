/** `blockdev-snapshot-sync`: makes an overlay and puts it on top of a drive's medium or a node. */
import { snapshotWithImage } from '../graph/external-snapshot.ts';
import type { Handler } from './command.ts';

export const blockdevSnapshotSync: Handler = async (args, { block }) => {
  const snapshot = await snapshotWithImage(block, {
    device: args.device as string | undefined,
    nodeName: args['node-name'] as string | undefined,
    filename: args['snapshot-file'] as string,
    snapshotNodeName: args['snapshot-node-name'] as string | undefined,
    format: (args.format as string | undefined) ?? 'qcow2',
    existing: args.mode === 'existing',
  });
  await snapshot.commit();
  return {};
};
