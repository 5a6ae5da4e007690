/** vvfat: what the disk over a directory looks like to whoever reads it. */
import { mkdir, truncate, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Json, JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { shown } from '../case-text.ts';
import { addQcow2, CHAIN_SIZE, CLUSTER as CLUSTER_OF_IMAGES, chainNodes } from '../helpers/backing-chains.ts';
import { type FatFile, FatVolume } from '../helpers/fat-volume.ts';
import { type NodeIo, nodeBytes, openIo } from '../helpers/node-io.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import {
  checkAbsent,
  KiB,
  MiB,
  makeDirectory,
  makeFile,
  needs,
  nodeCommands,
  queryList,
  virtualSize,
} from '../helpers/shared-setup.ts';

const vvfat = needs(nodeCommands, { drivers: ['vvfat'], capabilities: ['sharedFiles'] });
export const seen = { ...needs(vvfat, nodeBytes) };

const SECTOR = 512;
/** In the first sector of a hard disk. */
const PARTITION = 0x1be;
/** Clusters have 8 KiB. */
const CLUSTER = 8 * KiB;

export const FILES: Readonly<Record<string, Buffer>> = {
  'README.TXT': Buffer.from('plain'),
  'a name that is longer than thirteen characters.text': Buffer.from('long'),
  'ein größerer Name aus 日本.txt': Buffer.from('beyond ASCII'),
  empty: Buffer.alloc(0),
  'whole cluster': Buffer.alloc(CLUSTER, 1),
  'three clusters': Buffer.concat([1, 2, 3].map((byte) => Buffer.alloc(CLUSTER, byte))).subarray(0, -100),
  'sub/file': Buffer.from('below'),
  'sub/deeper/and deeper/file': Buffer.alloc(CLUSTER + 1, 4),
  'sub/deeper/other': Buffer.from('beside'),
  '.begins with a dot': Buffer.from('dot'),
};
export const DIRECTORIES = ['sub/', 'sub/deeper/', 'sub/deeper/and deeper/', 'sub with nothing in it/'];

/** FAT32 is left out: QEMU warns that nobody has tried its own. */
const DISKS: readonly JsonObject[] = [
  { floppy: true, 'fat-type': 12 },
  { floppy: true },
  { 'fat-type': 12 },
  { 'fat-type': 16 },
  {},
];

/** A new directory with these files. Gives the options of a read-only node over it, and where the directory is for us. */
export async function directoryOf(
  t: CaseContext,
  files: Readonly<Record<string, Uint8Array>>,
  directories: readonly string[] = [],
): Promise<{ open: JsonObject; local: string }> {
  const { path, local } = await makeDirectory(t);
  for (const name of directories) await mkdir(join(local, name), { recursive: true });
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(local, name)), { recursive: true });
    await writeFile(join(local, name), bytes);
  }
  return { open: { driver: 'vvfat', dir: path, 'read-only': true }, local };
}

/** Opens a disk with these options and looks at its volume. */
export async function look(
  t: CaseContext,
  options: JsonObject,
  work: (volume: FatVolume, files: ReadonlyMap<string, FatFile>, io: NodeIo) => Promise<void>,
): Promise<void> {
  const node = t.name('fat');
  await t.execute('blockdev-add', { ...options, 'node-name': node });
  const io = await openIo(t, node, { writable: false });
  const volume = await FatVolume.open(t, io);
  await work(volume, await volume.files(), io);
  await io.close();
  await t.execute('blockdev-del', { 'node-name': node });
}

/** The volume has all of `FILES` and `DIRECTORIES`, and nothing else, by their whole names and with their bytes. */
export async function checkWhole(
  t: CaseContext,
  volume: FatVolume,
  files: ReadonlyMap<string, FatFile>,
): Promise<void> {
  const expected = [...Object.keys(FILES), ...DIRECTORIES].toSorted();
  t.equal([...files.keys()].toSorted(), expected, 'the volume must have what the directory has');
  for (const [name, bytes] of Object.entries(FILES)) {
    const file = files.get(name)!;
    t.equal(file.size, bytes.length, 'a file must have its length');
    t.check((await volume.content(file)).equals(bytes), 'a file must have its bytes', 'it has others');
  }
}

/** Seconds of a time within its quarter of an hour. */
const quarter = (time: number): number => (((time >> 5) & 63) % 15) * 60 + (time & 31) * 2;

/** Words of file names, and the options that they stand for. */
const NAMES: readonly (readonly [words: string, type: number, floppy: boolean, size: number])[] = [
  ['', 0, false, 504 * MiB],
  ['floppy:', 0, true, 2880 * KiB],
  ['12:', 12, false, 31.5 * MiB],
  ['32:', 32, false, 504 * MiB],
  ['floppy:12:', 12, true, 1440 * KiB],
  ['16:floppy:', 16, true, 2880 * KiB],
];

function parseName(t: CaseContext, name: Json | undefined): Json {
  t.check(
    typeof name === 'string' && name.startsWith('json:'),
    'the name must be options',
    `it is ${shown(name ?? null)}`,
  );
  return JSON.parse(String(name).slice('json:'.length)) as Json;
}

export const directoryDisks: readonly CaseDefinition[] = [
  {
    id: 'vvfat/names',
    title:
      'fat: and words in front of dir are the name of a disk; nodes over it are called by the options that they mean',
    requirements: ['vvfat/names'],
    needs: needs(vvfat, chainNodes),
    async run(t: CaseContext) {
      const { path } = await makeDirectory(t);
      for (const [words, type, floppy, size] of NAMES) {
        const backing = { name: `fat:${words}${path}`, format: 'raw' };
        const image = buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER_OF_IMAGES, backing });
        const node = await addQcow2(t, await makeFile(t, image));
        const below =
          (await queryList(t, 'query-named-block-nodes')).find(({ drv }) => drv === 'vvfat') ?? {};
        t.equal(
          parseName(t, below.file),
          { driver: 'vvfat', dir: path, 'fat-type': type, floppy, rw: false },
          'the node must be called by what the name means',
        );
        t.contains(below, { ro: true, image: { 'virtual-size': size } }, 'it must be that disk');
        await t.execute('blockdev-del', { 'node-name': node });
      }
    },
  },
  {
    id: 'vvfat/sizes',
    title:
      'A floppy has 1.44 MB if its FAT12 was asked for, else 2.88 MB; a hard disk 31.5 MiB of FAT12, else 504 MiB',
    requirements: ['vvfat/floppy', 'vvfat/fat-type'],
    needs: vvfat,
    async run(t: CaseContext) {
      const { open } = await directoryOf(t, {});
      for (const [options, size] of [
        [{ floppy: true }, 2880 * KiB],
        [{ floppy: true, 'fat-type': 12 }, 1440 * KiB],
        [{ floppy: true, 'fat-type': 16 }, 2880 * KiB],
        [{}, 504 * MiB],
        [{ floppy: false, 'fat-type': 12 }, 31.5 * MiB],
        [{ 'fat-type': 16 }, 504 * MiB],
        [{ 'fat-type': 32 }, 504 * MiB],
      ] as const) {
        const node = t.name('fat');
        await t.execute('blockdev-add', { ...open, ...options, 'node-name': node });
        t.equal(await virtualSize(t, node), size, 'a disk must have the size of its kind');
        await t.execute('blockdev-del', { 'node-name': node });
      }
    },
  },
  {
    id: 'vvfat/geometry',
    title: 'Boot sector and partition tell the geometry of the disk, and its medium as the tables do',
    requirements: ['vvfat/floppy', 'vvfat/fat-type'],
    needs: seen,
    async run(t: CaseContext) {
      const { open } = await directoryOf(t, {});
      for (const [options, sectors, heads, track] of [
        [{ floppy: true, 'fat-type': 12 }, 2880, 2, 18],
        [{ floppy: true }, 5760, 2, 36],
        [{ 'fat-type': 12 }, 64 * 16 * 63, 16, 63],
        [{ 'fat-type': 16 }, 1024 * 16 * 63, 16, 63],
      ] as const) {
        const isFloppy = 'floppy' in options;
        const node = t.name('fat');
        await t.execute('blockdev-add', { ...open, ...options, 'node-name': node });
        const io = await openIo(t, node, { writable: false });
        const first = await io.read(0, SECTOR);
        const start = isFloppy ? 0 : track;
        const boot = await io.read(start * SECTOR, SECTOR);
        const gap = await io.read(SECTOR, (start || 1) * SECTOR - SECTOR || SECTOR);
        const table = await io.read((start + boot.readUInt16LE(14)) * SECTOR, SECTOR);
        await io.close();
        await t.execute('blockdev-del', { 'node-name': node });
        const volume = sectors - start;
        t.check(
          first.subarray(0, PARTITION - 6).equals(Buffer.alloc(PARTITION - 6)) || isFloppy,
          'there must be no program in front of the partitions',
          'there is one',
        );
        t.equal(
          {
            jump: boot[0]!,
            reserved: boot.readUInt16LE(14),
            tables: boot[16]!,
            'entries of the root': boot.readUInt16LE(17),
            'serial number': boot.readUInt32LE(39),
            'made by': boot.toString('latin1', 3, 11),
            kind: boot.toString('latin1', 54, 62),
            'signature of that': boot[38]!,
            sectors: boot.readUInt16LE(19) || boot.readUInt32LE(32),
            heads: boot.readUInt16LE(26),
            'sectors of a track': boot.readUInt16LE(24),
            'sectors in front': boot.readUInt32LE(28),
            drive: boot[36]!,
            medium: boot[21]!,
            'medium in the table': table[0]!,
          },
          {
            jump: 0xeb,
            reserved: 1,
            tables: 2,
            'entries of the root': 512,
            'serial number': 0xfabe1afd,
            'made by': 'MSWIN4.1',
            kind: `FAT${'fat-type' in options ? options['fat-type'] : 12}   `,
            'signature of that': 0x29,
            sectors: volume,
            heads,
            'sectors of a track': track,
            'sectors in front': start,
            drive: isFloppy ? 0 : 0x80,
            medium: isFloppy ? 0xf0 : 0xf8,
            'medium in the table': isFloppy ? 0xf0 : 0xf8,
          },
          'the boot sector must tell the geometry',
        );
        if (isFloppy) continue;
        const cylinder = sectors / heads / track - 1;
        t.equal(
          [...first.subarray(PARTITION, PARTITION + 8)].toSpliced(4, 1),
          [0x80, 1, 1, 0, heads - 1, track + ((cylinder >> 8) << 6), cylinder & 0xff],
          'the partition must be active and lie from the second track to the end',
        );
        t.equal(
          [first.readUInt32LE(PARTITION + 8), first.readUInt32LE(PARTITION + 12)],
          [start, volume],
          'the partition must be where the boot sector is, and as long',
        );
        t.equal(first.readUInt32LE(PARTITION - 6), 0xbe1afdfa, 'the disk must have a serial number');
        t.check(
          gap.equals(Buffer.alloc(gap.length)),
          'there must be nothing between partition table and partition',
          'there is something',
        );
      }
    },
  },
  {
    id: 'vvfat/files',
    title:
      'The volume has every file of dir and of the directories in it, by its whole name and with its bytes',
    requirements: ['vvfat/dir'],
    needs: seen,
    async run(t: CaseContext) {
      const { open } = await directoryOf(t, FILES, DIRECTORIES);
      for (const options of DISKS)
        await look(t, { ...open, ...options }, (volume, files) => checkWhole(t, volume, files));
    },
  },
  {
    id: 'vvfat/many-files',
    title: 'A directory that takes some clusters is whole',
    requirements: ['vvfat/dir'],
    needs: seen,
    async run(t: CaseContext) {
      const names = Array.from({ length: 400 }, (_, i) => `sub/one of many files, number ${i}`);
      const { open } = await directoryOf(
        t,
        Object.fromEntries(names.map((name) => [name, Buffer.from(name)])),
      );
      await look(t, { ...open, 'fat-type': 16 }, async (volume, files) => {
        t.equal(
          [...files.keys()].toSorted(),
          [...names, 'sub/'].toSorted(),
          'the volume must have every file',
        );
        const shorts = [...files.values()].map(({ short }) => short);
        t.equal(new Set(shorts).size, shorts.length, 'no two files may have the same short name');
        const last = names.at(-1)!;
        t.equal((await volume.content(files.get(last)!)).toString(), last, 'a file must have its bytes');
      });
    },
  },
  {
    id: 'vvfat/short-names',
    title:
      'A name that is a short one is its own; others get one that begins like them and ends with a number',
    requirements: ['vvfat/dir'],
    needs: seen,
    async run(t: CaseContext) {
      const names = [
        'README.TXT',
        'program.c',
        'long file name 1.text',
        'long file name 2.text',
        'a+b=c.d',
        '.dot',
        'UPPER.low',
        'two.dots.txt',
        'a-very-long-base.c',
        'x.html',
      ];
      const { open } = await directoryOf(
        t,
        Object.fromEntries(names.map((name) => [name, Buffer.from(name)])),
      );
      await look(t, open, async (_volume, files) => {
        t.equal(
          [...files.values()].map(({ short }) => short).toSorted(),
          [
            'A-VERY~1C  ',
            'ABC~1   D  ',
            'DOT~1      ',
            'LONGFI~1TEX',
            'LONGFI~2TEX',
            'PROGRAM C  ',
            'README  TXT',
            'TWO~1   TXT',
            'UPPER   LOW',
            'X~1     HTM',
          ],
          'short names must be made of the long ones',
        );
      });
    },
  },
  {
    id: 'vvfat/dates',
    title: 'An entry has the day on which its file was changed',
    requirements: ['vvfat/dir'],
    needs: seen,
    async run(t: CaseContext) {
      const { open, local } = await directoryOf(t, { 'DATED.TXT': Buffer.from('old') });
      // noon in Greenwich, which is this day or the next one wherever the endpoint is
      await utimes(join(local, 'DATED.TXT'), new Date('2001-02-11T12:00Z'), new Date('2003-04-15T12:04:26Z'));
      const date = new Date();
      const now = (date.getUTCMinutes() % 15) * 60 + date.getUTCSeconds();
      await look(t, open, async (_volume, files, io) => {
        const { at, date: changed, short } = files.get('DATED.TXT')!;
        const { year, month, day } = changed;
        t.equal([year, month], [2003, 4], 'the entry must have year and month of the change');
        t.check(day === 15 || day === 16, 'the entry must have the day of the change', `it has ${day}`);
        t.equal(short, 'DATED   TXT', 'the file must be called so');
        const entry = await io.read(at, 32);
        const time = entry.readUInt16LE(22);
        // time zones differ by quarters of hours
        t.equal([((time >> 5) & 63) % 15, time & 31], [4, 13], 'the entry must have the time of the change');
        const read = entry.readUInt16LE(18);
        t.equal(
          [1980 + (read >> 9), (read >> 5) & 15],
          [2001, 2],
          'the entry must have the day of the last read',
        );
        const made = [entry.readUInt16LE(14), entry.readUInt16LE(16)] as const;
        t.check(
          made[1] >> 9 >= 40 && ((made[0] >> 5) & 63) < 60 && Math.abs(quarter(made[0]) - now) % 840 <= 60,
          'the entry must have the time at which the file was made',
          `it has ${shown([...made])}`,
        );
      });
    },
  },
  {
    id: 'vvfat/full',
    title: 'A directory that takes all clusters of the disk is whole; one that takes one more is refused',
    requirements: ['vvfat/dir', 'blockdev-add/failure-leaves-nothing'],
    needs: seen,
    async run(t: CaseContext) {
      const { open, local } = await directoryOf(t, { small: Buffer.from('small') });
      const floppy = { ...open, floppy: true, 'fat-type': 12 };
      let clusters = 0;
      await look(t, floppy, async (volume) => {
        ({ clusters } = volume);
      });
      const large = Buffer.alloc((clusters - 1) * CLUSTER, 3);
      large.fill(5, large.length - CLUSTER);
      await writeFile(join(local, 'large'), large);
      await look(t, floppy, async (volume, files) => {
        t.check(
          (await volume.content(files.get('large')!)).equals(large),
          'a file must have its bytes',
          'it has others',
        );
      });
      await truncate(join(local, 'large'), large.length + 1);
      const node = t.name('fat');
      await t.refused('blockdev-add', { ...floppy, 'node-name': node });
      await checkAbsent(t, node);
    },
  },
  {
    id: 'vvfat/too-much',
    title:
      'A directory that is too large for the disk, has a file of 2 GiB or too many files is refused and leaves nothing',
    requirements: ['vvfat/dir', 'blockdev-add/failure-leaves-nothing'],
    needs: vvfat,
    async run(t: CaseContext) {
      const refused = async ({ open }: { open: JsonObject }, options: JsonObject) => {
        const node = t.name('fat');
        await t.refused('blockdev-add', { ...open, ...options, 'node-name': node });
        await checkAbsent(t, node);
      };
      const large = await directoryOf(t, { large: Buffer.alloc(0) });
      await truncate(join(large.local, 'large'), 2 * MiB);
      await refused(large, { floppy: true, 'fat-type': 12 });
      await truncate(join(large.local, 'large'), 40 * MiB);
      await refused(large, { 'fat-type': 12 });
      await truncate(join(large.local, 'large'), 600 * MiB);
      await refused(large, {});
      for (const size of [2048 * MiB, 5 * 1024 * MiB]) {
        await truncate(join(large.local, 'large'), size);
        await refused(large, {});
      }
      const names = Array.from({ length: 300 }, (_, i) => [`file${i}`, Buffer.alloc(0)]);
      await refused(await directoryOf(t, Object.fromEntries(names)), {});
      const node = t.name('fat');
      const { open } = await directoryOf(t, Object.fromEntries(names.slice(0, 10)));
      await t.execute('blockdev-add', { ...open, 'node-name': node });
      t.check(
        (await virtualSize(t, node)) !== null,
        'a directory that fits must be a disk',
        'it is not listed',
      );
    },
  },
];
