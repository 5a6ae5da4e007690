/** VMDK images of several files, over a parent, and with packed grains. */
import { deflateSync } from 'node:zlib';
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { le32, le64 } from '../helpers/made-formats/bytes.ts';
import {
  buildVmdk,
  parseVmdk,
  VMDK_CID,
  vmdkDescriptor,
  vmdkShape,
} from '../helpers/made-formats/made-vmdk.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import {
  type CaseFile,
  checkAbsent,
  fileNodes,
  isTaken,
  KiB,
  makeDirectory,
  makeFile,
  makeFileIn,
  needs,
  nodeInfo,
  nodeNames,
} from '../helpers/shared-setup.ts';
import { checkReadFails, checkReads, writes } from './driver-guest.ts';

const GRAIN = 4 * KiB;
const vmdk = needs(fileNodes, { ...nodeBytes, drivers: ['vmdk'] });

/** A descriptor of an image of several files. */
const splitDescriptor = (type: string, lines: readonly string[]): string =>
  `# Disk DescriptorFile
version=1
CID=${VMDK_CID}
parentCID=ffffffff
createType="${type}"
# Extents
${lines.join('\n')}
`;

const over = ({ path }: CaseFile, node: string, more: JsonObject = {}) => ({
  driver: 'vmdk',
  'node-name': node,
  file: { driver: 'file', filename: path },
  ...more,
});

/** The entry of a packed grain: its sector of the disk, a length, a stream. */
function packed(sector: number, bytes: Buffer, told?: number): Buffer {
  const stream = deflateSync(bytes);
  return Buffer.concat([le64(sector), le32(told ?? stream.length), stream]);
}

const SECTORS = 8;
/** Bits: line ends, packed grains, each with a mark in front. */
const PACKED = 1 | (1 << 16) | (1 << 17);

/** The cases of these images. */
export const vmdkExtents: readonly CaseDefinition[] = [
  {
    id: 'formats/vmdk-flat-extents',
    title:
      'A VMDK image of several files has their parts of the disk one after another, each from where it begins in its file',
    requirements: ['formats/content', 'ImageInfoSpecificVmdk/members'],
    needs: vmdk,
    async run(t: CaseContext) {
      const folder = await makeDirectory(t);
      const a = await makeFileIn(folder, 'a', Buffer.alloc(6 * 512, 0x11).fill(0x12, 2 * 512));
      const b = await makeFileIn(folder, 'b', Buffer.alloc(4 * 512, 0x13));
      const c = await makeFileIn(folder, 'c', Buffer.alloc(2 * 512, 0x14));
      const lines = ['RW 3 FLAT "a" 2', 'RDONLY 8 FLAT "a" 0', 'RW 2 VMFS "b"', 'RW 1 FLAT "c" 0'];
      const image = await makeFileIn(folder, 'disk.vmdk', splitDescriptor('vmfs', lines));
      const node = t.name('vmdk');
      await t.execute('blockdev-add', over(image, node));
      const { image: told } = (await nodeInfo(t, node)) as { image: JsonObject };
      t.contains(
        told,
        {
          'virtual-size': 6 * 512,
          'format-specific': {
            type: 'vmdk',
            data: {
              'create-type': 'vmfs',
              cid: Number.parseInt(VMDK_CID, 16),
              'parent-cid': 0xffffffff,
              extents: [
                { filename: a.path, format: 'FLAT', 'virtual-size': 3 * 512 },
                { filename: b.path, format: 'VMFS', 'virtual-size': 2 * 512 },
                { filename: c.path, format: 'FLAT', 'virtual-size': 512 },
              ],
            },
          },
        },
        'the image must tell its extents',
      );
      const io = await openIo(t, node);
      await checkReads(t, io, [0, 3 * 512], 0x12, 'of the first extent');
      await checkReads(t, io, [3 * 512, 2 * 512], 0x13, 'of the second one');
      await checkReads(t, io, [5 * 512, 512], 0x14, 'of the third one');
      t.check(await writes(io, [2 * 512, 4 * 512], 0x44), 'a write across extents must succeed', 'it fails');
      await io.perform({ kind: 'write-zeroes', offset: 3 * 512, length: 512 });
      await io.close();
      await t.execute('blockdev-del', { 'node-name': node });
      const [inA, inB, inC] = [
        await bytesOf(t, a.local),
        await bytesOf(t, b.local),
        await bytesOf(t, c.local),
      ];
      const bytes = (file: Buffer) =>
        Array.from({ length: file.length / 512 }, (_, index) => file[index * 512]!);
      t.equal(bytes(inA), [0x11, 0x11, 0x12, 0x12, 0x44, 0x12], 'the first file must hold its parts');
      t.equal(bytes(inB), [0, 0x44, 0x13, 0x13], 'the second file must hold its part');
      t.equal(bytes(inC), [0x44, 0x14], 'the third file must hold its part');
      const text = (await bytesOf(t, image.local)).toString('latin1').split('\0')[0]!.trimEnd();
      const cid = /^CID=(\w+)$/m.exec(text)?.[1];
      t.check(cid !== VMDK_CID, 'a written image must have another content id', 'it has the same');
      t.equal(
        text.replace(`CID=${cid}`, `CID=${VMDK_CID}`),
        splitDescriptor('vmfs', lines).trimEnd(),
        'the rest of the descriptor must stay',
      );
    },
  },
  {
    id: 'formats/vmdk-sparse-extents',
    title: 'A VMDK image of sparse files reads and writes each by the tables of its own',
    requirements: ['formats/content'],
    needs: vmdk,
    async run(t: CaseContext) {
      const folder = await makeDirectory(t);
      const extent = (grain: number, byte: number) =>
        buildVmdk(vmdkShape({ capacity: 20 * 8, grains: new Map([[grain, Buffer.alloc(GRAIN, byte)]]) }));
      const [a, b] = [
        await makeFileIn(folder, 'a', extent(19, 0x11)),
        await makeFileIn(folder, 'b', extent(1, 0x12)),
      ];
      const lines = ['RW 160 SPARSE "a"', 'RW 160 SPARSE "b"'];
      const image = await makeFileIn(folder, 'disk', splitDescriptor('twoGbMaxExtentSparse', lines));
      const node = t.name('vmdk');
      await t.execute('blockdev-add', over(image, node));
      const io = await openIo(t, node);
      await checkReads(t, io, [19 * GRAIN, GRAIN], 0x11, 'of the first extent');
      await checkReads(t, io, [20 * GRAIN, GRAIN], 0, 'of what has no place');
      await checkReads(t, io, [21 * GRAIN, GRAIN], 0x12, 'of the second extent');
      t.check(
        await writes(io, [20 * GRAIN - 512, 1024], 0x44),
        'a write across extents must succeed',
        'it fails',
      );
      await checkReads(t, io, [20 * GRAIN - 512, 1024], 0x44, 'of what was written');
      await checkReads(t, io, [20 * GRAIN + 512, GRAIN - 512], 0, 'behind that');
      await io.close();
      await t.execute('blockdev-del', { 'node-name': node });
      const second = parseVmdk(await bytesOf(t, b.local)).entries;
      t.equal(
        second.map((place) => place > 0),
        Array.from({ length: 20 }, (_, i) => i < 2),
        'the second file must have two grains',
      );
      t.equal(
        parseVmdk(await bytesOf(t, a.local)).entries.filter((place) => place > 0).length,
        1,
        'the first file must have one grain',
      );
    },
  },
  {
    id: 'formats/vmdk-descriptors',
    title: 'A descriptor of VMDK that names no extents that there are is refused, and leaves nothing',
    requirements: ['formats/garbage', 'blockdev-add/failure-leaves-nothing'],
    needs: needs(fileNodes, { drivers: ['vmdk'] }),
    async run(t: CaseContext) {
      const folder = await makeDirectory(t);
      await makeFileIn(folder, 'a', Buffer.alloc(8 * 512, 0x11));
      const flat = 'RW 8 FLAT "a" 0';
      const before = (await nodeNames(t)).toSorted();
      const rows: readonly (readonly [what: string, text: string, opens: boolean])[] = [
        ...['monolithicFlat', 'vmfs', 'twoGbMaxExtentFlat', 'twoGbMaxExtentSparse'].map(
          (type) => [`the type ${type}`, splitDescriptor(type, [flat]), true] as const,
        ),
        ...['custom', 'fullDevice', 'monolithicSparse', ''].map(
          (type) => [`the type ${type}`, splitDescriptor(type, [flat]), false] as const,
        ),
        ['no type', splitDescriptor('vmfs', [flat]).replace('createType', 'otherType'), false],
        ['an extent of another kind', splitDescriptor('vmfs', ['RW 8 FOO "a" 0']), false],
        ['a flat extent without an offset', splitDescriptor('vmfs', ['RW 8 FLAT "a"']), false],
        ['a name without its second quote', splitDescriptor('vmfs', ['RW 8 FLAT "a 0']), false],
        ['a file that is not there', splitDescriptor('vmfs', ['RW 8 FLAT "b" 0']), false],
        ['a file without grains', splitDescriptor('twoGbMaxExtentSparse', ['RW 8 SPARSE "a"']), false],
        ['lines that end with carriage returns', splitDescriptor('vmfs', [`${flat}\r`]), true],
        ['a comment', splitDescriptor('vmfs', ['# RW 8 FOO "a" 0', flat]), true],
        ['no parent', splitDescriptor('vmfs', [flat]).replace('parentCID', 'otherCID'), false],
      ];
      const node = t.name('vmdk');
      for (const [what, text, opens] of rows) {
        const image = await makeFileIn(folder, 'disk', text);
        t.check(
          (await isTaken(t, over(image, node))) === opens,
          opens ? `${what} must be taken` : `${what} must be refused`,
          opens ? 'it is refused' : 'it is taken',
        );
      }
      await checkAbsent(t, node);
      t.equal((await nodeNames(t)).toSorted(), before, 'no node must be left');
    },
  },
  {
    id: 'formats/vmdk-parent',
    title:
      'A VMDK image shows its parent where it has no grains, as long as the parent has the content that it remembers',
    requirements: ['formats/content'],
    needs: vmdk,
    async run(t: CaseContext) {
      const child = (parentCid: string) =>
        buildVmdk(
          vmdkShape({
            capacity: 32 * 8,
            flags: 7,
            descriptor: vmdkDescriptor(32 * 8, { parentCid }),
            grains: new Map<number, Buffer | 'zero'>([
              [3, Buffer.alloc(GRAIN, 0x22)],
              [4, 'zero'],
            ]),
          }),
        );
      const parent = buildVmdk(
        vmdkShape({
          capacity: 32 * 8,
          grains: new Map([
            [1, Buffer.alloc(GRAIN, 0x11)],
            [4, Buffer.alloc(GRAIN, 0x12)],
          ]),
        }),
      );
      const base = t.name('base');
      await t.execute('blockdev-add', { ...over(await makeFile(t, parent), base), 'read-only': true });
      const right = t.name('child');
      const file = await makeFile(t, child(VMDK_CID));
      await t.execute('blockdev-add', over(file, right, { backing: base }));
      const io = await openIo(t, right);
      await checkReads(t, io, [0, GRAIN], 0, 'of what neither has');
      await checkReads(t, io, [GRAIN, GRAIN], 0x11, 'of what the parent has');
      await checkReads(t, io, [3 * GRAIN, GRAIN], 0x22, 'of what the child has');
      await checkReads(t, io, [4 * GRAIN, GRAIN], 0, 'of a grain of zeroes');
      t.check(await writes(io, [GRAIN + 512, 512], 0x44), 'a write must succeed', 'it fails');
      await checkReads(t, io, [GRAIN, 512], 0x11, 'before what was written');
      await checkReads(t, io, [GRAIN + 512, 512], 0x44, 'of what was written');
      await checkReads(t, io, [GRAIN + 1024, GRAIN - 1024], 0x11, 'behind what was written');
      await io.close();
      await t.execute('blockdev-del', { 'node-name': right });
      const wrong = t.name('child');
      await t.execute('blockdev-add', over(await makeFile(t, child('12345678')), wrong, { backing: base }));
      const other = await openIo(t, wrong);
      await checkReads(t, other, [3 * GRAIN, GRAIN], 0x22, 'of what the child has, over another parent');
      await checkReadFails(t, other, [GRAIN, GRAIN], 'of what another parent has');
      t.check(
        !(await writes(other, [8 * GRAIN, GRAIN], 0x44)),
        'a new grain over another parent must fail',
        'it is written',
      );
      await other.close();
      await t.execute('blockdev-del', { 'node-name': wrong });
    },
  },
  {
    id: 'formats/vmdk-packed',
    title: 'Packed grains of VMDK are read, written whole and once, and those that are broken fail',
    requirements: ['formats/content'],
    needs: vmdk,
    async run(t: CaseContext) {
      const capacity = 40 * SECTORS + 2;
      const last = Buffer.alloc(GRAIN, 0x13);
      const shape = vmdkShape({
        capacity,
        isCompressed: true,
        flags: PACKED,
        grains: new Map([
          [2, packed(2 * SECTORS, Buffer.alloc(GRAIN, 0x11).fill(0x12, GRAIN / 2))],
          [17, packed(17 * SECTORS, Buffer.alloc(GRAIN, 0x14)).fill(0xee, 20)],
          [18, packed(18 * SECTORS, Buffer.alloc(GRAIN / 2, 0x15))],
          [40, packed(40 * SECTORS, last)],
        ]),
      });
      const file = await makeFile(t, buildVmdk(shape));
      const node = t.name('vmdk');
      await t.execute('blockdev-add', over(file, node));
      const io = await openIo(t, node);
      await checkReads(t, io, [2 * GRAIN, GRAIN / 2], 0x11, 'of the first half of a packed grain');
      await checkReads(t, io, [2 * GRAIN + GRAIN / 2, GRAIN / 2], 0x12, 'of its second half');
      await checkReads(t, io, [3 * GRAIN, GRAIN], 0, 'of what has no place');
      await checkReads(t, io, [40 * GRAIN, 1024], 0x13, 'of the last grain');
      await checkReadFails(t, io, [17 * GRAIN, 512], 'of a stream that is broken');
      t.check(
        await writes(io, [5 * GRAIN, 2 * GRAIN], 0x44),
        'a write of whole grains must succeed',
        'it fails',
      );
      t.check(
        !(await writes(io, [2 * GRAIN, GRAIN], 0x44)),
        'a grain that is there must not be written',
        'it is',
      );
      t.check(!(await writes(io, [8 * GRAIN, 512], 0x44)), 'a part of a grain must not be written', 'it is');
      await io.close();
      await t.execute('blockdev-del', { 'node-name': node });
      await t.execute('blockdev-add', { ...over(file, node), 'read-only': true });
      const again = await openIo(t, node, { writable: false });
      await checkReads(t, again, [5 * GRAIN, 2 * GRAIN], 0x44, 'of what was written');
      await checkReads(t, again, [4 * GRAIN, GRAIN], 0, 'before that');
      await checkReads(t, again, [2 * GRAIN, GRAIN / 2], 0x11, 'of what was there');
      await again.close();
    },
  },
  {
    id: 'formats/vmdk-missing-table',
    title: 'A VMDK image without one of its tables reads as zeroes there, and as it is elsewhere',
    requirements: ['formats/content'],
    needs: vmdk,
    async run(t: CaseContext) {
      const grains = new Map([
        [0, Buffer.alloc(GRAIN, 0x11)],
        [55, Buffer.alloc(GRAIN, 0x12)],
      ]);
      const shape = vmdkShape({ grains, missing: [2] });
      const file = await makeFile(t, buildVmdk(shape));
      const node = t.name('vmdk');
      await t.execute('blockdev-add', { ...over(file, node), 'read-only': true });
      const io = await openIo(t, node, { writable: false });
      await checkReads(t, io, [0, GRAIN], 0x11, 'of what is there');
      await checkReads(t, io, [31 * GRAIN, 18 * GRAIN], 0, 'of a table that is not there');
      await checkReads(t, io, [40 * GRAIN, 15 * GRAIN], 0, 'of the rest of that table, and of the next');
      await checkReads(t, io, [55 * GRAIN, GRAIN], 0x12, 'of what is behind it');
      await io.close();
    },
  },
];
