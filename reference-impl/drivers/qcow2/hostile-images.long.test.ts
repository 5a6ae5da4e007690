/**
 * 5,000 images with broken headers and tables: each opens or is refused with an error of ours, serves reads and writes or
 * fails them with one, writes nothing far outside the file, takes bounded memory, and ends in bounded time.
 */

import { describe, expect, test } from 'vitest';
import { Random } from '../../../generators/random.ts';
import { MemoryFile } from '../../testing/file-in-memory.ts';
import { attempt } from '../../testing/format-images.ts';
import { make, openImage } from '../../testing/qcow2-fixture.ts';
import { Bitmaps } from './qcow2-bitmaps.ts';
import { read } from './reading.ts';
import { write, writeCompressed } from './writing.ts';
import { discard, writeZeroes } from './zeroing.ts';

const IMAGES = 5000;
const CLUSTER = 512;
const SIZE = 64 * 1024;
/** Where a write must not go: behind everything that an image of this size can come to. */
const FAR = 64 << 20;
/** Requests to the file that one image may cost. */
const MOST_REQUESTS = 20_000;
const LIMITS = { mostBytes: FAR, mostRequests: MOST_REQUESTS };

/** An image with data of every kind, a snapshot and a bitmap, and whose tables are worth breaking. */
async function sound(version: 'v2' | 'v3', lazy: boolean): Promise<Uint8Array> {
  const file = new MemoryFile();
  const options = { size: SIZE, version, 'cluster-size': CLUSTER, 'lazy-refcounts': lazy };
  await make(file.handle(), options);
  const { image } = await openImage(file.handle());
  await write(image, 0, new Uint8Array(20_000).fill(1));
  await image.snapshots.create({ name: 'before', seconds: 1, nanoseconds: 2 });
  await writeZeroes(image, 4096, 4096, false);
  await discard(image, 8192, 2048);
  await writeCompressed(image, 40_960, new Uint8Array(CLUSTER).fill(2));
  await writeCompressed(image, 41_472, new Uint8Array(CLUSTER).fill(3));
  await write(image, 0, new Uint8Array(3000).fill(4));
  if (version === 'v3') {
    const parts: [number, Uint8Array][] = [[0, new Uint8Array([1, 2, 3])]];
    await (await Bitmaps.open(image)).store([{ name: 'b', granularity: 512, recording: true, parts }]);
  }
  await image.close();
  return file.bytes;
}

const NASTY = [0, 1, 0x7f, 0x80, 0xff, 0x40];

function mutate(original: Uint8Array, random: Random): Uint8Array {
  const bytes = original.slice(0, random.below(20) === 0 ? random.below(original.length) : original.length);
  const view = new DataView(bytes.buffer);
  // half of them keep a sound header, or few would come to the tables
  const inHeader = random.below(2) === 0;
  for (let i = 1 + random.below(6); i > 0; i--) {
    const span = Math.max(1, inHeader ? Math.min(160, bytes.length) : bytes.length);
    const at = random.below(span);
    if (at >= bytes.length) continue;
    switch (random.below(4)) {
      case 0:
        bytes[at] = random.below(256);
        break;
      case 1:
        bytes[at] = NASTY[random.below(NASTY.length)]!;
        break;
      case 2:
        if (at % 8 === 0 && at + 8 <= bytes.length)
          view.setBigUint64(at, (1n << 63n) | BigInt(random.below(40) * 256));
        break;
      case 3: {
        // an entry of another table
        const from = random.below(bytes.length) & ~7;
        bytes.copyWithin(at & ~7, from, from + 8);
      }
    }
  }
  if (!inHeader && random.below(4) === 0 && bytes.length > 80) bytes[79] = 1;
  return bytes;
}

async function use(file: MemoryFile, random: Random): Promise<boolean> {
  return attempt(async () => {
    const { image } = await openImage(file.handle(), { 'overlap-check': 'all' });
    const bitmaps = await Bitmaps.open(image);
    await attempt(() => bitmaps.load());
    await attempt(() => bitmaps.markInUse());
    const size = Math.min(image.size, SIZE);
    if (size < 1024) return;
    await attempt(() => read(image, 0, new Uint8Array(size)));
    for (let i = 0; i < 6; i++) {
      const length = 1 + random.below(4000);
      const offset = random.below(Math.max(1, size - length));
      const within = Math.min(length, size - offset);
      if (i % 3 === 0) await attempt(() => writeZeroes(image, offset, within, true));
      else if (i % 3 === 1) await attempt(() => discard(image, offset, within));
      else await attempt(() => write(image, offset, new Uint8Array(within).fill(7)));
    }
    await attempt(() => image.snapshots.create({ name: 's', seconds: 0, nanoseconds: 0 }));
    await attempt(() => image.snapshots.delete('1'));
    await attempt(() => bitmaps.store([{ name: 'n', granularity: 65536, recording: true, parts: [] }]));
    await attempt(() => image.close());
  });
}

describe('hostile images', () => {
  test.each([0, 1, 2, 3, 4])(
    'a fifth of 5,000: %d',
    async (part) => {
      const originals = [await sound('v3', false), await sound('v3', true), await sound('v2', false)];
      let opened = 0;
      for (let i = 0; i < IMAGES / 5; i++) {
        const random = new Random(part * IMAGES + i);
        const bytes = mutate(originals[random.below(originals.length)]!, random);
        const file = new MemoryFile(bytes, LIMITS);
        try {
          if (await use(file, random)) opened += 1;
        } catch (error) {
          throw new Error(`image ${part * IMAGES + i} of length ${bytes.length}`, { cause: error });
        }
      }
      // the mutations are worth something only if many images get past the header
      expect(opened).toBeGreaterThan(IMAGES / 5 / 4);
      expect(process.memoryUsage().rss).toBeLessThan(1 << 30);
    },
    60_000,
  );
});
