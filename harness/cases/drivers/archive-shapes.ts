/** The formats that are only read (bochs, cloop, dmg): what their images may look like, and what is refused of them. */
import { deflateSync } from 'node:zlib';
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  adc,
  BZIPPED,
  cloopOf,
  disk,
  mixedRuns,
  mixture,
  PACKED_MIXTURE,
  PACKED_PERIODIC,
  periodic,
  sparseBochs,
  TEXT,
} from '../helpers/archive-contents.ts';
import {
  buildBochs,
  buildCloop,
  buildDmg,
  buildDmgOf,
  DISK,
  DMG,
  type DmgOptions,
  PART,
} from '../helpers/archive-images.ts';
import { attempt, nodeBytes, readNode } from '../helpers/node-io.ts';
import { checkAbsent, fileNodes, MiB, makeFile, needs, virtualSize } from '../helpers/shared-setup.ts';

const SECTOR = 512;

/** Opens an image read-only; gives the node, or null if it is refused. */
async function open(t: CaseContext, driver: string, image: Buffer): Promise<string | null> {
  const { path } = await makeFile(t, image);
  const node = t.name(driver);
  const file = { driver: 'file', filename: path };
  const options = { driver, 'node-name': node, file, 'read-only': true };
  const reply = await t.request({ execute: 'blockdev-add', arguments: options });
  if ('return' in reply) return node;
  await checkAbsent(t, node);
  return null;
}

/** A node over the image must show this, wherever one begins to read. */
async function checkShows(t: CaseContext, driver: string, image: Buffer, expected: Buffer): Promise<void> {
  const node = await open(t, driver, image);
  t.check(node !== null, 'the image must be taken', 'it is refused');
  t.equal(await virtualSize(t, node), expected.length, 'the node must be as long as the image says');
  const whole = await readNode(t, node, 0, expected.length);
  for (let at = 0; at < expected.length; at += SECTOR)
    t.check(
      whole.subarray(at, at + SECTOR).equals(expected.subarray(at, at + SECTOR)),
      'each sector must have what the image holds',
      `that at ${at} has something else`,
    );
  for (
    let at = SECTOR;
    at + SECTOR < expected.length;
    at += Math.max(SECTOR, (expected.length >> 12) * SECTOR)
  )
    t.check(
      (await readNode(t, node, at, 2 * SECTOR)).equals(expected.subarray(at, at + 2 * SECTOR)),
      'two sectors must have what the image holds',
      `those at ${at} have something else`,
    );
  await t.execute('blockdev-del', { 'node-name': node });
}

/** One of each kind of image is changed so: what is refused then, and what is taken. */
interface Change {
  readonly what: string;
  readonly refused: boolean;
  change(image: Buffer): Buffer | undefined;
}

async function checkChanges(t: CaseContext, driver: string, image: () => Buffer, changes: readonly Change[]) {
  for (const { what, refused, change } of changes) {
    const changed = image();
    const node = await open(t, driver, change(changed) ?? changed);
    t.equal(node === null, refused, `an image with ${what} must be ${refused ? 'refused' : 'taken'}`);
    if (node !== null) await t.execute('blockdev-del', { 'node-name': node });
  }
}

const put32 = (value: number, at: number) => (image: Buffer) => void image.writeUInt32LE(value, at);
const put32be = (value: number, at: number) => (image: Buffer) => void image.writeUInt32BE(value >>> 0, at);
const put64 = (value: bigint, at: number) => (image: Buffer) => void image.writeBigUInt64LE(value, at);
const put64be = (value: bigint, at: number) => (image: Buffer) => void image.writeBigUInt64BE(value, at);

const shapes = (driver: string) => needs(fileNodes, { ...nodeBytes, drivers: [driver] });

const DMG_SHAPES: Readonly<Record<string, DmgOptions>> = {
  'a property list': {},
  'a resource fork': { fork: true },
  'bytes in front of the data': { front: 100 },
  'bytes behind the trailer': { behind: 13 },
};

export const archiveShapes: readonly CaseDefinition[] = [
  {
    id: 'formats/bochs-sectors',
    title:
      'Sectors that a growing disk has not are zeroes, the others lie in extents in any order; of both versions',
    requirements: ['formats/content'],
    needs: shapes('bochs'),
    async run(t: CaseContext) {
      for (const version of [1, 2] as const) {
        const { image, shows } = sparseBochs(version);
        await checkShows(t, 'bochs', image, shows);
      }
    },
  },
  {
    id: 'formats/bochs-limits',
    title:
      'A growing disk is refused that is of another kind, or whose catalog or extents have no possible size',
    requirements: ['formats/garbage'],
    needs: shapes('bochs'),
    async run(t: CaseContext) {
      const size = BigInt(DISK.length);
      await checkChanges(t, 'bochs', buildBochs, [
        { what: 'version 3', refused: true, change: put32(0x30000, 64) },
        { what: 'another type', refused: true, change: (image) => void image.write('Redolox', 32) },
        { what: 'another subtype', refused: true, change: (image) => void image.write('Growinx', 48) },
        { what: 'another magic', refused: true, change: (image) => void image.write('bochs', 0) },
        { what: 'a longer magic', refused: true, change: (image) => void image.write('e', 22) },
        { what: 'one extent too few', refused: true, change: put64(size + 512n, 88) },
        { what: 'a size of no whole sectors', refused: false, change: put64(size + 511n, 88) },
        { what: 'a size of none', refused: false, change: put64(0n, 88) },
        { what: 'extents of half a sector', refused: true, change: put32(256, 80) },
        { what: 'extents of no power of two', refused: true, change: put32(PART + 512, 80) },
        { what: 'extents of 8 MiB', refused: false, change: put32(8 * MiB, 80) },
        { what: 'extents of 16 MiB', refused: true, change: put32(16 * MiB, 80) },
        { what: 'a catalog of 4 MiB', refused: false, change: put32(0x100000, 72) },
        { what: 'a larger one', refused: true, change: put32(0x100001, 72) },
        {
          what: 'extents of a sector',
          refused: false,
          change: (image) => {
            put32(512, 80)(image);
            put64(512n, 88)(image);
            return undefined;
          },
        },
      ]);
    },
  },
  {
    id: 'formats/cloop-blocks',
    title: 'Blocks of a compressed loop image are of any size, and as many as its table has',
    requirements: ['formats/content'],
    needs: shapes('cloop'),
    async run(t: CaseContext) {
      await checkShows(t, 'cloop', cloopOf(disk(60), 3), disk(60));
      const many = disk(9000);
      const node = await open(t, 'cloop', cloopOf(many, 1));
      t.check(node !== null, 'an image of many blocks must be taken', 'it is refused');
      for (const at of [0, 8190 * SECTOR, 8999 * SECTOR - SECTOR])
        t.check(
          (await readNode(t, node, at, 2 * SECTOR)).equals(many.subarray(at, at + 2 * SECTOR)),
          'blocks must have what the image holds',
          `those at ${at} have something else`,
        );
    },
  },
  {
    id: 'formats/cloop-limits',
    title: 'A compressed loop image is refused whose blocks have no possible size, number or order',
    requirements: ['formats/garbage'],
    needs: shapes('cloop'),
    async run(t: CaseContext) {
      const offsets = 136;
      const gap = 128 * MiB;
      await checkChanges(t, 'cloop', buildCloop, [
        { what: 'blocks of nothing', refused: true, change: put32be(0, 128) },
        { what: 'blocks of no whole sectors', refused: true, change: put32be(513, 128) },
        { what: 'blocks of 64 MiB', refused: false, change: put32be(64 * MiB, 128) },
        { what: 'larger blocks', refused: true, change: put32be(64 * MiB + 512, 128) },
        { what: 'too many blocks', refused: true, change: put32be(0x20000000, 132) },
        { what: 'more blocks than a table may have', refused: true, change: put32be(0x4000000, 132) },
        { what: 'no blocks', refused: false, change: put32be(0, 132) },
        { what: 'a block in front of the one before', refused: true, change: put64be(1n, offsets + 16) },
        {
          what: 'blocks of no bytes',
          refused: false,
          change: (image) => void image.copy(image, offsets + 8, offsets, offsets + 8),
        },
        {
          what: 'a last block that is as large as any',
          refused: false,
          change: (image) => put64be(image.readBigUInt64BE(offsets + 24) + BigInt(gap), offsets + 32)(image),
        },
        {
          what: 'one that is larger',
          refused: true,
          change: (image) =>
            put64be(image.readBigUInt64BE(offsets + 24) + BigInt(gap + 1), offsets + 32)(image),
        },
      ]);
    },
  },
  {
    id: 'formats/cloop-broken-blocks',
    title:
      'A block of a compressed loop image that is cut, too long or damaged cannot be read; the others can',
    requirements: ['formats/content'],
    needs: shapes('cloop'),
    async run(t: CaseContext) {
      const content = disk(12);
      const broken = (change: (image: Buffer, at: number) => void) => {
        const image = cloopOf(content, 4);
        change(image, Number(image.readBigUInt64BE(144)));
        return image;
      };
      for (const image of [
        broken((bytes, at) => bytes.writeUInt8(0, at)),
        broken((bytes) => bytes.writeBigUInt64BE(bytes.readBigUInt64BE(152) - 9n, 152)),
        broken((bytes) => bytes.writeUInt32BE(5 * SECTOR, 128)),
      ]) {
        const node = await open(t, 'cloop', image);
        t.check(node !== null, 'the image must be taken', 'it is refused');
        const outcome = await attempt(t, node, { kind: 'read', offset: 4 * SECTOR, length: SECTOR * 4 });
        t.equal(outcome, 'EIO', 'a block that is broken must fail');
        await t.execute('blockdev-del', { 'node-name': node });
      }
    },
  },
  {
    id: 'formats/dmg-runs',
    title:
      'Runs of a disk image of macOS are packed each in its way, in partitions, told by a list or a resource fork',
    requirements: ['formats/content'],
    needs: shapes('dmg'),
    async run(t: CaseContext) {
      const { partitions, shows } = mixedRuns();
      for (const options of Object.values(DMG_SHAPES))
        await checkShows(t, 'dmg', buildDmgOf(partitions, options), shows);
    },
  },
  {
    id: 'formats/dmg-adc',
    title:
      'Runs of a disk image of macOS may be packed by ADC, whose copies reach far back and into themselves',
    requirements: ['formats/content'],
    needs: shapes('dmg'),
    async run(t: CaseContext) {
      const { bytes, shows } = adc();
      const runs = [{ type: DMG.adc, sectors: 3, bytes }];
      await checkShows(t, 'dmg', buildDmgOf([runs, runs]), Buffer.concat([shows, shows]));
    },
  },
  {
    id: 'formats/dmg-bzip2',
    title: 'Runs of a disk image of macOS may be packed by bzip2',
    requirements: ['formats/content'],
    needs: shapes('dmg'),
    async run(t: CaseContext) {
      const runs = [{ type: DMG.bzip2, sectors: 3, bytes: BZIPPED }];
      await checkShows(t, 'dmg', buildDmgOf([runs, runs]), Buffer.concat([TEXT, TEXT]));
      const large = [
        { type: DMG.bzip2, sectors: 12, bytes: PACKED_MIXTURE },
        { type: DMG.bzip2, sectors: 400, bytes: PACKED_PERIODIC },
      ];
      await checkShows(t, 'dmg', buildDmgOf([large]), Buffer.concat([mixture(), periodic()]));
    },
  },
  {
    id: 'formats/dmg-cut-runs',
    title: 'What a run of bytes as they are has not in the file is zeroes',
    requirements: ['formats/content'],
    needs: shapes('dmg'),
    async run(t: CaseContext) {
      const runs = [
        { type: DMG.plain, sectors: 3, bytes: disk(1) },
        { type: DMG.plain, sectors: 1, bytes: disk(1) },
      ];
      const shows = Buffer.concat([disk(1), Buffer.alloc(2 * SECTOR), disk(1)]);
      await checkShows(t, 'dmg', buildDmgOf([runs]), shows);
    },
  },
  {
    id: 'formats/dmg-limits',
    title:
      'A disk image of macOS is refused without a trailer, a list within the file, or with too large runs',
    requirements: ['formats/garbage'],
    needs: shapes('dmg'),
    async run(t: CaseContext) {
      const trailer = (at: number, value: bigint) => (image: Buffer) =>
        put64be(value, image.length - 512 + at)(image);
      const packed = deflateSync(Buffer.alloc(SECTOR));
      const runs =
        (sectors: number, length: number, type: number = DMG.deflated) =>
        () =>
          buildDmgOf([[{ type, sectors, bytes: packed, length }]]);
      const listAt = (image: Buffer) => image.readBigUInt64BE(image.length - 512 + 216);
      await checkChanges(t, 'dmg', buildDmg, [
        { what: 'no trailer', refused: true, change: (image) => void image.write('k', image.length - 511) },
        { what: 'less than a sector', refused: true, change: (image) => image.subarray(image.length - 511) },
        { what: 'no list', refused: true, change: trailer(224, 0n) },
        {
          what: 'a list behind the trailer',
          refused: true,
          change: (image) => trailer(216, BigInt(image.length))(image),
        },
        {
          what: 'a list up to the trailer',
          refused: false,
          change: (image) => trailer(224, BigInt(image.length - 512) - listAt(image))(image),
        },
        {
          what: 'a list that goes on into the trailer',
          refused: true,
          change: (image) => trailer(224, BigInt(image.length - 511) - listAt(image))(image),
        },
        {
          what: 'data without an end',
          refused: true,
          change: (image) => void image.write('<', image.indexOf('</data>') + 1),
        },
        { what: 'a run of 64 MiB', refused: false, change: runs(131072, 20) },
        { what: 'a longer run', refused: true, change: runs(131073, 20) },
        { what: 'a longer run of zeroes', refused: false, change: runs(131073, 20, DMG.zeroes) },
        { what: 'a longer run of nothing', refused: false, change: runs(131073, 20, DMG.unused) },
        { what: 'a run of 64 MiB in the file', refused: false, change: runs(1, 64 * MiB) },
        { what: 'one of more', refused: true, change: runs(1, 64 * MiB + 1) },
      ]);
    },
  },
  {
    id: 'formats/dmg-broken-runs',
    title:
      'A run that is packed in an unknown way, or damaged, cannot be read, nor what no run has; the others can',
    requirements: ['formats/content'],
    needs: shapes('dmg'),
    async run(t: CaseContext) {
      const good = { type: DMG.plain, sectors: 1, bytes: disk(1) };
      const damaged = (at: number, bit: number): Buffer => {
        const bytes = Buffer.from(BZIPPED);
        bytes.writeUInt8(bytes[at]! ^ bit, at);
        return bytes;
      };
      const bzipped = [
        damaged(1, 1),
        damaged(3, 1),
        damaged(5, 1),
        damaged(12, 1),
        damaged(15, 1),
        damaged(100, 4),
        damaged(BZIPPED.length - 2, 1),
        BZIPPED.subarray(0, -1),
        BZIPPED.subarray(0, 40),
      ];
      const deflated = deflateSync(disk(3));
      for (const broken of [
        { type: 0x80000009, sectors: 3, bytes: deflated },
        { type: DMG.deflated, sectors: 3, bytes: deflated.subarray(0, -20) },
        { type: DMG.deflated, sectors: 4, bytes: deflated },
        ...bzipped.map((bytes) => ({ type: DMG.bzip2, sectors: 3, bytes })),
        { type: DMG.bzip2, sectors: 4, bytes: BZIPPED },
        { type: DMG.bzip2, sectors: 2, bytes: BZIPPED },
        { type: DMG.adc, sectors: 3, bytes: adc().bytes.subarray(0, -2) },
        { type: DMG.adc, sectors: 3, bytes: Buffer.from([0x40, 0, 0]) },
      ]) {
        const node = await open(t, 'dmg', buildDmgOf([[good, broken, good]]));
        t.check(node !== null, 'the image must be taken', 'it is refused');
        const read = (sector: number) =>
          attempt(t, node, { kind: 'read', offset: sector * SECTOR, length: SECTOR });
        t.equal(
          [await read(0), await read(1), await read(1 + broken.sectors)],
          ['done', 'EIO', 'done'],
          'the run that is broken must fail, and no other',
        );
        await t.execute('blockdev-del', { 'node-name': node });
      }
    },
  },
];
