/** What a node shows, with all its backing files. */
import type { BlockStatus } from '../drivers/driver.ts';
import type { Node } from './node.ts';

/** As `BlockStatus`, with `allocated` for the whole chain from `top` on: not allocated is what nobody has. */
export async function chainStatus(top: Node, offset: number, length: number): Promise<BlockStatus> {
  let status = await top.io.blockStatus(offset, length);
  let known = Math.min(length, status.length);
  for (let below = top.backing; below !== undefined && !decides(status); below = below.node.backing) {
    status = await below.node.io.blockStatus(offset, known);
    known = Math.min(known, status.length);
  }
  return { length: known, zero: status.zero, allocated: status.allocated };
}

function decides({ zero, allocated }: BlockStatus): boolean {
  return zero || allocated;
}
