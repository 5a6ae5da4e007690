/** Looks down chains of backing files. */

import { isZero } from '../host/zero.ts';
import { chainStatus } from './chain-status.ts';
import type { Node } from './node.ts';

/** Bytes that are read at once to look for zeroes. */
const LOOK = 0x100000;

/** `top` and what is below it, down to `base`, which is left out; to the end of the chain without one. */
export function* chain(top: Node | undefined, base?: Node): Generator<Node> {
  for (let node = top; node !== undefined && node !== base; node = node.backing?.node) yield node;
}

/** Whether `node` is `top` or lies below it by backing files. */
export function inChain(top: Node, node: Node): boolean {
  return [...chain(top)].includes(node);
}

/** The node whose backing file is `below`, in the chain of `top`. */
export function overlayOf(top: Node, below: Node): Node | undefined {
  return [...chain(top)].find((node) => node.backing?.node === below);
}

/** Whether `top` itself, not what is below it, decides the contents from `offset` on, and for how many bytes. */
export async function isAllocated(node: Node, offset: number, length: number) {
  const status = await node.io.blockStatus(offset, length);
  return { allocated: status.allocated, length: Math.min(length, status.length) };
}

/**
 * Whether some node from `top` down to `base`, which is left out, decides the contents, and for how many bytes. What a short
 * backing file hides of a longer base is its own: zeroes.
 */
export async function isAllocatedAbove(top: Node, base: Node | undefined, offset: number, length: number) {
  let shared = length;
  const inBase = (base?.io.length() ?? offset) - offset;
  for (const node of chain(top, base)) {
    if (node.io.length() <= offset && inBase > 0)
      return { allocated: true, length: Math.min(shared, inBase) };
    const status = await isAllocated(node, offset, length);
    // What images above leave to it is told of as far as this one goes, also where they have something of their own.
    if (status.allocated) return status;
    shared = Math.min(shared, status.length);
  }
  return { allocated: false, length: shared };
}

/** Whether what is read from the whole chain is zero, data, or neither, and for how many bytes. */
export async function contents(top: Node, offset: number, length: number) {
  const { zero, allocated, length: known } = await chainStatus(top, offset, length);
  const kind = zero ? 'zero' : allocated ? 'data' : 'nothing';
  return { kind, length: known } as const;
}

/** Whether a stretch from `offset` on reads as zeroes, and how long the stretch is of which that is told. */
export async function readsAsZeroes(top: Node, offset: number, length: number) {
  const { kind, length: known } = await contents(top, offset, length);
  if (kind === 'zero') return { zero: true, length: known };
  const data = new Uint8Array(Math.min(known, LOOK));
  await top.io.read(offset, data);
  return { zero: isZero(data), length: data.length };
}
