/**
 * Reference counts of everything below an L1 table, and the marks in the active tables (`copied`) that say what may be
 * written in place: exactly what has a count of 1.
 */
import type { Image } from './image.ts';
import { clustersOf, l2TablesOf, ownedEntries } from './walk.ts';

/**
 * Raises or lowers the count of every L2 table and cluster below `l1`, and gives these clusters. Throws `IoError` when a
 * count would leave its width, and has changed nothing then. Under the lock, caches flushed.
 */
export async function changeCounts(image: Image, l1: DataView, by: 1 | -1): Promise<readonly number[]> {
  const changed: number[] = [];
  const change = async (first: number, count: number) => {
    for (let cluster = first; cluster < first + count; cluster++) {
      await image.refcounts.change(cluster, 1, by);
      changed.push(cluster);
    }
  };
  try {
    for await (const { offset, view } of l2TablesOf(image, l1)) {
      for (const { entry } of ownedEntries(image, view)) await change(...clustersOf(image, entry));
      await change(offset / image.clusterSize, 1);
    }
  } catch (error) {
    for (const cluster of changed) await image.refcounts.change(cluster, 1, -by);
    throw error;
  }
  return changed;
}

/**
 * Puts the marks of the active tables right: in memory, from where they reach the file with the next flush. Under the
 * lock.
 */
export async function markCopied(image: Image): Promise<void> {
  const { clusterSize, mapping, refcounts } = image;
  await image.entriesAfterCounts();
  for (let index = 0; index < mapping.l1.byteLength / 8; index++) {
    const offset = mapping.l2Offset(index);
    if (offset === 0 || offset % clusterSize !== 0) continue;
    await mapping.remark(index, async (entry) =>
      entry.kind === 'compressed' || entry.offset % clusterSize !== 0
        ? entry.copied
        : (await refcounts.get(entry.offset / clusterSize)) === 1,
    );
    mapping.markL1(index, (await refcounts.get(offset / clusterSize)) === 1);
  }
}
