/**
 * Reference counts of everything below an L1 table, and the marks in the active tables (`copied`) that say what may be
 * written in place: exactly what has a count of 1.
 */
import type { HostOffset } from '../driver.ts';
import type { Image } from './image.ts';
import { COPIED, encodeEntry } from './mapping.ts';
import { clustersOf, l2TablesOf, ownedEntries } from './walk.ts';

/**
 * Raises or lowers the count of every L2 table and cluster below `l1`. Throws `IoError` when a count would leave its
 * width, and has changed nothing then. Under the lock, caches flushed.
 */
export async function changeCounts(image: Image, l1: DataView, by: 1 | -1): Promise<void> {
  const changed: [first: number, count: number][] = [];
  const change = async (first: number, count: number) => {
    for (let cluster = first; cluster < first + count; cluster++) {
      await image.refcounts.change(cluster, 1, by);
      changed.push([cluster, 1]);
    }
  };
  try {
    for await (const { offset, view } of l2TablesOf(image, l1)) {
      for (const { entry } of ownedEntries(image, view)) await change(...clustersOf(image, entry));
      await change(offset / image.clusterSize, 1);
    }
  } catch (error) {
    for (const [first, count] of changed) await image.refcounts.change(first, count, -by);
    throw error;
  }
}

/** Puts the marks of the active tables right, in the file and in memory. Under the lock, caches flushed. */
export async function markCopied(image: Image): Promise<void> {
  const { clusterSize, mapping, refcounts } = image;
  const l1 = mapping.l1;
  let l1Changed = false;
  for await (const { index, offset, view } of l2TablesOf(image, l1)) {
    let changed = false;
    for (const { at, entry } of ownedEntries(image, view)) {
      if (entry.kind === 'compressed' || entry.offset % clusterSize !== 0) continue;
      const copied = (await refcounts.get(entry.offset / clusterSize)) === 1;
      if (copied === entry.copied) continue;
      encodeEntry(view, at, { ...entry, copied }, image.header.clusterBits);
      changed = true;
    }
    if (changed) await image.file.write(offset as HostOffset, new Uint8Array(view.buffer));
    const own = (await refcounts.get(offset / clusterSize)) === 1;
    const high = l1.getUint32(index * 8);
    const marked = own ? (high | COPIED) >>> 0 : (high & ~COPIED) >>> 0;
    if (marked === high) continue;
    l1.setUint32(index * 8, marked);
    l1Changed = true;
  }
  if (l1Changed) await image.file.write(image.header.l1Offset as HostOffset, new Uint8Array(l1.buffer));
  mapping.cache.clear();
}
