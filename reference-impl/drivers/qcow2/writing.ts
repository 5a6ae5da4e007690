/** Writes of an image: in place where a cluster is ours alone, else into new clusters that are then linked in. */
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { IoError } from '../../io/errno.ts';
import type { HostOffset } from '../driver.ts';
import type { Image } from './image.ts';
import type { Entry, Run } from './mapping.ts';
import { read } from './reading.ts';
import { hex } from './refcounts.ts';

const deflateRaw = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.deflateRaw);

/** Where a part of a write goes. */
interface Placement {
  /** Bytes of the write that it takes. */
  readonly length: number;
  /** Offset in the file of the first guest cluster touched. */
  readonly host: number;
  /** Set if the clusters are new to the guest. */
  readonly allocation?: Allocation;
}

interface Allocation {
  readonly first: number;
  readonly count: number;
  /** The clusters were the guest's already, marked as zeroes. */
  readonly reused: boolean;
  done(): void;
}

export async function write(image: Image, offset: number, data: Uint8Array): Promise<void> {
  for (let done = 0; done < data.length; ) {
    image.corruption.assertUsable();
    const at = offset + done;
    const placement = await place(image, at, data.length - done);
    const piece = data.subarray(done, done + placement.length);
    if (placement.allocation) await writeNew(image, placement, placement.allocation, at, piece);
    else await image.file.write((placement.host + (at % image.clusterSize)) as HostOffset, piece);
    done += placement.length;
  }
}

/** Waits until none of the clusters is being allocated by somebody else. */
async function settled(image: Image, first: number, last: number): Promise<void> {
  for (let cluster = first; cluster <= last && image.busy.size > 0; ) {
    const busy = image.busy.get(cluster);
    if (busy) await busy;
    else cluster += 1;
  }
}

async function place(image: Image, at: number, length: number): Promise<Placement> {
  const { clusterSize, mapping } = image;
  const first = Math.floor(at / clusterSize);
  const last = Math.floor((at + length - 1) / clusterSize);
  for (;;) {
    // in place and everything in memory: the common case of a write to an allocated disk needs no lock
    const known = image.busy.size === 0 ? mapping.peek(first, last - first + 1) : undefined;
    if (known?.kind === 'data' && known.copied) return inPlace(image, known, first, at, length);
    await settled(image, first, last);
    const placement = await image.metadata.run(async () => {
      for (let cluster = first; cluster <= last; cluster++) if (image.busy.has(cluster)) return undefined;
      const run = await mapping.lookup(first, last - first + 1);
      if (run.kind === 'data' && run.copied) return inPlace(image, run, first, at, length);
      return allocate(image, run, first, last, at, length);
    });
    if (placement) return placement;
  }
}

async function inPlace(
  image: Image,
  run: Run,
  first: number,
  at: number,
  length: number,
): Promise<Placement> {
  const { clusterSize } = image;
  if (run.offset % clusterSize !== 0) {
    throw await image.corruption.found(
      `Data cluster offset ${hex(run.offset)} unaligned (guest offset: ${guestOffset(first * clusterSize)})`,
    );
  }
  const fits = Math.min(length, (first + run.count) * clusterSize - at);
  await image.corruption.checkWrite(run.offset + (at % clusterSize), fits);
  return { length: fits, host: run.offset };
}

/** Under the lock: takes clusters for the part of the write that starts with `run`. */
async function allocate(
  image: Image,
  run: Run,
  first: number,
  last: number,
  at: number,
  length: number,
): Promise<Placement> {
  const { clusterSize, mapping, refcounts } = image;
  await image.markDirty();
  await mapping.prepare(first);
  const reused = run.kind === 'zero-allocated' && run.copied;
  if (reused && run.offset % clusterSize !== 0) {
    throw await image.corruption.found(
      `Preallocated zero cluster offset ${hex(run.offset)} unaligned (guest offset: ${guestOffset(first * clusterSize)})`,
    );
  }
  const count = reused ? run.count : await countToAllocate(image, run, first, last);
  const host = reused ? run.offset : await refcounts.allocate(count);
  await image.corruption.checkWrite(host, count * clusterSize);
  return {
    host,
    length: Math.min(length, (first + count) * clusterSize - at),
    allocation: { first, count, reused, done: occupy(image, first, count) },
  };
}

/** Clusters in a row, within one L2 table, that cannot be written in place. */
async function countToAllocate(image: Image, run: Run, first: number, last: number): Promise<number> {
  const end = Math.min(last + 1, (Math.floor(first / image.mapping.perTable) + 1) * image.mapping.perTable);
  let count = run.count;
  while (first + count < end) {
    const next = await image.mapping.lookup(first + count, end - first - count);
    if (next.copied) break;
    count += next.count;
  }
  return Math.min(count, end - first);
}

function occupy(image: Image, first: number, count: number): () => void {
  let finish!: () => void;
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  for (let i = 0; i < count; i++) image.busy.set(first + i, done);
  return () => {
    for (let i = 0; i < count; i++) image.busy.delete(first + i);
    finish();
  };
}

/** Writes the data with what surrounds it in its first and last cluster, then links the clusters in. */
async function writeNew(
  image: Image,
  { host }: Placement,
  { first, count, reused, done }: Allocation,
  at: number,
  data: Uint8Array,
): Promise<void> {
  const { clusterSize } = image;
  try {
    const start = first * clusterSize;
    const whole = count * clusterSize;
    if (data.length === whole) {
      await image.file.write(host as HostOffset, data);
    } else {
      const bytes = new Uint8Array(whole);
      const head = at - start;
      const tail = head + data.length;
      if (head > 0) await read(image, start, bytes.subarray(0, head));
      if (tail < whole) await readUpToEnd(image, at + data.length, bytes.subarray(tail));
      bytes.set(data, head);
      await image.file.write(host as HostOffset, bytes);
    }
    await image.metadata.run(() =>
      replace(
        image,
        first,
        count,
        (i) => ({
          kind: 'data',
          offset: host + i * clusterSize,
          copied: true,
          compressedBytes: 0,
        }),
        !reused,
      ),
    );
  } catch (error) {
    if (!reused && !image.corruption.dead) {
      await image.metadata.run(() => image.refcounts.free(host, count * clusterSize));
    }
    throw error;
  } finally {
    done();
  }
}

/** A cluster may reach beyond the end of the disk; what lies there is zeroes. */
async function readUpToEnd(image: Image, offset: number, buffer: Uint8Array): Promise<void> {
  const inside = Math.max(0, Math.min(buffer.length, image.size - offset));
  if (inside > 0) await read(image, offset, buffer.subarray(0, inside));
}

/** Under the lock: gives clusters new entries and drops what the old ones referred to. */
async function replace(
  image: Image,
  first: number,
  count: number,
  entry: (index: number) => Entry,
  releaseOld = true,
): Promise<void> {
  const old: Entry[] = [];
  for (let i = 0; i < count; ) {
    const run = await image.mapping.lookup(first + i, count - i);
    for (let k = 0; k < run.count; k++) {
      const offset =
        run.offset === 0 ? 0 : run.offset + (run.kind === 'compressed' ? 0 : k * image.clusterSize);
      old.push({ ...run, offset });
    }
    i += run.count;
  }
  await image.entriesAfterCounts();
  await image.mapping.set(first, count, entry);
  if (releaseOld) await image.release(old);
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
  if (image.header.version === 2 && image.backing() !== undefined) return false;
  const plain: Entry = {
    kind: image.header.version === 2 ? 'unallocated' : 'zero',
    offset: 0,
    copied: false,
    compressedBytes: 0,
  };
  await changeRuns(image, first, count, (run) => {
    if (run.kind === 'zero' || (run.kind === 'unallocated' && image.backing() === undefined))
      return undefined;
    const keeps = image.header.version === 3 && !mayUnmap && run.copied;
    if (keeps && run.kind === 'zero-allocated') return undefined;
    if (!keeps) return () => plain;
    return (i) => ({ ...run, kind: 'zero-allocated', offset: run.offset + i * image.clusterSize });
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
  const kind = then === 'zero' && image.header.version === 3 ? 'zero' : 'unallocated';
  await changeRuns(image, first, count, (run) => {
    if (run.kind === 'unallocated' || run.kind === kind) return undefined;
    return () => ({ kind, offset: 0, copied: false, compressedBytes: 0 });
  });
}

/** Applies `change` run by run under the lock; undefined leaves a run as it is. */
async function changeRuns(
  image: Image,
  first: number,
  count: number,
  change: (run: Run) => ((index: number) => Entry) | undefined,
): Promise<void> {
  for (let done = 0; done < count; ) {
    await settled(image, first + done, first + count - 1);
    done += await image.metadata.run(async () => {
      if (image.busy.size > 0 && [...image.busy.keys()].some((c) => c >= first + done && c < first + count))
        return 0;
      const run = await image.mapping.lookup(first + done, count - done);
      const entry = change(run);
      if (entry === undefined) return run.count;
      await image.markDirty();
      await image.mapping.prepare(first + done);
      const keeps = entry(0).offset !== 0;
      await replace(image, first + done, run.count, entry, !keeps);
      return run.count;
    });
  }
}

/**
 * Writes one whole cluster compressed; `data` may be shorter only at the end of the disk. A cluster that does not
 * get smaller is written as it is. Throws `IoError` if the cluster is allocated already.
 */
export async function writeCompressed(image: Image, offset: number, data: Uint8Array): Promise<void> {
  image.corruption.assertUsable();
  const cluster = offset / image.clusterSize;
  if (!Number.isInteger(cluster)) throw new IoError('EINVAL');
  let whole = data;
  if (data.length !== image.clusterSize) {
    if (offset + data.length !== image.size) throw new IoError('EINVAL');
    whole = new Uint8Array(image.clusterSize);
    whole.set(data);
  }
  // readers expect streams made with a window of 4 KiB
  const stream = await deflateRaw(whole, { windowBits: 12, memLevel: 9 });
  if (stream.length >= image.clusterSize) {
    await write(image, offset, data);
    return;
  }
  await settled(image, cluster, cluster);
  await image.metadata.run(async () => {
    const run = await image.mapping.lookup(cluster, 1);
    if (run.kind !== 'unallocated') throw new IoError('EIO');
    await image.markDirty();
    await image.mapping.prepare(cluster);
    const host = await image.refcounts.allocateBytes(stream.length);
    await image.corruption.checkWrite(host, stream.length);
    await image.file.write(host as HostOffset, stream);
    await replace(image, cluster, 1, () => ({
      kind: 'compressed',
      offset: host,
      copied: false,
      compressedBytes: stream.length,
    }));
  });
}

function guestOffset(offset: number): string {
  return offset === 0 ? '0' : hex(offset);
}
