/** Whether a new image reads as zeroes, so that what the source has no data for need not be written. */
import type { Node } from '../graph/node.ts';

export function hasZeroInit(node: Node): boolean {
  if (node.backing) return false;
  const file = node.child('file');
  return file ? hasZeroInit(file.node) : node.driverName === 'file';
}
