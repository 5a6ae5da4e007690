import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../spec/json.ts';
import { driverContract } from '../../testing/driver-contract.ts';
import { type Fixture, nbdFixture } from '../../testing/nbd-export-fixture.ts';

const fixtures: Fixture[] = [];
afterEach(async () => {
  for (const made of fixtures.splice(0)) await made.end();
});

async function fixture(): Promise<Fixture> {
  const made = await nbdFixture();
  fixtures.push(made);
  return made;
}

/** A node over NBD to a file in the same process. */
async function loop(size: number, more: JsonObject = {}): Promise<{ made: Fixture; definition: JsonObject }> {
  const made = await fixture();
  const filename = join(made.folder, 'disk.img');
  await writeFile(filename, '');
  await truncate(filename, size);
  const disk = await made.open({ driver: 'file', 'node-name': 'disk', filename, discard: 'unmap', ...more });
  made.server.add(disk, 'disk', true);
  const server = { type: 'unix', path: made.socket };
  return { made, definition: { driver: 'nbd', 'node-name': 'client', server, export: 'disk' } };
}

driverContract({
  name: 'nbd',
  make: async (_folder, size) => {
    const { definition } = await loop(size);
    return { ...definition, 'node-name': 'disk' };
  },
  keepsData: true,
  resizes: false,
  grows: false,
});

describe('nbd: requests', () => {
  test('many are in flight at once, whatever their size', async () => {
    const { made, definition } = await loop(8 << 20);
    const client = await made.open(definition);
    const pieces = Array.from({ length: 200 }, (_, i) => ({
      offset: i * 40_000,
      data: Buffer.alloc(40_000, i + 1),
    }));
    await Promise.all(pieces.map(({ offset, data }) => client.io.write(offset, data)));
    const read = await Promise.all(
      pieces.map(async ({ offset }) => {
        const buffer = Buffer.alloc(40_000);
        await client.io.read(offset, buffer);
        return buffer;
      }),
    );
    for (const [i, { data }] of pieces.entries()) expect(read[i]!.equals(data)).toBe(true);
  });

  test('what is longer than a server takes is split', async () => {
    const { made, definition } = await loop(80 << 20);
    const client = await made.open(definition);
    expect(client.io.limits.maxTransfer).toBe(32 << 20);
    const data = Buffer.alloc(70 << 20, 7);
    await client.io.write(512, data);
    const buffer = Buffer.alloc(70 << 20);
    await client.io.read(512, buffer);
    expect(buffer.equals(data)).toBe(true);
  });

  test('a disk that ends inside a sector reads zeroes behind its end and takes only zeroes there', async () => {
    const { made, definition } = await loop(1000);
    const client = await made.open(definition);
    await client.io.write(0, Buffer.alloc(1000, 5));
    const buffer = Buffer.alloc(1024, 9);
    await client.io.read(0, buffer);
    expect(buffer.subarray(0, 1000).every((byte) => byte === 5)).toBe(true);
    expect(client.io.length()).toBe(1024);
  });
});
