import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Limits } from '../drivers/driver.ts';
import { MemoryDisk } from '../testing/test-services.ts';
import { BlockIo, type RequestPolicy } from './block-io.ts';
import { DirtyBitmap, DirtyBitmaps } from './dirty-bitmap.ts';

const SIZE = 16384;
const POLICY: RequestPolicy = { readOnly: false, discard: 'unmap', detectZeroes: 'off', noFlush: false };

function over(limits: Partial<Limits> = {}, policy: Partial<RequestPolicy> = {}) {
  const disk = new MemoryDisk(SIZE, limits);
  const bitmaps = new DirtyBitmaps();
  return { disk, bitmaps, io: new BlockIo(disk, { ...POLICY, ...policy }, bitmaps) };
}

describe('alignment', () => {
  const request = fc.tuple(
    fc.constantFrom('write', 'zero', 'read'),
    fc.nat(SIZE - 1),
    fc.integer({ min: 1, max: 3000 }),
  );

  test('any sequence of unaligned requests in flight together is as if they came one by one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(request, { minLength: 1, maxLength: 12 }),
        fc.constantFrom(1, 512, 4096),
        fc.constantFrom(0, 4096),
        async (list, requestAlignment, maxTransfer) => {
          const { disk, io } = over({ requestAlignment, maxTransfer });
          const model = new Uint8Array(SIZE);
          await Promise.all(
            list.map(([kind, offset, wanted], index) => {
              const length = Math.min(wanted, SIZE - offset);
              const part = model.subarray(offset, offset + length);
              if (kind === 'zero') {
                part.fill(0);
                return io.writeZeroes(offset, length);
              }
              if (kind === 'write') {
                part.fill(index + 1);
                return io.write(offset, part.slice());
              }
              const expected = part.slice();
              const buffer = new Uint8Array(length);
              return io.read(offset, buffer).then(() => expect(buffer).toEqual(expected));
            }),
          );
          expect(Buffer.compare(disk.bytes, model)).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('an aligned request reaches the driver as it is', async () => {
    const { disk, io } = over({ requestAlignment: 512 });
    await io.write(512, new Uint8Array(1024).fill(1));
    expect(disk.log).toEqual(['write 512 1024']);
  });

  test('an unaligned write reads what is around it', async () => {
    const { disk, io } = over({ requestAlignment: 512 });
    await io.write(100, new Uint8Array(10).fill(1));
    expect(disk.log).toEqual(['read 0 512', 'write 0 512']);
  });

  test('a long request is split', async () => {
    const { disk, io } = over({ requestAlignment: 512, maxTransfer: 1024 });
    await io.read(0, new Uint8Array(2560));
    expect(disk.log).toEqual(['read 0 1024', 'read 1024 1024', 'read 2048 512']);
  });
});

/** A driver that zeroes and discards, and the calls that it gets. */
function withZeroes(limits: Partial<Limits>) {
  const log: string[] = [];
  const disk = Object.assign(new MemoryDisk(SIZE, limits), {
    writeZeroes: async (offset: number, length: number) => void log.push(`zero ${offset} ${length}`),
    discard: async (offset: number, length: number) => void log.push(`discard ${offset} ${length}`),
    write: async (offset: number, data: Uint8Array) => void log.push(`write ${offset} ${data.length}`),
    debugEvent: (event: string) => {
      log.push(event);
      return undefined;
    },
  });
  return { log, io: new BlockIo(disk, POLICY, new DirtyBitmaps()) };
}

describe('limits on zeroes and discards', () => {
  test('what the driver does not zero is written', async () => {
    const { log, io } = withZeroes({ requestAlignment: 512, zeroAlignment: 2048, maxZero: 4096 });
    await io.writeZeroes(512, 9728);
    expect(log.filter((line) => line.includes(' '))).toEqual([
      'write 512 1536',
      'zero 2048 4096',
      'zero 6144 4096',
    ]);
    log.length = 0;
    await io.writeZeroes(512, 1024);
    expect(log.filter((line) => line.includes(' '))).toEqual(['write 512 1024']);
  });

  test('what the driver does not discard stays', async () => {
    const { log, io } = withZeroes({ discardAlignment: 1024, maxDiscard: 2048 });
    await io.discard(512, 5120);
    expect(log).toEqual(['discard 1024 2048', 'discard 3072 2048']);
    log.length = 0;
    await io.discard(512, 1024);
    expect(log).toEqual([]);
  });

  test('no discard exceeds the write threshold', async () => {
    const exceeded: number[] = [];
    const disk = Object.assign(new MemoryDisk(SIZE), { discard: async () => {} });
    const io = new BlockIo(disk, POLICY, new DirtyBitmaps(), (amount) => void exceeded.push(amount));
    io.setWriteThreshold(512);
    await io.discard(0, 1024);
    expect(io.highestWrite, 'nor is it the highest write').toBe(0);
    expect(exceeded).toEqual([]);
    await io.write(0, new Uint8Array(1024).fill(1));
    expect(exceeded).toEqual([512]);
  });

  test('the driver is told of what is about to happen to it', async () => {
    const { log, io } = withZeroes({ requestAlignment: 512 });
    await io.write(0, new Uint8Array(512).fill(1));
    await io.writeZeroes(0, 512);
    expect(log).toEqual([
      'pwritev',
      'write 0 512',
      'pwritev_done',
      'pwritev_zero',
      'zero 0 512',
      'pwritev_done',
    ]);
  });
});

describe('order', () => {
  test('a resize waits for what is in flight', async () => {
    const { disk, io } = over();
    const write = io.write(0, new Uint8Array(512).fill(1));
    await Promise.all([write, io.truncate(() => disk.truncate(512))]);
    expect(disk.log).toEqual(['write 0 512', 'truncate 512']);
  });

  test('what comes after a resize has its turn in what is left', async () => {
    const { disk, io } = over();
    const resize = io.truncate(() => disk.truncate(512));
    const buffer = new Uint8Array(512).fill(7);
    const read = io.read(1024, buffer);
    const write = io.write(1024, new Uint8Array(512).fill(1));
    await expect(write).rejects.toMatchObject({ code: 'EIO' });
    await Promise.all([resize, read]);
    expect(disk.log).toEqual(['truncate 512']);
    expect(buffer).toEqual(new Uint8Array(512));
  });

  test('reads do not wait for each other', async () => {
    const { disk, io } = over();
    const reads = [io.read(0, new Uint8Array(512)), io.read(0, new Uint8Array(512))];
    expect(disk.log).toHaveLength(2);
    await Promise.all(reads);
  });

  test('writes beside each other do not wait for each other', async () => {
    const begun: (() => void)[] = [];
    const write = () => new Promise<void>((resolve) => void begun.push(resolve));
    const io = new BlockIo(Object.assign(new MemoryDisk(SIZE), { write }), POLICY, new DirtyBitmaps());
    const writes = [0, 512].map((offset) => io.write(offset, new Uint8Array(512).fill(1)));
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(begun).toHaveLength(2);
    for (const end of begun) end();
    await Promise.all(writes);
  });

  test('what is written during a flush is not on stable storage with it', async () => {
    const { disk, io } = over();
    await io.write(0, new Uint8Array(512).fill(1));
    const flush = io.flush();
    await io.write(512, new Uint8Array(512).fill(1));
    await flush;
    await io.flush();
    await io.flush();
    expect(disk.log.filter((line) => line === 'flush')).toHaveLength(2);
  });

  test('a failed request lets the next one through', async () => {
    const { disk, io } = over();
    disk.failure = 'EIO';
    const failed = io.write(0, new Uint8Array(512).fill(1));
    await expect(failed).rejects.toMatchObject({ code: 'EIO' });
    disk.failure = undefined;
    await io.write(0, new Uint8Array(512).fill(2));
    expect(disk.bytes[0]).toBe(2);
  });

  test('what is in flight can be waited for', async () => {
    const { disk, io } = over();
    const write = io.write(0, new Uint8Array(512).fill(1));
    await io.requests.allDone();
    expect(disk.bytes[0]).toBe(1);
    await write;
  });
});

describe('policy', () => {
  test('detect-zeroes leaves zero writes to the driver', async () => {
    const asked: unknown[] = [];
    const disk = Object.assign(new MemoryDisk(SIZE), {
      writeZeroes: async (offset: number, length: number, flags: object) =>
        void asked.push([offset, length, flags]),
    });
    const io = new BlockIo(disk, { ...POLICY, detectZeroes: 'unmap' }, new DirtyBitmaps());
    await io.write(0, new Uint8Array(512));
    await io.write(512, new Uint8Array(512).fill(1));
    expect(asked).toEqual([[0, 512, { mayUnmap: true }]]);
    expect(disk.log).toEqual(['write 512 512']);
  });

  test.each([
    ['ignore', []],
    ['unmap', [[1024, 1024]]],
  ] as const)('discard=%s, whole blocks only', async (discard, expected) => {
    const asked: unknown[] = [];
    const disk = Object.assign(new MemoryDisk(SIZE, { requestAlignment: 1024 }), {
      discard: async (offset: number, length: number) => void asked.push([offset, length]),
    });
    await new BlockIo(disk, { ...POLICY, discard }, new DirtyBitmaps()).discard(100, 2900);
    expect(asked).toEqual(expected);
  });

  test('cache.no-flush drops flushes, also those of a write that asks for one', async () => {
    const dropped = over({}, { noFlush: true });
    await dropped.io.write(0, new Uint8Array(1).fill(1), { fua: true });
    await dropped.io.flush();
    expect(dropped.disk.log).toEqual(['write 0 1']);

    const kept = over();
    await kept.io.write(0, new Uint8Array(1).fill(1), { fua: true });
    expect(kept.disk.log).toEqual(['write 0 1', 'flush']);
  });
});

test('a flush is left out only when nothing was written since the last that succeeded', async () => {
  const { disk, io } = over();
  await io.flush();
  expect(disk.log).toEqual([]);
  await io.write(0, new Uint8Array(1).fill(1));
  disk.failure = 'EIO';
  await expect(io.flush()).rejects.toMatchObject({ code: 'EIO' });
  disk.failure = undefined;
  await io.flush();
  await io.flush();
  expect(disk.log).toEqual(['write 0 1', 'flush', 'flush']);
});

describe('what is recorded of a write', () => {
  test('its blocks in every bitmap, and its end', async () => {
    const { bitmaps, io } = over({ requestAlignment: 4096 });
    const bitmap = new DirtyBitmap('b', 512, SIZE);
    bitmaps.add(bitmap);
    await io.write(1000, new Uint8Array(100).fill(1));
    await io.writeZeroes(8192, 512);
    expect(bitmap.count()).toBe(3 * 512);
    expect(io.highestWrite).toBe(8704);
  });

  test('also where it made the disk longer', async () => {
    const { disk, bitmaps } = over();
    const growable = Object.assign(disk, {
      growable: true,
      write: async (offset: number, data: Uint8Array) => {
        await disk.truncate(Math.max(disk.length(), offset + data.length));
        disk.bytes.set(data, offset);
      },
    });
    const bitmap = new DirtyBitmap('b', 512, SIZE);
    bitmaps.add(bitmap);
    await new BlockIo(growable, POLICY, bitmaps).write(SIZE + 512, new Uint8Array(512).fill(1));
    expect(bitmap.count()).toBe(512);
  });

  test('also when it failed, for nobody knows how much of it arrived', async () => {
    const { disk, bitmaps, io } = over();
    const bitmap = new DirtyBitmap('b', 512, SIZE);
    bitmaps.add(bitmap);
    disk.failure = 'ENOSPC';
    await expect(io.write(0, new Uint8Array(512).fill(1))).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(bitmap.count()).toBe(512);
  });
});
