import { beforeEach, expect, test } from 'vitest';
import { Random } from '../../../generators/random.ts';
import { entry } from './directory-entries.ts';
import { clusterOffset, ENTRY_BYTES, fatLayout, SECTOR } from './fat-layout.ts';
import { Attribute } from './fat-names.ts';
import { FatTable } from './fat-table.ts';
import { type GuestItem, GuestTreeReader } from './guest-tree.ts';

const layout = fatLayout(12, true);
const root = layout.rootStart * SECTOR;
const sub = clusterOffset(layout, 2);

let disk: Buffer;
let table: FatTable;
let reader: GuestTreeReader;
/** Where the disk was read. */
let reads: number[];

function write(offset: number, bytes: Uint8Array): void {
  disk.set(bytes, offset);
  reader.written(offset, bytes.length);
}

const file = (short: string, first: number, size: number) =>
  entry({ short: short.padEnd(11), attributes: Attribute.archive, first, size });
const directory = (short: string, first: number) =>
  entry({ short: short.padEnd(11), attributes: Attribute.directory, first, size: 0 });

async function read(): Promise<Map<string, GuestItem>> {
  reads = [];
  const { items } = await reader.read();
  return new Map(items.map((item) => [item.name, item]));
}

function newReader(): GuestTreeReader {
  return new GuestTreeReader({
    layout,
    table: table.bytes,
    read: async (offset, buffer) => {
      reads.push(offset);
      disk.copy(buffer, 0, offset);
    },
    visit: () => {},
  });
}

beforeEach(async () => {
  disk = Buffer.alloc(layout.sectors * SECTOR);
  table = new FatTable(layout);
  reader = newReader();
  for (const cluster of [2, 3, 4]) table.link(cluster, 1);
  write(root, Buffer.concat([directory('SUB', 2), file('A', 3, 9)]));
  write(sub, Buffer.concat([directory('.', 2), directory('..', 0), file('B', 4, 9), file('C', 0, 0)]));
  expect([...(await read()).keys()]).toEqual(['', 'sub', 'a', 'b', 'c']);
  expect(reads).toEqual([root, sub]);
});

test('what did not change is not read again, and is the same', async () => {
  const before = await read();
  write(clusterOffset(layout, 4), new Uint8Array(SECTOR));
  expect([...(await read()).values()].every((item) => before.get(item.name) === item)).toBe(true);
  // That in front of all clusters is read each time.
  expect(reads).toEqual([root]);
});

test('a directory that was written to is read again, and what stayed in it is the same', async () => {
  const before = await read();
  write(sub + 3 * ENTRY_BYTES, file('D', 0, 0));
  const now = await read();
  expect(reads).toEqual([root, sub]);
  expect([...now.keys()]).toEqual(['', 'sub', 'a', 'b', 'd']);
  expect(now.get('b')).toBe(before.get('b'));
});

test('what is in a directory of another name is not the same', async () => {
  const before = await read();
  write(root, directory('BUS', 2));
  const now = await read();
  expect(now.get('b')).not.toBe(before.get('b'));
  expect(now.get('b')!.parent).toBe(now.get('bus'));
});

test('clusters are looked up again each time', async () => {
  table.link(5, 1);
  await expect(reader.read()).rejects.toThrow('cluster 5 belongs to no file');
  table.link(4, 2);
  const now = await read();
  expect(now.get('b')!.chain).toEqual([{ first: 4, count: 2 }]);
  write(root + ENTRY_BYTES, file('A', 4, 9));
  await expect(reader.read()).rejects.toThrow('cluster 4 is used more than once');
});

test('two of the same name stay two', async () => {
  write(root + 2 * ENTRY_BYTES, Buffer.concat([file('E', 0, 0), file('E', 0, 0)]));
  for (let i = 0; i < 3; i++) {
    const { items } = await reader.read();
    const found = items.filter(({ name }) => name === 'e');
    expect([found.length, new Set(found).size]).toEqual([2, 2]);
    if (i === 1) write(root, disk.subarray(root, root + SECTOR));
  }
});

/** All that is told of a tree, or why there is none. */
async function told(from: GuestTreeReader): Promise<unknown> {
  try {
    const { items } = await from.read();
    return items.map(({ parent, ...item }) => ({ ...item, parent: items.indexOf(parent!) }));
  } catch (error) {
    return (error as Error).message;
  }
}

test.each([1, 2, 3, 4])('whatever is written, it is read as if for the first time, seed %d', async (seed) => {
  const random = new Random(seed);
  const places = [root, sub, clusterOffset(layout, 3)].flatMap((start) =>
    Array.from({ length: 5 }, (_, i) => start + i * ENTRY_BYTES),
  );
  const cluster = () => random.below(7);
  const changes = [
    () => table.link(cluster(), 1 + random.below(2)),
    () => table.bytes.fill(0, 3, 3 + random.below(4)),
    () => write(random.pick(places), file(random.pick(['A', 'B', 'E']), cluster(), random.below(9))),
    () => write(random.pick(places), directory(random.pick(['SUB', '.', '..']), cluster())),
    () => write(random.pick(places), file(random.pick(['A', 'B', 'E']), 0, 0)),
    () => write(random.pick(places), new Uint8Array(ENTRY_BYTES)),
  ];
  let trees = 0;
  let whole = { table: table.bytes.slice(), disk: Buffer.from(disk) };
  for (let i = 0; i < 500; i++) {
    for (let n = random.below(3); n >= 0; n--) random.pick(changes)();
    const expected = await told(newReader());
    expect(await told(reader)).toEqual(expected);
    if (typeof expected !== 'string') {
      trees += 1;
      whole = { table: table.bytes.slice(), disk: Buffer.from(disk) };
    } else if (random.chance(60)) {
      table.bytes.set(whole.table);
      for (const start of [root, sub, clusterOffset(layout, 3)])
        write(start, whole.disk.subarray(start, start + SECTOR));
    }
  }
  expect(trees).toBeGreaterThan(20);
});
