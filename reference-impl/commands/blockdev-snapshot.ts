/** `blockdev-snapshot`: puts an overlay that is open on top of a node. */
import { snapshotWithNode } from '../graph/external-snapshot.ts';
import type { Handler } from './command.ts';

export const blockdevSnapshot: Handler = async (args, { block }) => {
  const snapshot = await snapshotWithNode(block, args.node as string, args.overlay as string);
  await snapshot.commit();
  return {};
};
