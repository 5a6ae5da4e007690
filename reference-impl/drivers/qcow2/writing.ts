/** Writes of an image: in place where a cluster is ours alone, else into new clusters that are then linked in. */
import zlib from 'node:zlib';
import { IoError } from '../../host/errno.ts';
import type { Image } from './image.ts';
import type { Entry, Run } from './mapping.ts';
import type { PassDiscard } from './qcow2-options.ts';
import { read } from './reading.ts';
import { hex } from './refcounts.ts';

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
    else await writeData(image, placement.host + (at % image.clusterSize), piece);
    done += placement.length;
  }
}

/** Guest data on its way to the file. */
async function writeData(image: Image, host: number, data: Uint8Array): Promise<void> {
  await image.file.debugEvent('write_aio');
  await image.file.write(host, image.cipher ? image.cipher.encrypt(host, data) : data);
}

/** What somebody is allocating of the clusters from `first` to before `end`. */
export function underWay(image: Image, first: number, end: number): Promise<void>[] {
  const found = [...image.busy].filter(([cluster]) => cluster >= first && cluster < end);
  return found.map(([, done]) => done);
}

/** A write to be placed: bytes of the disk, and the clusters of the disk that they touch. */
interface Extent {
  readonly at: number;
  readonly length: number;
  readonly first: number;
  readonly count: number;
}

async function place(image: Image, at: number, length: number): Promise<Placement> {
  const { clusterSize, mapping } = image;
  const first = Math.floor(at / clusterSize);
  const end = Math.ceil((at + length) / clusterSize);
  const count = end - first;
  const extent: Extent = { at, length, first, count };
  for (;;) {
    // in place and everything in memory: the common case of a write to an allocated disk needs no lock
    const known = mapping.peek(first, count);
    if (known?.kind === 'data' && known.copied) return inPlace(image, known, extent);
    await Promise.all(underWay(image, first, end));
    const placement = await image.metadata.run(async () => {
      if (underWay(image, first, end).length > 0) return undefined;
      const run = await mapping.lookup(first, count);
      if (run.kind === 'data' && run.copied) return inPlace(image, run, extent);
      return allocate(image, run, extent);
    });
    if (placement) return placement;
  }
}

async function inPlace(image: Image, run: Run, { at, length, first }: Extent): Promise<Placement> {
  const { clusterSize } = image;
  if (run.offset % clusterSize !== 0) {
    throw await image.corruption.found(
      `Data cluster offset ${hex(run.offset)} unaligned (guest offset: ${hex(first * clusterSize)})`,
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
  { at, length, first, count: touched }: Extent,
): Promise<Placement> {
  const { clusterSize, mapping, refcounts } = image;
  await image.markDirty();
  await mapping.prepare(first);
  const reused = run.kind === 'zero-allocated' && run.copied;
  if (reused && run.offset % clusterSize !== 0) {
    throw await image.corruption.found(
      `Preallocated zero cluster offset ${hex(run.offset)} unaligned (guest offset: ${hex(first * clusterSize)})`,
    );
  }
  const count = reused ? run.count : await countToAllocate(image, run, first, touched);
  const host = reused ? run.offset : await refcounts.allocate(count);
  await image.corruption.checkWrite(host, count * clusterSize);
  return {
    host,
    length: Math.min(length, (first + count) * clusterSize - at),
    allocation: { first, count, reused, done: occupy(image, first, count) },
  };
}

/** Clusters in a row, within one L2 table, that cannot be written in place. */
async function countToAllocate(image: Image, run: Run, first: number, touched: number): Promise<number> {
  const end = Math.min(
    first + touched,
    (Math.floor(first / image.mapping.perTable) + 1) * image.mapping.perTable,
  );
  let at = first + run.count;
  while (at < end) {
    const next = await image.mapping.lookup(at, end - at);
    if (next.copied) break;
    at += next.count;
  }
  return at - first;
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
  let linking = false;
  try {
    const start = first * clusterSize;
    const whole = count * clusterSize;
    if (data.length === whole) {
      await writeData(image, host, data);
    } else {
      const bytes = new Uint8Array(whole);
      const head = at - start;
      const tail = head + data.length;
      await image.file.debugEvent('cow_read');
      await read(image, start, bytes.subarray(0, head));
      await readUpToEnd(image, at + data.length, bytes.subarray(tail));
      bytes.set(data, head);
      await image.file.debugEvent('cow_write');
      await writeData(image, host, bytes);
    }
    linking = true;
    await image.metadata.run(() =>
      replace(
        image,
        first,
        count,
        (i) => ({
          kind: 'data',
          offset: host + i * clusterSize,
          copied: true,
        }),
        reused ? 'keep' : 'other',
      ),
    );
  } catch (error) {
    // an entry may refer to the clusters already: then they are leaked at worst
    if (!reused && !linking && !image.corruption.dead) {
      await image.metadata.run(() => image.refcounts.free(host, count * clusterSize));
    }
    throw error;
  } finally {
    done();
  }
}

/** A cluster may reach beyond the end of the disk; what lies there is zeroes. */
async function readUpToEnd(image: Image, offset: number, buffer: Uint8Array): Promise<void> {
  await read(image, offset, buffer.subarray(0, Math.max(0, image.size - offset)));
}

/**
 * Under the lock: gives clusters new entries, and drops what the old ones referred to unless the new ones keep it.
 */
export async function replace(
  image: Image,
  first: number,
  count: number,
  entry: (index: number) => Entry,
  release: keyof PassDiscard | 'keep',
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
  if (release !== 'keep') await image.release(old, release);
}

/**
 * Writes one whole cluster compressed; `data` may be shorter only at the end of the disk. A cluster that does not
 * get smaller is written as it is. Throws `IoError` if the cluster is allocated already.
 */
export async function writeCompressed(image: Image, offset: number, data: Uint8Array): Promise<void> {
  image.corruption.assertUsable();
  if (image.cipher) throw new IoError('EINVAL');
  const cluster = offset / image.clusterSize;
  if (!Number.isInteger(cluster)) throw new IoError('EINVAL');
  let whole = data;
  if (data.length !== image.clusterSize) {
    if (offset + data.length !== image.size) throw new IoError('EINVAL');
    whole = new Uint8Array(image.clusterSize);
    whole.set(data);
  }
  // readers expect streams made with a window of 4 KiB
  const stream = zlib.deflateRawSync(whole, { windowBits: 12, memLevel: 9 });
  if (stream.length >= image.clusterSize) {
    await write(image, offset, data);
    return;
  }
  await Promise.all(underWay(image, cluster, cluster + 1));
  await image.metadata.run(async () => {
    const run = await image.mapping.lookup(cluster, 1);
    if (run.kind !== 'unallocated') throw new IoError('EIO');
    await image.markDirty();
    await image.mapping.prepare(cluster);
    const host = await image.refcounts.allocateBytes(stream.length);
    await image.corruption.checkWrite(host, stream.length);
    await image.file.debugEvent('write_compressed');
    await image.file.write(host, stream);
    await image.file.debugEvent('l2_update_compressed');
    await replace(
      image,
      cluster,
      1,
      () => ({
        kind: 'compressed',
        offset: host,
        copied: false,
        compressedBytes: stream.length,
      }),
      'other',
    );
  });
}
