/** vvfat: a directory as a FAT image. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { nodeBytes, readNode, writeNode } from '../helpers/node-io.ts';
import {
  checkAbsent,
  KiB,
  makeDirectory,
  needs,
  nodeCommands,
  nodeInfo,
  virtualSize,
} from '../helpers/shared-setup.ts';

const vvfat = needs(nodeCommands, { drivers: ['vvfat'], capabilities: ['sharedFiles'] });
const seen = { ...needs(vvfat, nodeBytes) };

const CONTENT = Buffer.alloc(512, 'what the file of the case holds; ');
const OTHER = Buffer.alloc(512, 'another file; ');
/** Of the image: boot sector, tables, root directory and the first files lie in it. */
const START = 512 * KiB;

/** What the table of partitions calls those of a FAT type. */
const PARTITIONS: readonly (readonly [fatType: number, kinds: readonly number[]])[] = [
  [12, [0x01]],
  [16, [0x04, 0x06, 0x0e]],
  [32, [0x0b, 0x0c]],
];

/** Options of a node over a directory with one file, `CASE.TXT`; read-only unless it is to be written. */
async function directoryOf(t: CaseContext, options: JsonObject = {}): Promise<JsonObject> {
  const { path, local } = await makeDirectory(t);
  await writeFile(join(local, 'CASE.TXT'), CONTENT);
  return {
    driver: 'vvfat',
    'node-name': t.name('fat'),
    dir: path,
    'read-only': options.rw !== true,
    ...options,
  };
}

async function startOf(t: CaseContext, options: JsonObject): Promise<Buffer> {
  const open = await directoryOf(t, options);
  await t.execute('blockdev-add', open);
  return readNode(t, String(open['node-name']), 0, START);
}

export const vvfatCases: readonly CaseDefinition[] = [
  {
    id: 'vvfat/dir',
    title: 'The image has the signature of a boot sector, the name of each file of dir, and its bytes',
    requirements: ['vvfat/dir'],
    needs: seen,
    async run(t: CaseContext) {
      const bytes = await startOf(t, {});
      t.equal(bytes.readUInt16BE(510), 0x55aa, 'the first sector must end as a boot sector does');
      t.check(bytes.includes('CASE    TXT', 0, 'latin1'), 'the directory must list the file', 'it does not');
      t.check(bytes.includes(CONTENT), 'the image must hold the bytes of the file', 'it does not');
    },
  },
  {
    id: 'vvfat/dir-missing',
    title: 'A dir that is not there, or is a file, is refused and leaves nothing',
    requirements: ['vvfat/dir', 'blockdev-add/failure-leaves-nothing'],
    needs: vvfat,
    async run(t: CaseContext) {
      const open = await directoryOf(t);
      for (const dir of [`${String(open.dir)}-not`, `${String(open.dir)}/CASE.TXT`]) {
        await t.refused('blockdev-add', { ...open, dir });
        await checkAbsent(t, String(open['node-name']));
      }
      await t.execute('blockdev-add', open);
    },
  },
  {
    id: 'vvfat/fat-type',
    title: 'fat-type 12, 16 and 32 give an image that says so; other numbers are refused',
    requirements: ['vvfat/fat-type', 'blockdev-add/failure-leaves-nothing'],
    needs: seen,
    async run(t: CaseContext) {
      for (const [type, kinds] of PARTITIONS) {
        const kind = (await startOf(t, { 'fat-type': type }))[0x1be + 4]!;
        t.check(kinds.includes(kind), `the partition must be one of FAT${type}`, `its type is ${kind}`);
      }
      for (const type of [13, 64, -1]) {
        const open = await directoryOf(t, { 'fat-type': type });
        await t.refused('blockdev-add', open);
        await checkAbsent(t, String(open['node-name']));
      }
    },
  },
  {
    id: 'vvfat/floppy',
    title:
      'floppy gives an image of the size of a floppy without partitions; without it there is a partition',
    requirements: ['vvfat/floppy'],
    needs: seen,
    async run(t: CaseContext) {
      const open = await directoryOf(t, { floppy: true, 'fat-type': 12 });
      await t.execute('blockdev-add', open);
      const node = String(open['node-name']);
      t.equal(await virtualSize(t, node), 1440 * KiB, 'a floppy of FAT12 must have 1.44 MB');
      const floppy = await readNode(t, node, 0, 512);
      t.check(
        floppy.includes('FAT12', 0, 'latin1'),
        'a floppy must begin with its boot sector',
        'it does not',
      );
      const disk = await startOf(t, {});
      t.check(
        disk[0x1be + 4] !== 0 && disk.readUInt32LE(0x1be + 12) > 0,
        'the first sector of a disk must have a partition',
        'it has none',
      );
    },
  },
  {
    id: 'vvfat/label',
    title: 'label is the volume label, QEMU VVFAT by default; 11 bytes are accepted, 12 refused',
    requirements: ['vvfat/label', 'vvfat/label-default'],
    needs: seen,
    async run(t: CaseContext) {
      for (const [options, label] of [
        [{}, 'QEMU VVFAT '],
        [{ label: 'ELEVENBYTES' }, 'ELEVENBYTES'],
        [{ label: 'Größe' }, 'Größe    '],
      ] as const) {
        const bytes = await startOf(t, { ...options });
        const boot = bytes.readUInt32LE(0x1be + 8) * 512;
        t.check(
          bytes.includes(label, boot + 512) &&
            bytes.subarray(boot + 43, boot + 54).equals(Buffer.from(label)),
          `boot sector and root directory must have the label '${label}'`,
          'they have not',
        );
      }
      const open = await directoryOf(t, { label: 'TWELVE BYTES' });
      await t.refused('blockdev-add', open);
      await checkAbsent(t, String(open['node-name']));
    },
  },
  {
    id: 'vvfat/rw',
    title: 'With rw what is written into the clusters of a file is in that file of the directory',
    requirements: ['vvfat/rw'],
    needs: seen,
    async run(t: CaseContext) {
      const { path, local } = await makeDirectory(t);
      await writeFile(join(local, 'CASE.TXT'), CONTENT);
      await writeFile(join(local, 'OTHER.TXT'), OTHER);
      const node = t.name('fat');
      await t.execute('blockdev-add', { driver: 'vvfat', 'node-name': node, dir: path, rw: true });
      const at = (await readNode(t, node, 0, START)).indexOf(CONTENT);
      t.check(at >= 0, 'the image must hold the bytes of the file', 'it does not');
      await writeNode(t, node, at, CONTENT.length, 0x58);
      t.check(
        (await readNode(t, node, at, CONTENT.length)).equals(Buffer.alloc(CONTENT.length, 0x58)),
        'what was written must be read',
        'something else is read',
      );
      await t.execute('blockdev-del', { 'node-name': node });
      t.check(
        (await bytesOf(t, join(local, 'CASE.TXT'))).equals(Buffer.alloc(CONTENT.length, 0x58)),
        'the file must hold what was written into its clusters',
        'it holds something else',
      );
      t.check(
        (await bytesOf(t, join(local, 'OTHER.TXT'))).equals(OTHER),
        'another file must stay as it was',
        'it changed',
      );
    },
  },
  {
    id: 'vvfat/rw-default',
    title: 'Without rw the node is read-only',
    requirements: ['vvfat/rw-default'],
    needs: vvfat,
    async run(t: CaseContext) {
      const open = await directoryOf(t);
      await t.execute('blockdev-add', open);
      t.contains(await nodeInfo(t, String(open['node-name'])), { ro: true }, 'the node must be read-only');
      const writable = await directoryOf(t, { rw: true });
      await t.execute('blockdev-add', writable);
      t.contains(
        await nodeInfo(t, String(writable['node-name'])),
        { ro: false },
        'the node must be writable with rw',
      );
    },
  },
  {
    id: 'vvfat/rw-unsaid',
    title: 'No node without rw can be written, whatever was said of read-only: it is refused or read-only',
    requirements: ['vvfat/rw-default'],
    needs: vvfat,
    async run(t: CaseContext) {
      for (const rw of [undefined, false])
        for (const readOnly of [undefined, false, true]) {
          const { 'read-only': _, ...open } = await directoryOf(t);
          const said = {
            ...(rw === undefined ? {} : { rw }),
            ...(readOnly === undefined ? {} : { 'read-only': readOnly }),
          };
          const reply = await t.request({ execute: 'blockdev-add', arguments: { ...open, ...said } });
          t.check(readOnly !== true || 'return' in reply, 'a read-only node must be there', 'it is refused');
          if ('return' in reply)
            t.contains(
              await nodeInfo(t, String(open['node-name'])),
              { ro: true },
              `a node with ${JSON.stringify(said)} must be read-only`,
            );
          else await checkAbsent(t, String(open['node-name']));
        }
    },
  },
];
