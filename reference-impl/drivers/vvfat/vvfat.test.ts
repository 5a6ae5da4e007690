/** Disks over directories: the laws of a driver, what they are called, what is refused, and directories that do not fit or change. */
import {
  appendFile,
  mkdir,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { JsonObject } from '../../../spec/json.ts';
import { definitionBy, definitionOf } from '../../graph/definition.ts';
import type { Node } from '../../graph/node.ts';
import { IoError } from '../../host/errno.ts';
import { HostDirectory } from '../../host/host-directory.ts';
import { CommandError } from '../../qapi/command-error.ts';
import { driverContract } from '../../testing/driver-contract.ts';
import { copyVolume, FatFixture, type Files, SECTOR } from '../../testing/fat-directories.ts';
import { entry as newEntry } from './directory-entries.ts';
import { fatLayout } from './fat-layout.ts';
import { FatTable } from './fat-table.ts';

/** Where the first cluster of a floppy of FAT12 lies, and how large they are. */
const FIRST = 0x4600;
const CLUSTER = 8192;
const TABLE = SECTOR;
const ROOT = 0x600;
const FLOPPY = { floppy: true, 'fat-type': 12 };

/** The clusters of one file, which must be there again when the disk is opened again. */
driverContract({
  name: 'vvfat',
  make: async (folder, size) => {
    const dir = join(folder, 'shown');
    await mkdir(dir);
    await writeFile(join(dir, 'file'), Buffer.alloc(size));
    const disk = { driver: 'vvfat', dir, rw: true, 'read-only': false, ...FLOPPY };
    return { driver: 'raw', offset: FIRST, size, file: disk };
  },
  keepsData: true,
  resizes: false,
  grows: false,
});

let fixture: FatFixture;

beforeEach(async () => {
  fixture = await FatFixture.start();
});

afterEach(() => fixture.stop());

const read = async (node: Node, at: number, length: number): Promise<Buffer> => {
  const bytes = Buffer.alloc(length);
  await node.io.read(at, bytes);
  return bytes;
};

/** A floppy with a writable directory of these files. */
async function floppy(files: Files): Promise<Node> {
  await fixture.put(files);
  return fixture.open({ ...FLOPPY, rw: true });
}

/** Changes the entry of this short name in the root directory. */
async function changeEntry(node: Node, short: string, change: (entry: Buffer) => void): Promise<void> {
  const root = await read(node, ROOT, SECTOR);
  const at = root.indexOf(short, 0, 'latin1');
  expect(at).toBeGreaterThan(0);
  change(root.subarray(at, at + 32));
  await node.io.write(ROOT, root);
}

describe('names and options', () => {
  test.each<[string, JsonObject]>([
    ['fat:d', { 'fat-type': 0, floppy: false, rw: false, dir: 'd' }],
    ['fat:rw:floppy:12:/d/e', { 'fat-type': 12, floppy: true, rw: true, dir: '/d/e' }],
    ['fat:12:32:16:d', { 'fat-type': 32, floppy: false, rw: false, dir: 'd' }],
    ['fat:anything:rwx:d', { 'fat-type': 0, floppy: false, rw: false, dir: 'd' }],
    ['fat:rw:c:d', { 'fat-type': 0, floppy: false, rw: true, dir: 'c:d' }],
    ['fat:rw', { 'fat-type': 0, floppy: false, rw: false, dir: 'rw' }],
    ['fat:', { 'fat-type': 0, floppy: false, rw: false, dir: '' }],
  ])('%s', (filename, options) => {
    const { drivers } = fixture.block.graph;
    expect(definitionBy(drivers, 'vvfat', filename)).toEqual({ driver: 'vvfat', ...options });
    expect(definitionOf(drivers, filename)).toEqual({ file: { driver: 'vvfat', ...options } });
  });

  test('other names are none of a directory', () => {
    expect(() => definitionBy(fixture.block.graph.drivers, 'vvfat', 'd')).toThrow(
      new CommandError("File name string must start with 'fat:'"),
    );
  });

  test('a node is called by its options', async () => {
    const node = await fixture.open({ floppy: true, 'fat-type': 16, label: 'L' });
    const told = `{"fat-type": 16, "dir": "${fixture.dir}", "driver": "vvfat", "floppy": true, "label": "L"}`;
    expect(node.filename.shown).toBe(`json:${told}`);
  });

  test.each<[JsonObject, string]>([
    [{ dir: '' }, 'Could not read directory '],
    [{ dir: 'not there' }, 'Could not read directory not there'],
    [{ 'fat-type': 13 }, 'Valid FAT types are only 12, 16 and 32'],
    [{ 'fat-type': 0xffff_ffff }, 'Valid FAT types are only 12, 16 and 32'],
    [{ label: 'more than 11' }, 'vvfat label cannot be longer than 11 bytes'],
    [{ label: 'sechs ä ö ü' }, 'vvfat label cannot be longer than 11 bytes'],
    [{ rw: true, 'read-only': true }, "Unable to set VVFAT to 'rw' when drive is read-only"],
  ])('%j is refused', async (options, message) => {
    await expect(fixture.open(options)).rejects.toEqual(new CommandError(message));
  });

  test('without rw nodes are read-only, and people are told so', async () => {
    const node = await fixture.open({ 'read-only': false });
    expect(node.readOnly).toBe(true);
    expect(fixture.log).toHaveLength(1);
    await expect(node.io.write(FIRST, Buffer.alloc(SECTOR, 1))).rejects.toMatchObject({ code: 'EPERM' });
  });

  test.each<[JsonObject, number]>([
    [{}, 528_482_304],
    [{ 'fat-type': 12 }, 33_030_144],
    [{ 'fat-type': 32 }, 528_482_304],
    [{ floppy: true }, 2_949_120],
    [{ floppy: true, 'fat-type': 12 }, 1_474_560],
    [{ floppy: true, 'fat-type': 16 }, 2_949_120],
    [{ floppy: true, 'fat-type': 32 }, 2_949_120],
  ])('the size of %j is %d', async (options, size) => {
    expect((await fixture.open(options)).io.length()).toBe(size);
  });
});

describe('directories of all kinds', () => {
  test('one that does not fit', async () => {
    await fixture.put({ large: '' });
    await truncate(join(fixture.dir, 'large'), 600 << 20);
    const small = `Directory does not fit in FAT12 (capacity 32.22 MB)`;
    await expect(fixture.open({ 'fat-type': 12 })).rejects.toEqual(new CommandError(small));
    const tiny = 'Directory does not fit in FAT12 (capacity 1.44 MB)';
    await expect(fixture.open(FLOPPY)).rejects.toEqual(new CommandError(tiny));
    const large = 'Directory does not fit in FAT16 (capacity 516.06 MB)';
    await expect(fixture.open()).rejects.toEqual(new CommandError(large));
  });

  test('a file that is too long for its entry', async () => {
    await fixture.put({ 'sub/large': '' });
    await truncate(join(fixture.dir, 'sub/large'), 2 ** 31);
    const message = `Could not read directory ${fixture.dir}/sub`;
    await expect(fixture.open()).rejects.toEqual(new CommandError(message));
    expect(fixture.log).toEqual([`File ${fixture.dir}/sub/large is larger than 2GB`]);
  });

  test('large files take no memory', async () => {
    await fixture.put({ large: '' });
    await truncate(join(fixture.dir, 'large'), 480 << 20);
    const before = process.memoryUsage();
    const node = await fixture.open();
    const buffer = Buffer.alloc(1 << 20);
    for (let at = 0; at < 400 << 20; at += 40 << 20) await node.io.read(at, buffer);
    const after = process.memoryUsage();
    expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(
      64 << 20,
    );
  });

  test('links that lead back end somewhere', async () => {
    await symlink('.', join(fixture.dir, 'here'));
    await fixture.put({ file: 'x' });
    const node = await fixture.open();
    expect(node.isOpen).toBe(true);
  });

  test('what is no file has no bytes, and what cannot be looked at is not there', async () => {
    await fixture.linkOut();
    await unlink(join(fixture.dir, 'link'));
    const node = await fixture.open(FLOPPY);
    const root = await read(node, ROOT, 4 * SECTOR);
    expect(root.includes('WAYOUT~1')).toBe(true);
    expect(root.includes('DANGLING')).toBe(false);
  });

  test('names that are no UTF-8 have a short name only, and keep it on the host', async () => {
    const name = Buffer.concat([Buffer.from(`${fixture.dir}/`), Buffer.from([0xff, 0x41])]);
    await writeFile(name, 'odd');
    const node = await fixture.open({ ...FLOPPY, rw: true });
    expect((await read(node, ROOT + 32, 11)).toString()).toBe('A~1        ');
    await node.io.write(FIRST, Buffer.from('new'.padEnd(SECTOR)));
    await changeEntry(node, 'A~1', (entry) => entry.writeUInt32LE(4, 28));
    await fixture.close(node);
    const [found] = await readdir(fixture.dir, { encoding: 'buffer' });
    expect(found).toEqual(Buffer.from([0xff, 0x41]));
    expect((await stat(name)).size).toBe(4);
  });

  test('dates before 1980 and after 2107 are the first and the last', async () => {
    await fixture.put({ old: 'x', young: 'y' });
    await utimes(join(fixture.dir, 'old'), 0, 0);
    await utimes(join(fixture.dir, 'young'), new Date('2200-01-01'), new Date('2200-01-01'));
    const root = await read(await fixture.open(FLOPPY), ROOT, SECTOR);
    const written = (short: string) => root.readUInt32LE(root.indexOf(short) + 22);
    expect(written('OLD   ')).toBe(0x0021_0000);
    expect(written('YOUNG ')).toBe(0xff9f_bf7d);
  });
});

describe('a directory that changes under the disk', () => {
  test('what is read is what the files hold, within the sizes of old', async () => {
    await fixture.put({ file: 'before' });
    const node = await fixture.open(FLOPPY);
    await writeFile(join(fixture.dir, 'file'), 'behind all that was there');
    expect((await read(node, FIRST, 10)).toString()).toBe('behind\0\0\0\0');
    await truncate(join(fixture.dir, 'file'), 3);
    expect((await read(node, FIRST, 6)).toString()).toBe('beh\0\0\0');
  });

  test('a file that another took the place of is that one, to read and to write', async () => {
    const node = await floppy({ file: 'one' });
    const replace = async (bytes: string) => {
      await fixture.put({ other: bytes });
      await rename(join(fixture.dir, 'other'), join(fixture.dir, 'file'));
    };
    expect((await read(node, FIRST, 3)).toString()).toBe('one');
    await replace('two');
    expect((await read(node, FIRST, 3)).toString()).toBe('two');
    await node.io.write(FIRST, Buffer.alloc(SECTOR, 'x'));
    await replace('three');
    await node.io.write(FIRST, Buffer.alloc(SECTOR, 'y'));
    expect(await fixture.shown()).toEqual(new Map([['file', 'yyyee']]));
  });

  test('a file that is gone cannot be read, and the rest can', async () => {
    await fixture.put({ one: 'one' });
    const node = await fixture.open(FLOPPY);
    await rm(join(fixture.dir, 'one'));
    await expect(read(node, FIRST, SECTOR)).rejects.toMatchObject({ name: 'IoError', code: 'ENOENT' });
    await read(node, ROOT, SECTOR);
  });

  test('files that the guest never saw are not replaced', async () => {
    const node = await floppy({ 'old.txt': 'guest' });
    await fixture.put({ 'new.txt': 'host' });
    const renamed = changeEntry(node, 'OLD     TXT', (entry) => void entry.write('NEW'));
    await expect(renamed).rejects.toMatchObject({ name: 'IoError', code: 'EEXIST' });
    await expect(node.io.flush()).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await fixture.shown()).toEqual(
      new Map([
        ['new.txt', 'host'],
        ['old.txt', 'guest'],
      ]),
    );
    await rm(join(fixture.dir, 'new.txt'));
    await fixture.close(node);
    expect(await fixture.shown()).toEqual(new Map([['new.txt', 'guest']]));
    expect(fixture.log).toEqual([]);
  });

  test('a directory that holds more than the guest saw stays when the guest removes it', async () => {
    const node = await floppy({ 'sub/': '' });
    await fixture.put({ 'sub/unseen': 'host' });
    await changeEntry(node, 'SUB ', (entry) => void entry.writeUInt8(0xe5, 0));
    await node.io.write(TABLE, Buffer.concat([Buffer.from([0xf0, 0xff, 0xff]), Buffer.alloc(509)]));
    await fixture.close(node);
    expect(await fixture.shown()).toEqual(
      new Map([
        ['sub/', ''],
        ['sub/unseen', 'host'],
      ]),
    );
    expect(fixture.log).toEqual(["what the guest did to 'sub' could not be done: Directory not empty"]);
  });
});

describe('what a guest writes', () => {
  test('is in the file at once, and never behind its end', async () => {
    const node = await floppy({ file: 'x'.repeat(700) });
    await node.io.write(FIRST + SECTOR, Buffer.alloc(2 * SECTOR, 'y'));
    expect(await fixture.shown()).toEqual(new Map([['file', 'x'.repeat(512) + 'y'.repeat(188)]]));
    expect((await read(node, FIRST + SECTOR, 2 * SECTOR)).equals(Buffer.alloc(2 * SECTOR, 'y'))).toBe(true);
    // the file grows over what was written there
    await changeEntry(node, 'FILE', (entry) => void entry.writeUInt32LE(1000, 28));
    expect(await fixture.shown()).toEqual(new Map([['file', 'x'.repeat(512) + 'y'.repeat(488)]]));
  });

  test('to boot sectors is refused', async () => {
    const node = await floppy({});
    await expect(node.io.write(0, Buffer.alloc(SECTOR, 1))).rejects.toMatchObject({ code: 'EPERM' });
    const disk = await fixture.open({ rw: true });
    for (const sector of [0, 1, 62, 63])
      await expect(disk.io.write(sector * SECTOR, Buffer.alloc(SECTOR, 1))).rejects.toMatchObject({
        code: 'EPERM',
      });
    await disk.io.write(64 * SECTOR, await read(disk, 64 * SECTOR, SECTOR));
  });

  test('waits until the table agrees with the directories, and is told of if it never does', async () => {
    const node = await floppy({ file: 'x' });
    await changeEntry(node, 'FILE', (entry) => void entry.writeUInt32LE(CLUSTER + 1, 28));
    expect(await fixture.shown()).toEqual(new Map([['file', 'x']]));
    await fixture.close(node);
    expect(fixture.log).toEqual([
      "what was written last is not in the directory: file 'file' is longer than its clusters",
    ]);
  });

  test('never goes through links', async () => {
    await fixture.linkOut();
    const outside = await fixture.outside();
    const node = await fixture.open({ ...FLOPPY, rw: true });
    const bytes = await copyVolume(node, join(fixture.folder, 'volume'));
    const content = bytes.indexOf('nobody touches this');
    const places = [content, bytes.indexOf('nobody touches this', content + SECTOR)];
    const results = await Promise.allSettled(
      places.map((at) => node.io.write(at, Buffer.alloc(SECTOR, 'guest'))),
    );
    // one is a link itself, which becomes a file; the other lies in a directory that is none of ours
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    await fixture.block.close();
    expect(await fixture.outside()).toEqual(outside);
    expect((await fixture.shown()).get('link')).toBe('guestguestguestgues');
    expect((await fixture.shown()).get('way out')).toBe('-> ../outside');
  });

  test('removes a link as a link', async () => {
    await fixture.linkOut();
    const outside = await fixture.outside();
    const node = await fixture.open({ ...FLOPPY, rw: true });
    await node.io.write(TABLE, Buffer.concat([Buffer.from([0xf0, 0xff, 0xff]), Buffer.alloc(509)]));
    await node.io.write(ROOT + 32, Buffer.alloc(SECTOR - 32));
    await fixture.close(node);
    expect(await fixture.outside()).toEqual(outside);
    expect(await fixture.shown()).toEqual(new Map([['dangling', '-> nowhere']]));
    expect(fixture.log).toEqual([]);
  });

  test('is on stable storage after a flush, and another disk shows it', async () => {
    const node = await floppy({ file: 'x' });
    await node.io.write(FIRST, Buffer.alloc(SECTOR, 'z'));
    await node.io.flush();
    const other = await fixture.open(FLOPPY);
    expect((await read(other, FIRST, 2)).toString()).toBe('z\0');
    await appendFile(join(fixture.dir, 'file'), 'more');
    await fixture.close(node);
  });
});

describe('a host that fails', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** The table of a floppy on which these clusters are last ones. */
  function tableOf(...last: readonly number[]): Buffer {
    const table = new FatTable(fatLayout(12, true));
    for (const cluster of last) table.link(cluster, 1);
    return Buffer.from(table.bytes);
  }

  /** Names are exchanged, a file is new, one grows, one is gone: all with one write to the root directory, which is left to do. */
  async function changed(node: Node): Promise<() => Promise<void>> {
    await node.io.write(FIRST + 3 * CLUSTER, Buffer.alloc(SECTOR, 'n'));
    const root = await read(node, ROOT, SECTOR);
    const [one, two] = ['A', 'B'].map((name) => root.readUInt16LE(root.indexOf(name.padEnd(11)) + 26));
    await node.io.write(TABLE, tableOf(one!, two!, 5));
    const file = (name: string, first: number, size: number) =>
      newEntry({ short: name.padEnd(11), attributes: 0x20, first, size });
    const entries = [root.subarray(0, 32), file('B', one!, 3), file('A', two!, 700), file('NEW', 5, 512)];
    return () => node.io.write(ROOT, Buffer.concat([...entries, Buffer.alloc(SECTOR - 4 * 32)]));
  }

  const operations = ['edit', 'rename', 'makeDirectory'] as const;
  const after = new Map([
    ['a', `two${'\0'.repeat(697)}`],
    ['b', 'one'],
    ['new', 'n'.repeat(512)],
  ]);

  test.each(operations)(
    'at any %s leaves the old files, and none beside them, and the next flush mends it',
    async (name) => {
      for (let step = 1; ; step++) {
        const own = await FatFixture.start();
        await own.put({ a: 'one', b: 'two', c: 'gone' });
        const node = await own.open({ ...FLOPPY, rw: true });
        const before = await own.shown();
        const write = await changed(node);
        let calls = 0;
        const original = HostDirectory.prototype[name] as (...args: unknown[]) => Promise<void>;
        const spy = vi.spyOn(HostDirectory.prototype, name).mockImplementation(function (
          this: HostDirectory,
          ...args: unknown[]
        ) {
          calls += 1;
          return calls === step ? Promise.reject(new IoError('ENOSPC')) : original.apply(this, args);
        } as never);
        const outcome = await write().then(
          () => 'done',
          (error: unknown) => (error as IoError).code,
        );
        spy.mockRestore();
        if (outcome !== 'done') {
          expect(outcome).toBe('ENOSPC');
          expect(await own.shown()).toEqual(before);
          await node.io.flush();
        }
        expect(await own.shown()).toEqual(after);
        await own.stop();
        if (outcome === 'done') {
          expect(step).toBeGreaterThan(1);
          return;
        }
      }
    },
  );
});
