/** vvfat with rw: what a guest changes on the disk is changed in the directory. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { type FatFile, FatVolume } from '../helpers/fat-volume.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { type NodeIo, nodeBytes, openIo } from '../helpers/node-io.ts';
import { checkAbsent, KiB, makeDirectory, needs, nodeCommands } from '../helpers/shared-setup.ts';

const vvfat = needs(nodeCommands, { drivers: ['vvfat'], capabilities: ['sharedFiles'] });
const written = { ...needs(vvfat, nodeBytes) };

const CLUSTER = 8 * KiB;
const ENTRY = 32;
const SECTOR = 512;
/** In an entry. */
const ATTRIBUTES = 11;
const FIRST_CLUSTER = 26;
const SIZE = 28;
const ARCHIVE = 0x20;
const DELETED = 0xe5;

interface Guest {
  readonly io: NodeIo;
  readonly volume: FatVolume;
  readonly files: ReadonlyMap<string, FatFile>;
  /** The directory, where we see it. */
  readonly local: string;
}

/** What a guest does to a disk over `hello.txt`, `other.bin` and `sub/deep.bin`; then the endpoint lets go of the directory. */
async function guest(
  t: CaseContext,
  options: JsonObject,
  work: (guest: Guest) => Promise<void>,
): Promise<string> {
  const { path, local } = await makeDirectory(t);
  await writeFile(join(local, 'hello.txt'), 'hello\n');
  await writeFile(join(local, 'other.bin'), Buffer.alloc(CLUSTER + 100, 2));
  await mkdir(join(local, 'sub'));
  await writeFile(join(local, 'sub', 'deep.bin'), Buffer.alloc(3 * CLUSTER, 3));
  const node = t.name('fat');
  await t.execute('blockdev-add', { driver: 'vvfat', 'node-name': node, dir: path, rw: true, ...options });
  const io = await openIo(t, node);
  const volume = await FatVolume.open(t, io);
  await work({ io, volume, files: await volume.files(), local });
  await io.close();
  await t.execute('blockdev-del', { 'node-name': node });
  return local;
}

/** Writes any bytes, as runs of one byte; zeroes are there already. */
async function put(io: NodeIo, offset: number, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    let end = at + 1;
    while (end < bytes.length && bytes[end] === bytes[at]) end += 1;
    if (bytes[at] !== 0)
      await io.perform({ kind: 'write', offset: offset + at, length: end - at, byte: bytes[at]! });
    at = end;
  }
}

/** A new entry in the root directory, for what takes this cluster alone. It is one when its first byte is there. */
async function addEntry({ io, volume }: Guest, cluster: number, entry: Buffer): Promise<void> {
  const at = await volume.freeEntry();
  await put(io, at + 1, entry.subarray(1));
  for (const table of volume.tables) await put(io, table + cluster * 2, Buffer.from([0xff, 0xff]));
  await put(io, at, entry.subarray(0, 1));
}

function entryOf(name: string, attributes: number, cluster: number, size: number): Buffer {
  const entry = Buffer.alloc(ENTRY);
  entry.write(name.padEnd(11), 'latin1');
  entry[ATTRIBUTES] = attributes;
  entry.writeUInt16LE(cluster, FIRST_CLUSTER);
  entry.writeUInt32LE(size, SIZE);
  return entry;
}

/** The name of the only file that is called so in some case; a short name says nothing of it. */
async function nameOf(t: CaseContext, local: string, name: string): Promise<string> {
  await t.roundTrip();
  const names = await readdir(local);
  const found = names.filter((one) => one.toLowerCase() === name);
  t.equal(found.length, 1, `there must be one file ${name}`);
  return found[0]!;
}

async function checkBytes(t: CaseContext, local: string, expected: Buffer): Promise<void> {
  t.check(
    (await bytesOf(t, local)).equals(expected),
    'a file of the directory must hold what the guest has in it',
    'it holds something else',
  );
}

/** What the guest did not touch is as it was. */
async function checkRest(t: CaseContext, local: string): Promise<void> {
  await checkBytes(t, join(local, 'other.bin'), Buffer.alloc(CLUSTER + 100, 2));
}

export const directoryWrites: readonly CaseDefinition[] = [
  {
    id: 'vvfat/rw-read-only',
    title: 'rw is refused for a read-only node and leaves nothing',
    requirements: ['vvfat/rw', 'blockdev-add/failure-leaves-nothing'],
    needs: vvfat,
    async run(t: CaseContext) {
      const { path } = await makeDirectory(t);
      const open = { driver: 'vvfat', 'node-name': t.name('fat'), dir: path, rw: true };
      await t.refused('blockdev-add', { ...open, 'read-only': true });
      await checkAbsent(t, open['node-name']);
      await t.execute('blockdev-add', open);
    },
  },
  {
    id: 'vvfat/rw-boot-sector',
    title: 'The boot sector cannot be written to, nor the sectors in front of it; what was there is read',
    requirements: ['vvfat/rw'],
    needs: written,
    async run(t: CaseContext) {
      for (const options of [{ floppy: true, 'fat-type': 12 }, {}])
        await guest(t, options, async ({ io, volume }) => {
          for (const offset of new Set([0, volume.boot])) {
            const before = await io.read(offset, SECTOR);
            const outcome = await io.attempt({ kind: 'write', offset, length: SECTOR, byte: 1 });
            t.equal(outcome, 'EPERM', 'a write to a boot sector must be refused');
            t.check((await io.read(offset, SECTOR)).equals(before), 'it must stay', 'it changed');
          }
        });
    },
  },
  {
    id: 'vvfat/rw-clusters',
    title:
      'What is written into any cluster of a file, also of one in a directory of dir, is at its place in the file',
    requirements: ['vvfat/rw'],
    needs: written,
    async run(t: CaseContext) {
      const expected = Buffer.alloc(3 * CLUSTER, 3);
      expected.fill(0x61, CLUSTER + SECTOR, CLUSTER + 2 * SECTOR).fill(0x62, 2 * CLUSTER);
      const local = await guest(t, {}, async ({ io, volume, files }) => {
        const [, second, third] = files.get('sub/deep.bin')!.clusters;
        await io.perform({
          kind: 'write',
          offset: volume.offsetOf(second!) + SECTOR,
          length: SECTOR,
          byte: 0x61,
        });
        await io.perform({ kind: 'write', offset: volume.offsetOf(third!), length: CLUSTER, byte: 0x62 });
        t.check(
          (await volume.content(files.get('sub/deep.bin')!)).equals(expected),
          'the guest must find what it wrote among what was there',
          'it finds something else',
        );
      });
      await checkBytes(t, join(local, 'sub', 'deep.bin'), expected);
      await checkRest(t, local);
    },
  },
  {
    id: 'vvfat/rw-slack',
    title: 'What is written behind the end of a file, in its last cluster, is not in the file',
    requirements: ['vvfat/rw'],
    needs: written,
    async run(t: CaseContext) {
      const local = await guest(t, {}, async ({ io, volume, files }) => {
        const at = volume.offsetOf(files.get('hello.txt')!.clusters[0]!);
        await io.perform({ kind: 'write', offset: at, length: CLUSTER, byte: 0x63 });
      });
      await checkBytes(t, join(local, 'hello.txt'), Buffer.alloc(6, 0x63));
      await checkRest(t, local);
    },
  },
  {
    id: 'vvfat/rw-size',
    title: 'A file that gets another size and new bytes is as long in the directory, be it shorter or longer',
    requirements: ['vvfat/rw'],
    needs: written,
    async run(t: CaseContext) {
      for (const size of [4, 0x0203]) {
        const local = await guest(t, {}, async ({ io, volume, files }) => {
          const file = files.get('hello.txt')!;
          await put(io, file.at + SIZE, Buffer.from([size & 0xff, size >> 8]));
          const offset = volume.offsetOf(file.clusters[0]!);
          await io.perform({ kind: 'write', offset, length: SECTOR, byte: 0x64 });
        });
        const bytes = await bytesOf(t, join(local, 'hello.txt'));
        t.equal(bytes.length, size, 'the file must be as long as the guest made it');
        const part = bytes.subarray(0, SECTOR);
        t.check(part.equals(Buffer.alloc(part.length, 0x64)), 'it must have the new bytes', 'it has others');
        await checkRest(t, local);
      }
    },
  },
  {
    id: 'vvfat/rw-new-file',
    title: 'A file that the guest makes is in the directory, with its bytes',
    requirements: ['vvfat/rw'],
    needs: written,
    async run(t: CaseContext) {
      const local = await guest(t, {}, async (one) => {
        const cluster = one.volume.freeCluster();
        const offset = one.volume.offsetOf(cluster);
        await one.io.perform({ kind: 'write', offset, length: SECTOR, byte: 0x65 });
        await addEntry(one, cluster, entryOf('NNNNNNNNNNN', ARCHIVE, cluster, 100));
      });
      await checkBytes(t, join(local, await nameOf(t, local, 'nnnnnnnn.nnn')), Buffer.alloc(100, 0x65));
      await checkRest(t, local);
    },
  },
  {
    id: 'vvfat/rw-rename',
    title: 'A file that gets another name has it in the directory, and keeps its bytes',
    requirements: ['vvfat/rw'],
    needs: written,
    async run(t: CaseContext) {
      const local = await guest(t, {}, async ({ io, files }) => {
        const { at, pieces } = files.get('hello.txt')!;
        // without its long name it is still called the same
        for (let i = 1; i <= pieces; i++) await put(io, at - i * ENTRY, Buffer.from([DELETED]));
        await put(io, at, Buffer.from('J'));
      });
      await checkBytes(t, join(local, await nameOf(t, local, 'jello.txt')), Buffer.from('hello\n'));
      t.equal((await readdir(local)).length, 3, 'the file must have left its old name');
      await checkRest(t, local);
    },
  },
];
