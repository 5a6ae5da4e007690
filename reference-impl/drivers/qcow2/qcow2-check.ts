/**
 * Repair of an image that was not closed: counts who refers to each cluster by walking all tables, and puts the
 * reference counts and the `copied` marks right.
 */
import { IoError } from '../../host/errno.ts';
import { bitmapExtents } from './bitmap-directory.ts';
import type { Image } from './image.ts';
import { markCopied } from './sharing.ts';
import { clustersOf, l2TablesOf, ownedEntries } from './walk.ts';

/** Counts by cluster, only where there are any. */
class Tally {
  readonly #counts = new Map<number, number>();
  /** Index of the first cluster that no file of this length has. */
  readonly #end: number;

  constructor(end: number) {
    this.#end = end;
  }

  /** Throws `IoError` for what lies behind the end of the file: no count helps there. */
  add(first: number, count: number): void {
    if (first + count > this.#end) throw new IoError('EIO');
    for (let cluster = first; cluster < first + count; cluster++)
      this.#counts.set(cluster, this.get(cluster) + 1);
  }

  get(cluster: number): number {
    return this.#counts.get(cluster) ?? 0;
  }

  /** Gives the clusters that somebody refers to. */
  clusters(): Iterable<number> {
    return this.#counts.keys();
  }
}

/** Throws `IoError` for an image that counting does not put right. Nothing else uses the image meanwhile. */
export async function repair(image: Image): Promise<void> {
  await raiseCounts(image, await countAll(image));
  // counted anew, with the blocks that were made
  await lowerCounts(image, await countAll(image));
  await image.refcounts.cache.flush();
  await markCopied(image);
  await image.mapping.flush();
  await image.file.flush();
  await image.clearDirty();
}

async function countAll(image: Image): Promise<Tally> {
  const { clusterSize, header, snapshots } = image;
  const tally = new Tally(Math.ceil(image.file.length() / clusterSize));
  const extent = (offset: number, bytes: number) => {
    tally.add(Math.floor(offset / clusterSize), Math.ceil(bytes / clusterSize));
  };
  extent(0, clusterSize);
  extent(header.refcountTableOffset, header.refcountTableClusters * clusterSize);
  for (const block of image.refcounts.blocks) {
    if (block % clusterSize !== 0) throw new IoError('EIO');
    extent(block, clusterSize);
  }
  extent(header.l1Offset, header.l1Size * 8);
  await countTables(image, image.mapping.l1, tally);
  extent(header.snapshotsOffset, snapshots.tableBytes);
  for await (const { snapshot, l1 } of snapshots.l1Tables()) {
    extent(snapshot.l1Offset, snapshot.l1Size * 8);
    await countTables(image, l1, tally);
  }
  if (header.luksHeader) extent(header.luksHeader.offset, header.luksHeader.length);
  for await (const { offset, length } of bitmapExtents(image)) extent(offset, length);
  return tally;
}

async function countTables(image: Image, l1: DataView, tally: Tally): Promise<void> {
  for await (const { offset, view } of l2TablesOf(image, l1)) {
    tally.add(offset / image.clusterSize, 1);
    for (const { entry } of ownedEntries(image, view)) tally.add(...clustersOf(image, entry));
  }
}

/** Raises every count to what the tally says. Blocks that this makes count themselves, behind the end of the file. */
async function raiseCounts({ refcounts, clusterSize, file }: Image, tally: Tally): Promise<void> {
  refcounts.allocateBehind(Math.ceil(file.length() / clusterSize));
  for (const cluster of tally.clusters()) {
    const missing = tally.get(cluster) - (await refcounts.get(cluster));
    if (missing > 0) await refcounts.change(cluster, 1, missing);
  }
}

/** Lowers every count to what the tally says. */
async function lowerCounts({ refcounts }: Image, tally: Tally): Promise<void> {
  for await (const cluster of refcounts.counted()) {
    const excess = (await refcounts.get(cluster)) - tally.get(cluster);
    if (excess > 0) await refcounts.change(cluster, 1, -excess);
  }
}
