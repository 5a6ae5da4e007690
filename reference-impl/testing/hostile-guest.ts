/** A guest that writes anything to the disk over a directory: broken tables, entries that lead anywhere, names of all kinds. */
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Random } from '../../generators/random.ts';
import { ENTRY_BYTES, type FatLayout, fatLayout } from '../drivers/vvfat/fat-layout.ts';
import { checksum, longNameEntries } from '../drivers/vvfat/fat-names.ts';
import type { Node } from '../graph/node.ts';
import { IoError } from '../host/errno.ts';
import { FatFixture, SECTOR, writeBack } from './fat-directories.ts';

const WRITES = 12;
/** Bytes of the disk that hold tables, directories and the first files. */
const FRONT = 96 * 1024;
const NAMES = [
  '../outside/file',
  '..',
  '.',
  '/etc/passwd',
  'a/b',
  'way out',
  'way out/file',
  'link',
  'dangling',
  'nul\0name',
  '\ud800',
  'x'.repeat(250),
  'made by the host',
  'first.txt',
  'sub',
];
const SHORT_NAMES = [
  '..         ',
  '../        ',
  '/          ',
  '\0          ',
  'A/B     TXT',
  'FIRST   TXT',
  '\xe5\xff\x01       ',
  '           ',
];
const DISKS = [
  { floppy: true, type: 12 },
  { floppy: true, type: 16 },
  { floppy: true, type: 32 },
] as const;

const FILES = {
  'first.txt': 'first',
  'second file.bin': new Uint8Array(3000).fill(2),
  'sub/third': new Uint8Array(20_000).fill(3),
  'sub/deeper/fourth': '4',
};
/** Made behind the guest's back. */
const UNSEEN = { 'made by the host': 'mine', 'sub/unseen': 'mine too' };

/** Runs guests of these seeds; `first` counts, `end` does not. */
export function hostileGuests([first, end]: readonly [first: number, end: number]): void {
  describe(`vvfat: hostile guests ${first} to ${end - 1}`, () => {
    const starts = Array.from({ length: Math.ceil((end - first) / 20) }, (_, i) => first + i * 20);
    test.each(starts)('20 guests from seed %d', { timeout: 60_000 }, async (start) => {
      for (let seed = start; seed < Math.min(start + 20, end); seed++) await visit(seed);
    });
  });
}

async function visit(seed: number): Promise<void> {
  const random = new Random(seed);
  const fixture = await FatFixture.start(FILES);
  await fixture.linkOut();
  const outside = await fixture.outside();
  const { type, floppy } = random.pick(DISKS);
  const node = await fixture.open({ floppy, 'fat-type': type, rw: true });
  await fixture.put(UNSEEN);
  const guest = new HostileGuest(node, fatLayout(type, floppy), random);
  for (let i = 0; i < WRITES; i++) await guest.act().catch(isIoError);
  await node.io.flush().catch(isIoError);
  await node.io.read(0, new Uint8Array(node.io.length())).catch(isIoError);
  await fixture.block.close();
  expect(await fixture.outside()).toEqual(outside);
  const shown = await fixture.shown();
  const names = [...shown.keys()];
  expect(names.filter((name) => name.includes('.vvfat-'))).toEqual([]);
  expect(shown.get('dangling')).toBe('-> nowhere');
  // `sub` may have another name by now
  for (const [path, bytes] of Object.entries(UNSEEN))
    expect(names.some((name) => basename(name) === basename(path) && shown.get(name) === bytes)).toBe(true);
  await fixture.stop();
}

function isIoError(error: unknown): void {
  expect(error).toBeInstanceOf(IoError);
}

class HostileGuest {
  readonly #node: Node;
  readonly #layout: FatLayout;
  readonly #random: Random;

  constructor(node: Node, layout: FatLayout, random: Random) {
    this.#node = node;
    this.#layout = layout;
    this.#random = random;
  }

  /** What leaves the disk in pieces is mostly taken back, so that more comes of what follows. */
  async act(): Promise<void> {
    const random = this.#random;
    const kinds = [
      () => this.#breakTable(),
      () => this.#breakEntry(),
      () => this.#noise(),
      () => this.#copySector(),
    ];
    if (random.chance(50)) return random.pick([() => this.#addEntry(), () => this.#exchange()])();
    const before = new Uint8Array(FRONT);
    await this.#node.io.read(0, before);
    await random.pick(kinds)().catch(isIoError);
    if (random.chance(20)) return;
    const after = new Uint8Array(FRONT);
    await this.#node.io.read(0, after);
    await writeBack(this.#node, after, before).catch(isIoError);
  }

  /** Somewhere in the root directory or in that of `sub`, at an entry. */
  #entryOffset(): number {
    const { dataStart, clusterBytes } = this.#layout;
    const root = this.#rootOffset();
    const sub = dataStart * SECTOR + this.#random.below(12) * clusterBytes;
    return (this.#random.chance(60) ? root : sub) + this.#random.below(16) * ENTRY_BYTES;
  }

  #cluster(): number {
    const { clusters } = this.#layout;
    return this.#random.pick([0, 1, 2, 3, this.#random.below(12), clusters + 2, clusters + 1, 0xffff, 0xfff]);
  }

  /** Has entries of the first table lead elsewhere. */
  async #breakTable(): Promise<void> {
    const { fatStart, type } = this.#layout;
    const sector = new Uint8Array(SECTOR);
    await this.#node.io.read(fatStart * SECTOR, sector);
    for (let i = 0; i < 1 + this.#random.below(3); i++) {
      const at = Math.floor(((2 + this.#random.below(20)) * type) / 8);
      const value = this.#cluster();
      sector[at] = value & 0xff;
      sector[at + 1] = value >> 8;
    }
    await this.#node.io.write(fatStart * SECTOR, sector);
  }

  /** An entry with a name of any kind; often one that takes nothing else to be sound. */
  async #addEntry(): Promise<void> {
    const random = this.#random;
    const isEmpty = random.chance(70);
    const short = random.pick(SHORT_NAMES);
    const entry = Buffer.alloc(ENTRY_BYTES);
    entry.write(short, 'latin1');
    entry[11] = random.pick([0, 0x20, 0x20, 0x10, random.below(256)]);
    const cluster = isEmpty ? 0 : this.#cluster();
    entry.writeUInt16LE(cluster & 0xffff, 26);
    entry.writeUInt32LE(isEmpty ? 0 : random.pick([1, 512, 9000, 0xffffffff]), 28);
    const pieces = random.chance(60) ? longNameEntries(random.pick(NAMES), checksum(entry)) : [];
    const at = random.chance(80) ? await this.#freeEntry() : this.#entryOffset();
    await this.#node.io.write(at, Buffer.concat([...pieces, entry]));
  }

  #rootOffset(): number {
    const { rootStart, dataStart, rootEntries } = this.#layout;
    return (rootEntries > 0 ? rootStart : dataStart) * SECTOR;
  }

  /** Behind all that the root directory has. */
  async #freeEntry(): Promise<number> {
    const start = this.#rootOffset();
    const entry = new Uint8Array(ENTRY_BYTES);
    for (let at = start; ; at += ENTRY_BYTES) {
      await this.#node.io.read(at, entry);
      if (entry[0] === 0 || at > start + 100 * ENTRY_BYTES) return at;
    }
  }

  /** Two entries of the root directory, or bytes of them, change places. */
  async #exchange(): Promise<void> {
    const random = this.#random;
    const root = Buffer.alloc(SECTOR);
    await this.#node.io.read(this.#rootOffset(), root);
    const isShort = (at: number) => root[at] !== 0 && root[at] !== 0xe5 && (root[at + 11]! & 0x0f) !== 0x0f;
    const entries = Array.from({ length: 16 }, (_, i) => i * ENTRY_BYTES).filter(isShort);
    const [some, others] = [random.pick(entries), random.pick(entries)];
    const [from, to] = random.pick([
      [0, 11],
      [26, 32],
      [0, 32],
      [28, 32],
    ] as const);
    const bytes = Buffer.from(root.subarray(some + from, some + to));
    root.copy(root, some + from, others + from, others + to);
    bytes.copy(root, others + from);
    await this.#node.io.write(this.#rootOffset(), root);
  }

  async #breakEntry(): Promise<void> {
    const random = this.#random;
    const at = this.#entryOffset();
    const entry = Buffer.alloc(ENTRY_BYTES);
    await this.#node.io.read(at, entry);
    const changes = [
      () => void entry.writeUInt16LE(this.#cluster() & 0xffff, 26),
      () => void entry.writeUInt32LE(random.pick([0, 1, 600, 0xffffffff]), 28),
      () => void entry.write(random.pick(SHORT_NAMES), 'latin1'),
      () => void entry.writeUInt8(0xe5, 0),
      () => void entry.writeUInt8(random.below(64), 11),
      () => void entry.writeUInt8(random.below(256), random.below(ENTRY_BYTES)),
    ];
    random.pick(changes)();
    await this.#node.io.write(at, entry);
  }

  #noise(): Promise<void> {
    const { fatStart, sectors } = this.#layout;
    const from = this.#random.pick([0, fatStart, fatStart, this.#layout.rootStart, this.#layout.dataStart]);
    const length = SECTOR * (1 + this.#random.below(40));
    const start = Math.min(from, sectors - 64) * SECTOR;
    return this.#node.io.write(start, this.#random.bytes(length));
  }

  async #copySector(): Promise<void> {
    const { fatStart, dataStart } = this.#layout;
    const anywhere = () => (fatStart + this.#random.below(dataStart - fatStart + 40)) * SECTOR;
    const sector = new Uint8Array(SECTOR);
    await this.#node.io.read(anywhere(), sector);
    await this.#node.io.write(anywhere(), sector);
  }
}
