/** Disks over directories, read and changed by tools for FAT; and QEMU's own such disks, byte by byte. */
import { mkdir, open, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Random } from '../../../generators/random.ts';
import type { JsonObject } from '../../../spec/json.ts';
import { run, whyMissing } from '../../testing/external-programs.ts';
import { copyVolume, FatFixture, type Files, SECTOR, writeBack } from '../../testing/fat-directories.ts';

const MIB = 1 << 20;
const missing = whyMissing(['mcopy', 'fsck.fat'], 'formats');
const noQemu = whyMissing(['qemu-img'], 'qemu');
const title = (what: string, why: string | undefined) => (why ? `${what}: ${why}` : what);

const FILES: Files = {
  'README.TXT': 'short and large',
  'a long name with spaces.text': 'long',
  'grüße aus 日本.txt': 'beyond ASCII',
  empty: '',
  '.hidden': 'dot',
  'two.clusters': new Uint8Array(9000).fill(65),
  'exactly.one': new Uint8Array(8192).fill(66),
  'deep/er/and/deeper/still/file': 'deep',
  'empty directory/': '',
};

interface Disk {
  readonly what: string;
  readonly options: JsonObject;
  /** Where the volume starts, and how much of it the tests use. */
  readonly start: number;
  readonly used: number;
}

const DISKS: readonly Disk[] = [
  { what: 'FAT12 on a floppy', options: { floppy: true, 'fat-type': 12 }, start: 0, used: 2 * MIB },
  { what: 'FAT12 on a large floppy', options: { floppy: true }, start: 0, used: 3 * MIB },
  { what: 'FAT16 on a floppy', options: { floppy: true, 'fat-type': 16 }, start: 0, used: 3 * MIB },
  { what: 'FAT12', options: { 'fat-type': 12 }, start: 63 * SECTOR, used: 2 * MIB },
  { what: 'FAT16', options: { 'fat-type': 16 }, start: 63 * SECTOR, used: 2 * MIB },
  { what: 'FAT32', options: { 'fat-type': 32 }, start: 63 * SECTOR, used: 4 * MIB },
];

let fixture: FatFixture;
let volume: string;

beforeEach(async () => {
  fixture = await FatFixture.start(FILES);
  volume = join(fixture.folder, 'volume');
});

afterEach(() => fixture.stop());

describe.skipIf(missing !== undefined)(title('tools for FAT', missing), () => {
  const checkVolume = () => run('fsck.fat', '-n', volume);

  /** All files of the volume, as a folder of the host. */
  async function extracted(): Promise<Map<string, string>> {
    const other = await FatFixture.start();
    try {
      const names = await run('mdir', '-b', '-a', '-i', volume, '::/').catch(() => '');
      if (names !== '') await run('mcopy', '-s', '-n', '-Q', '-i', volume, '::/*', other.dir);
      return withoutCase(await other.shown());
    } finally {
      await other.stop();
    }
  }

  test.each(DISKS)('find $what sound, and every file in it', async ({ options, start, used }) => {
    const node = await fixture.open(options);
    await copyVolume(node, volume, start, used);
    expect(await checkVolume()).not.toMatch(/Reclaimed|Free cluster/);
    expect(await extracted()).toEqual(withoutCase(await fixture.shown()));
    expect(await run('mlabel', '-s', '-i', volume, '::')).toMatch(/QEMU VVFAT/);
  });

  test('find more files than FAT12 and FAT16 have room for in the root of FAT32', async () => {
    const names = Array.from({ length: 700 }, (_, i) => `file number ${i}`);
    await fixture.put(Object.fromEntries(names.map((name) => [name, ''])));
    const node = await fixture.open({ 'fat-type': 32 });
    await copyVolume(node, volume, 63 * SECTOR, 4 * MIB);
    await checkVolume();
    expect((await run('mdir', '-b', '-i', volume, '::/')).match(/file number/g)).toHaveLength(700);
    await expect(fixture.open({ 'fat-type': 16 })).rejects.toThrow(`Could not read directory ${fixture.dir}`);
    expect(fixture.log).toContain('Too many entries in root directory');
  });

  /** What a guest does with a tool, as arguments of it. */
  const changes: readonly (readonly [what: string, ...commands: readonly (readonly string[])[]])[] = [
    ['a new file', ['mcopy', '-i', 'VOLUME', 'NEW', '::small.txt']],
    ['a new file of some clusters', ['mcopy', '-i', 'VOLUME', 'BIG', '::A big file.bin']],
    ['a file that is written anew', ['mcopy', '-o', '-i', 'VOLUME', 'BIG', '::README.TXT']],
    ['a file that becomes shorter', ['mcopy', '-o', '-i', 'VOLUME', 'NEW', '::two.clusters']],
    ['an empty file that gets bytes', ['mcopy', '-o', '-i', 'VOLUME', 'NEW', '::empty']],
    ['a file that is removed', ['mdel', '-i', 'VOLUME', '::two.clusters']],
    ['a file that gets another name', ['mren', '-i', 'VOLUME', '::README.TXT', '::another long name']],
    ['a file that moves', ['mmove', '-i', 'VOLUME', '::two.clusters', '::deep/er']],
    ['a directory that moves', ['mmove', '-i', 'VOLUME', '::deep/er/and', '::empty directory']],
    ['a directory that gets another name', ['mren', '-i', 'VOLUME', '::deep', '::Shallow water']],
    [
      'a new directory with a file',
      ['mmd', '-i', 'VOLUME', '::new'],
      ['mcopy', '-i', 'VOLUME', 'NEW', '::new'],
    ],
    ['a directory that is removed with all in it', ['mdeltree', '-i', 'VOLUME', '::deep']],
    [
      'names that are exchanged',
      ['mren', '-i', 'VOLUME', '::README.TXT', '::other'],
      ['mren', '-i', 'VOLUME', '::two.clusters', '::README.TXT'],
      ['mren', '-i', 'VOLUME', '::other', '::two.clusters'],
    ],
    [
      'a file in the clusters of one that is gone',
      ['mdel', '-i', 'VOLUME', '::two.clusters', '::exactly.one', '::README.TXT'],
      ['mcopy', '-i', 'VOLUME', 'BIG', '::exactly.one'],
    ],
    ['everything removed', ['mdeltree', '-i', 'VOLUME', '::/*']],
  ];

  async function applyCommands(commands: readonly (readonly string[])[]): Promise<void> {
    const inputs: Readonly<Record<string, string>> = {
      VOLUME: volume,
      NEW: join(fixture.folder, 'new file'),
      BIG: join(fixture.folder, 'big file'),
    };
    await writeFile(inputs.NEW!, 'what the guest wrote');
    await writeFile(inputs.BIG!, new Random(3).bytes(30_000));
    for (const [program, ...args] of commands)
      await run(program!, ...args.map((argument) => inputs[argument] ?? argument));
  }

  /** Has a tool change the disk; its sectors are written back in an order by this seed. */
  async function change(
    disk: Disk,
    commands: readonly (readonly string[])[],
    seed: number,
  ): Promise<Map<string, string>> {
    const node = await fixture.open({ ...disk.options, rw: true });
    const before = await copyVolume(node, volume, disk.start, disk.used);
    await applyCommands(commands);
    const expected = await extracted();
    const after = await firstBytes(volume, before.length);
    await writeBack(node, before, after, { seed, start: disk.start });
    // the guest finds again what it wrote
    await copyVolume(node, volume, disk.start, disk.used);
    await checkVolume();
    expect(await extracted()).toEqual(expected);
    await fixture.close(node);
    return expected;
  }

  const cases = changes.flatMap(([what, ...commands], i) =>
    [0, 1].map((seed) => ({ what, commands, seed, disk: DISKS[(i * 2 + seed) % DISKS.length]! })),
  );
  test.each(cases)('$what, in order $seed, on $disk.what, is so in the directory', async (one) => {
    const expected = await change(one.disk, one.commands, one.seed);
    expect(withoutCase(await fixture.shown())).toEqual(expected);
    expect(fixture.log).toEqual([]);
  });

  test.each([1, 2, 3])('many changes together, seed %d', async (seed) => {
    const random = new Random(seed);
    const removing = ['everything removed', 'a directory that is removed with all in it'];
    const some = random.shuffled(changes.filter(([what]) => !removing.includes(what))).slice(0, 5);
    for (const [, ...commands] of some) {
      // what one change removed, another one cannot find
      await change(random.pick(DISKS), commands, random.uint32()).catch((error: unknown) => {
        if (!/not found|No such|not match/i.test(String((error as Error).message))) throw error;
      });
      await fixture.block.close();
      const node = await fixture.open({ 'fat-type': 16 });
      await copyVolume(node, volume, 63 * SECTOR, 2 * MIB);
      await checkVolume();
      expect(await extracted()).toEqual(withoutCase(await fixture.shown()));
      await fixture.close(node);
    }
  });
});

describe.skipIf(noQemu !== undefined)(title("QEMU's disks", noQemu), () => {
  // For its FAT32, and FAT16 on a floppy, tools for FAT find no sound one: ours are others.
  const same = DISKS.filter(({ what }) => what !== 'FAT32' && what !== 'FAT16 on a floppy');

  test.each(same)('$what has the same bytes', async ({ options }) => {
    // Behind the end of a file, QEMU shows whatever it has read before: files here end with a cluster.
    await rm(fixture.dir, { recursive: true });
    const names = ['readme.txt', 'ReadMe.txt', 'README.TXT', 'a.b.c.tar.gz', '...', 'é.é', 'LONGFI~1.TEX'];
    const some = [
      'what+is [this].t=t',
      'n'.repeat(200),
      'long file name.text',
      'empty',
      '.hidden',
      'deep/er/still/x',
    ];
    const whole = Object.keys(FILES).filter((name) => FILES[name]!.length > 0);
    await fixture.put(
      Object.fromEntries(
        [...names, ...some, ...whole].map((name, i) => [name, Buffer.alloc((i % 4) * 8192, i)]),
      ),
    );
    await mkdir(join(fixture.dir, 'many'));
    for (let i = 0; i < 300; i++)
      await writeFile(join(fixture.dir, 'many', `a file with a long name ${i}`), '');
    await symlink('README.TXT', join(fixture.dir, 'link'));
    await symlink('nowhere', join(fixture.dir, 'dangling'));
    const theirs = join(fixture.folder, 'theirs');
    const given = Object.entries(options).map(([name, value]) => `,${name}=${value === true ? 'on' : value}`);
    const definition = `driver=vvfat,read-only=on,label=A label,dir=${fixture.dir}${given.join('')}`;
    await run('qemu-img', 'convert', '-O', 'raw', '--image-opts', definition, theirs);
    const node = await fixture.open({ ...options, label: 'A label' });
    const ours = await copyVolume(node, join(fixture.folder, 'ours'), 0, 8 * MIB);
    expect(node.io.length()).toBe((await stat(theirs)).size);
    const expected = await firstBytes(theirs, ours.length);
    expect(Buffer.compare(ours, expected)).toBe(0);
  });
});

async function firstBytes(path: string, length: number): Promise<Buffer> {
  const file = await open(path);
  const bytes = Buffer.alloc(length);
  await file.read(bytes);
  await file.close();
  return bytes;
}

/** A guest that gives a file a short name only says nothing of its case. */
function withoutCase(files: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...files].map(([path, bytes]): [string, string] => [path.toLowerCase(), bytes]).toSorted());
}
