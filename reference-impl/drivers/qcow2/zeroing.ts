/** Ranges that become zeroes, and clusters that are given back. */
import type { Image } from './image.ts';
import { type Entry, type Run, UNALLOCATED, ZERO } from './mapping.ts';
import { blockStatus } from './reading.ts';
import { replace, underWay, write } from './writing.ts';

/** Makes the range read as zeroes: whole clusters by their entries, what sticks out of them as data. */
export async function writeZeroes(
  image: Image,
  offset: number,
  length: number,
  mayUnmap: boolean,
): Promise<void> {
  const { clusterSize } = image;
  const end = offset + length;
  const first = Math.ceil(offset / clusterSize);
  // what lies beyond the end of the disk in its last cluster is zeroes already
  const last = end >= image.size ? Math.ceil(end / clusterSize) : Math.floor(end / clusterSize);
  if (first >= last) return writeZeroData(image, offset, end);
  await writeZeroData(image, offset, first * clusterSize);
  if (!(await zeroClusters(image, first, last - first, mayUnmap))) {
    await writeZeroData(image, first * clusterSize, Math.min(end, last * clusterSize));
  }
  await writeZeroData(image, last * clusterSize, end);
}

async function writeZeroData(image: Image, from: number, to: number): Promise<void> {
  for (let at = from; at < to; ) {
    const length = Math.min(image.clusterSize, to - at);
    const status = await blockStatus(image, at, length);
    const isZero = status.allocated && status.zero;
    if (!isZero) await write(image, at, new Uint8Array(status.length));
    at += status.length;
  }
}

/** Whether entries can say that there are zeroes: those of version 2 cannot where something is below. */
function hasZeroes(image: Image): boolean {
  return image.header.version === 3 || image.backing() === undefined;
}

/** Gives back the whole clusters of a range, where they read as zeroes then; the last one may end with the disk. */
export async function discard(image: Image, offset: number, length: number): Promise<void> {
  if (!hasZeroes(image)) return;
  const { clusterSize } = image;
  const end = offset + length;
  const first = Math.ceil(offset / clusterSize);
  const last = end >= image.size ? Math.ceil(end / clusterSize) : Math.floor(end / clusterSize);
  if (first < last) await discardClusters(image, first, last - first);
}

/**
 * Makes whole clusters read as zeroes without writing data. With `mayUnmap` they lose their place in the file.
 * Gives false where the format cannot say it (version 2 above a backing file).
 */
export async function zeroClusters(
  image: Image,
  first: number,
  count: number,
  mayUnmap: boolean,
): Promise<boolean> {
  image.corruption.assertUsable();
  if (!hasZeroes(image)) return false;
  const plain = image.header.version === 2 ? UNALLOCATED : ZERO;
  await changeRuns(image, first, count, (run) => {
    if (run.kind === plain.kind) return undefined;
    const keeps = image.header.version === 3 && !mayUnmap && run.copied;
    return keeps ? { ...run, kind: 'zero-allocated' } : plain;
  });
  return true;
}

/**
 * Gives whole clusters back. Afterwards they read as zeroes where the format can say that (version 3), and as the
 * disk below where it cannot or where they are to be forgotten.
 */
export async function discardClusters(
  image: Image,
  first: number,
  count: number,
  then: 'zero' | 'forget' = 'zero',
): Promise<void> {
  image.corruption.assertUsable();
  const plain = then === 'zero' && image.header.version === 3 ? ZERO : UNALLOCATED;
  await changeRuns(image, first, count, (run) => {
    // what shows there is zeroes already only where nothing is below
    const isFree = run.kind === UNALLOCATED.kind && image.backing() === undefined;
    return run.kind === plain.kind || isFree ? undefined : plain;
  });
}

/** Changes entries run by run under the lock. `change` gives the first of a run; undefined leaves it as it is. */
async function changeRuns(
  image: Image,
  first: number,
  count: number,
  change: (run: Run) => Entry | undefined,
): Promise<void> {
  for (let done = 0; done < count; ) {
    await Promise.all(underWay(image, first + done, first + count));
    done += await image.metadata.run(async () => {
      if (underWay(image, first + done, first + count).length > 0) return 0;
      const run = await image.mapping.lookup(first + done, count - done);
      const entry = change(run);
      if (entry === undefined) return run.count;
      const { offset } = entry;
      await image.markDirty();
      await image.mapping.prepare(first + done);
      const at = (index: number) => ({ ...entry, offset: offset + index * image.clusterSize });
      if (offset === 0) await replace(image, first + done, run.count, () => entry, 'request');
      else await replace(image, first + done, run.count, at, 'keep');
      return run.count;
    });
  }
}
