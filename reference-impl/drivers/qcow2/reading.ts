/** Reads of an image: from its clusters, from compressed streams, from the disk below, or as zeroes. */
import zlib from 'node:zlib';
import { IoError } from '../../host/errno.ts';
import type { BlockStatus } from '../driver.ts';
import type { Image } from './image.ts';
import type { Run } from './mapping.ts';

/** Fills `buffer` from guest offset `offset`. */
export async function read(image: Image, offset: number, buffer: Uint8Array): Promise<void> {
  image.corruption.assertUsable();
  await image.reading(async () => {
    for (let done = 0; done < buffer.length; ) {
      const { run, length } = await runAt(image, offset + done, buffer.length - done);
      await readRun(image, run, offset + done, buffer.subarray(done, done + length));
      done += length;
    }
  });
}

export async function blockStatus(image: Image, offset: number, length: number): Promise<BlockStatus> {
  image.corruption.assertUsable();
  const found = await runAt(image, offset, length);
  const { run } = found;
  switch (run.kind) {
    case 'unallocated':
      return { length: found.length, zero: image.backing() === undefined, allocated: false };
    case 'compressed':
      return { length: found.length, zero: false, allocated: true };
    case 'data':
      return {
        length: found.length,
        zero: false,
        allocated: true,
        offset: run.offset + (offset % image.clusterSize),
      };
    default:
      return { length: found.length, zero: true, allocated: true };
  }
}

/** The run at a guest offset, and how many of `length` bytes lie in it. */
async function runAt(image: Image, offset: number, length: number): Promise<{ run: Run; length: number }> {
  const size = image.clusterSize;
  const first = Math.floor(offset / size);
  const limit = Math.ceil((offset + length) / size) - first;
  const run = image.mapping.peek(first, limit) ?? (await image.mapping.lookup(first, limit));
  return { run, length: Math.min(length, (first + run.count) * size - offset) };
}

async function readRun(image: Image, run: Run, offset: number, buffer: Uint8Array): Promise<void> {
  const within = offset % image.clusterSize;
  if (run.kind !== 'compressed' && run.offset % image.clusterSize !== 0) {
    const cluster = Math.floor(offset / image.clusterSize);
    throw await image.corruption.found(image.mapping.unalignedCluster(run, cluster));
  }
  switch (run.kind) {
    case 'unallocated':
      await readBacking(image, offset, buffer);
      return;
    case 'data':
      await image.file.debugEvent('read_aio');
      await image.file.read(run.offset + within, buffer);
      image.cipher?.decrypt(run.offset + within, buffer);
      return;
    case 'compressed': {
      const cluster = await readCompressed(image, run.offset, run.compressedBytes!);
      buffer.set(cluster.subarray(within, within + buffer.length));
      return;
    }
    default:
      buffer.fill(0);
  }
}

async function readBacking(image: Image, offset: number, buffer: Uint8Array): Promise<void> {
  const backing = image.backing();
  const shown = buffer.subarray(0, Math.max(0, (backing?.length() ?? 0) - offset));
  if (backing !== undefined) {
    await image.file.debugEvent('read_backing_aio');
    await backing.read(offset, shown);
  }
  buffer.fill(0, shown.length);
}

/** A whole cluster. A stream that is no stream, or too long or short for a cluster, is an I/O error. */
async function readCompressed(image: Image, offset: number, bytes: number): Promise<Uint8Array> {
  const stream = new Uint8Array(bytes);
  await image.file.debugEvent('read_compressed');
  await image.file.read(offset, stream);
  try {
    const cluster = zlib.inflateRawSync(stream, {
      maxOutputLength: image.clusterSize,
      finishFlush: zlib.constants.Z_SYNC_FLUSH,
    });
    if (cluster.length === image.clusterSize) return cluster;
  } catch {
    // falls through: the stream is broken
  }
  throw new IoError('EIO');
}
