/** What images of other formats hold after writes of every shape, by the node that was written and by their own tables. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import type { RequiredText } from '../case-text.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { be64, le32, le64, patched } from '../helpers/made-formats/bytes.ts';
import {
  buildParallels,
  PARALLELS_IN_USE,
  PARALLELS_NEW,
  PARALLELS_OLD,
  parseParallels,
} from '../helpers/made-formats/made-parallels.ts';
import { buildQed, parseQed, QED_CLUSTER, QED_DATA, QED_L1 } from '../helpers/made-formats/made-qed.ts';
import { buildVdi, parseVdi, VDI_BLOCK, VDI_DATA } from '../helpers/made-formats/made-vdi.ts';
import { buildVhdx, parseVhdx, VHDX_STATE } from '../helpers/made-formats/made-vhdx.ts';
import { buildVmdk, parseVmdk, VMDK_CID, vmdkShape } from '../helpers/made-formats/made-vmdk.ts';
import { buildVpc, parseVpc, vpcShape } from '../helpers/made-formats/made-vpc.ts';
import { buildQcow, parseQcow, QCOW_CLUSTER } from '../helpers/made-qcow.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { fileNodes, KiB, MiB, makeFile, needs } from '../helpers/shared-setup.ts';
import type { Range } from './driver-guest.ts';

interface Written {
  readonly driver: string;
  readonly image: Buffer;
  /** What the disk holds at first. */
  readonly disk: Buffer;
  /** What is written, by bytes of its own each. */
  readonly ranges: readonly Range[];
  /** Whole clusters of the disk that zeroes are written to at the end. */
  readonly zeroes?: Range;
  readonly options?: JsonObject;
  /** Looks at the file while it is being written. */
  during?(t: CaseContext, bytes: Buffer): void;
  /** The place in the file of each cluster, or undefined; and their length. What is nowhere is zeroes. */
  readonly places: (bytes: Buffer) => readonly [clusterSize: number, places: readonly (number | undefined)[]];
  /** Looks at the file that was written and closed. */
  after?(t: CaseContext, bytes: Buffer): void;
}

const FIRST_BYTE = 0x21;

async function checkDisk(t: CaseContext, node: string, disk: Buffer, when: string): Promise<void> {
  const io = await openIo(t, node, { writable: false });
  for (const start of [0, Math.floor(disk.length / 3 / 512) * 512]) {
    const bytes = await io.read(start, disk.length - start);
    checkSame(
      t,
      bytes,
      disk.subarray(start),
      `the disk must hold what it was given, when it is read ${when}`,
    );
  }
  await io.close();
}

function checkSame(t: CaseContext, bytes: Buffer, expected: Buffer, statement: RequiredText): void {
  const at = bytes.equals(expected) ? -1 : bytes.findIndex((byte, index) => byte !== expected[index]);
  t.check(at === -1, statement, `byte ${at} is ${bytes[at]} in place of ${expected[at]}`);
}

async function checkWritten(t: CaseContext, written: Written): Promise<void> {
  const { driver, image, ranges, zeroes, options = {} } = written;
  const disk = Buffer.from(written.disk);
  const file = await makeFile(t, image);
  const node = t.name(driver);
  const open = { driver, 'node-name': node, file: { driver: 'file', filename: file.path }, ...options };
  await t.execute('blockdev-add', open);
  await checkDisk(t, node, disk, 'before it is written');
  const io = await openIo(t, node);
  for (const [index, [offset, length]] of ranges.entries()) {
    const byte = FIRST_BYTE + index;
    await io.perform({ kind: 'write', offset, length, byte });
    disk.fill(byte, offset, offset + length);
  }
  if (zeroes !== undefined) {
    await io.perform({ kind: 'write-zeroes', offset: zeroes[0], length: zeroes[1], unmap: true });
    disk.fill(0, zeroes[0], zeroes[0] + zeroes[1]);
  }
  await io.perform({ kind: 'flush' });
  written.during?.(t, await bytesOf(t, file.local));
  await io.close();
  await checkDisk(t, node, disk, 'after it was written');
  await t.execute('blockdev-del', { 'node-name': node });
  const bytes = await bytesOf(t, file.local);
  const [clusterSize, places] = written.places(bytes);
  const found = places.map((place) =>
    place === undefined
      ? Buffer.alloc(clusterSize)
      : Buffer.concat([bytes.subarray(place, place + clusterSize)], clusterSize),
  );
  checkSame(
    t,
    Buffer.concat(found).subarray(0, disk.length),
    disk,
    'the tables of the image must lead to what the disk was given',
  );
  const used = places.filter((place) => place !== undefined);
  t.equal(new Set(used).size, used.length, 'no two clusters may have one place');
  written.after?.(t, bytes);
  await t.execute('blockdev-add', { ...open, 'read-only': true });
  await checkDisk(t, node, disk, 'when it is opened again');
}

function writtenCase(
  id: string,
  title: string,
  driver: string,
  make: () => Omit<Written, 'driver'>,
): CaseDefinition {
  return {
    id: `formats/${id}`,
    title,
    requirements: ['formats/content'],
    needs: needs(fileNodes, { ...nodeBytes, drivers: [driver] }),
    run: (t: CaseContext) => checkWritten(t, { driver, ...make() }),
  };
}

/** Ranges of a disk with clusters of so many bytes, of which `tables` go to a table: of every shape, in no order. */
function rangesOf(cluster: number, perTable: number, size: number): Range[] {
  const border = cluster * perTable;
  const ranges: Range[] = [
    [border - 512, 1024],
    [512, 512],
    [3 * cluster - 1024, 2 * cluster + 1536],
    [size - 1024, 1024],
    [size - 3 * cluster, cluster],
    [7 * cluster, 2 * cluster],
    [3 * cluster + 512, 512],
  ];
  return ranges.filter(([offset, length]) => offset + length <= size);
}

const nowhere = (place: number) => (place === 0 ? undefined : place);

function vmdkImage(flags: number): Omit<Written, 'driver'> {
  const capacity = 50 * 8 + 3;
  const size = capacity * 512;
  const grain = (byte: number) => Buffer.alloc(4 * KiB, byte);
  const grains = new Map<number, Buffer | 'zero'>([
    [4, grain(0x11)],
    [0, grain(0x12)],
    [1, grain(0x13)],
    [50, Buffer.alloc(3 * 512, 0x14)],
    ...((flags & 4) === 0 ? [] : ([[6, 'zero']] as const)),
  ]);
  const disk = Buffer.alloc(size);
  for (const [index, bytes] of grains) if (bytes !== 'zero') bytes.copy(disk, index * 4 * KiB);
  const image = buildVmdk(vmdkShape({ capacity, flags, grains }));
  const before = parseVmdk(image);
  return {
    image,
    disk,
    ranges: rangesOf(4 * KiB, 16, size),
    ...((flags & 4) !== 0 && { zeroes: [30 * 4 * KiB, 4 * 4 * KiB] as const }),
    places: (bytes) => [
      4 * KiB,
      parseVmdk(bytes).entries.map((sector) => (sector < 2 ? undefined : sector * 512)),
    ],
    after: (t: CaseContext, bytes: Buffer) => {
      const { descriptor, entries, redundantEntries } = parseVmdk(bytes);
      if ((flags & 2) !== 0)
        t.equal(
          [...redundantEntries],
          [...entries],
          'both copies of the tables must lead to the same places',
        );
      if ((flags & 4) !== 0)
        t.equal(entries.slice(30, 34), [1, 1, 1, 1], 'grains of zeroes must be entries of their own');
      const [cid] = /^CID=[0-9a-f]{1,8}$/m.exec(descriptor) ?? [];
      t.check(
        cid !== undefined && cid !== `CID=${VMDK_CID}`,
        'a written image must have another content id',
        `it has ${cid}`,
      );
      t.equal(
        descriptor.replace(cid!, `CID=${VMDK_CID}`),
        before.descriptor,
        'the rest of the descriptor must stay',
      );
      t.equal(
        bytes.subarray(0, 512).toString('hex'),
        image.subarray(0, 512).toString('hex'),
        'the header must stay',
      );
    },
  };
}

function vpcImage(): Omit<Written, 'driver'> {
  const [cluster, size] = [4 * KiB, 204 * 512];
  const blocks = new Map([
    [9, Buffer.alloc(cluster, 0x11)],
    [2, Buffer.alloc(cluster, 0x12)],
  ]);
  const disk = Buffer.alloc(size);
  for (const [index, bytes] of blocks) bytes.copy(disk, index * cluster);
  const image = buildVpc(vpcShape({ size, entries: 40, blocks }));
  // the bitmap of the first of them lacks sectors that are zeroes all the same
  image.fill(0, 2048, 2049);
  image.fill(0, 2560, 2560 + cluster);
  disk.fill(0, 9 * cluster, 10 * cluster);
  return {
    image,
    disk,
    ranges: [...rangesOf(cluster, 16, size), [9 * cluster + 512, 512]],
    places: (bytes) => [
      cluster,
      parseVpc(bytes).entries.map((sector) => (sector < 0 ? undefined : (sector + 1) * 512)),
    ],
    after: (t: CaseContext, bytes: Buffer) => {
      const { entries, footer, isTailed } = parseVpc(bytes);
      t.check(isTailed, 'the copy of the footer must be the last of the file', 'it is not');
      t.check(footer.equals(image.subarray(0, 512)), 'the footer must stay', 'it changed');
      for (const sector of entries.filter((place) => place >= 0))
        t.equal(bytes[sector * 512]!, 0xff, 'the bitmap of a written block must tell of its sectors');
      const end = Math.max(...entries) * 512 + 512 + cluster;
      t.equal(bytes.length, end + 512, 'the footer must follow the last block');
    },
  };
}

function vdiImage(): Omit<Written, 'driver'> {
  const size = 5 * MiB - 512;
  const image = buildVdi(size, [0xffffffff, 1, 0, 0xfffffffe, 0xffffffff], 2);
  const disk = Buffer.alloc(size)
    .fill(2, MiB, 2 * MiB)
    .fill(1, 2 * MiB, 3 * MiB);
  return {
    image,
    disk,
    ranges: [
      [4 * MiB + 512, 4 * KiB],
      [3 * MiB - 512, 1024],
      [MiB + 512, 512],
      [size - 1024, 1024],
    ],
    places: (bytes) => [
      VDI_BLOCK,
      parseVdi(bytes).entries.map((place) =>
        place >= 0xfffffffe ? undefined : VDI_DATA + place * VDI_BLOCK,
      ),
    ],
    after: (t: CaseContext, bytes: Buffer) => {
      const { allocated, entries } = parseVdi(bytes);
      t.equal(allocated, 4, 'the header must count the blocks of the file');
      t.equal(entries[0]!, 0xffffffff, 'what was not written must have no place');
      t.equal([entries[1]!, entries[2]!], [1, 0], 'what had a place must keep it');
      t.equal(bytes.length, VDI_DATA + 4 * VDI_BLOCK, 'the file must end with its last block');
    },
  };
}

function vhdxImage(): Omit<Written, 'driver'> {
  const size = 5 * MiB - 512;
  const image = buildVhdx({
    size,
    blockSize: MiB,
    entries: [
      [VHDX_STATE.unmapped, 0],
      [VHDX_STATE.present, 5],
      [VHDX_STATE.present, 4],
      [VHDX_STATE.zero, 0],
      [0, 0],
    ],
    length: 6 * MiB,
  });
  const disk = Buffer.alloc(size)
    .fill(5, MiB, 2 * MiB)
    .fill(4, 2 * MiB, 3 * MiB);
  const before = parseVhdx(image);
  return {
    image,
    disk,
    ranges: [
      [4 * MiB + 512, 4 * KiB],
      [3 * MiB - 512, 1024],
      [MiB + 512, 512],
      [size - 1024, 1024],
    ],
    places: (bytes) => [
      MiB,
      parseVhdx(bytes).entries.map(([state, place]) => (state === VHDX_STATE.present ? place : undefined)),
    ],
    after: (t: CaseContext, bytes: Buffer) => {
      const { broken, sequence, fileWriteId, dataWriteId, logId, log, ...rest } = parseVhdx(bytes);
      t.equal([...broken], [], 'structures must hold their own checksums');
      t.check(sequence > before.sequence, 'a written header must be the newer one', 'it is not');
      t.check(
        !fileWriteId.equals(before.fileWriteId) && !dataWriteId.equals(before.dataWriteId),
        'a written image must have other ids of what was written',
        'it has the same',
      );
      t.check(
        logId.every((byte) => byte === 0),
        'a closed image must have no log to be done',
        'it has one',
      );
      t.equal([...log], [...before.log], 'the log must stay where it is');
      t.equal(rest.size, size, 'the disk must stay as long as it is');
    },
  };
}

function qedImage(): Omit<Written, 'driver'> {
  const perTable = (2 * QED_CLUSTER) / 8;
  const size = (2 * perTable + 2) * QED_CLUSTER;
  const third = QED_DATA + 2 * QED_CLUSTER;
  const image = buildQed(size, [0, 0, QED_DATA, QED_DATA + QED_CLUSTER, 1], {
    patches: [
      [24, le64(1)],
      [32, le64(1)],
      // the second table is missing, the third leads to a cluster
      [QED_L1 + 16, le64(third)],
      [third, le64(third + 2 * QED_CLUSTER)],
      [third + 2 * QED_CLUSTER, Buffer.alloc(QED_CLUSTER, 0x12)],
    ],
  });
  const disk = Buffer.alloc(size)
    .fill(0x11, 2 * QED_CLUSTER, 4 * QED_CLUSTER)
    .fill(0x12, 2 * perTable * QED_CLUSTER, (2 * perTable + 1) * QED_CLUSTER);
  return {
    image,
    disk,
    ranges: [
      [(perTable + 900) * QED_CLUSTER + 512, 125 * QED_CLUSTER],
      ...rangesOf(QED_CLUSTER, perTable, size),
      [4 * QED_CLUSTER + 512, 512],
    ],
    zeroes: [12 * QED_CLUSTER, 4 * QED_CLUSTER],
    during: (t: CaseContext, bytes: Buffer) =>
      t.equal(parseQed(bytes).autoclear, 0, 'a writer must clear features that it does not know'),
    places: (bytes) => [QED_CLUSTER, parseQed(bytes).entries.map((place) => (place < 2 ? undefined : place))],
    after: (t: CaseContext, bytes: Buffer) => {
      const { features, autoclear, entries } = parseQed(bytes);
      t.equal(features, 0, 'a closed image must not be marked as in need of a check');
      t.equal(autoclear, 0, 'a writer must clear features that it does not know');
      t.equal(bytes[24]!, 1, 'a writer must keep features that need not be known');
      t.equal(entries.slice(12, 16), [1, 1, 1, 1], 'clusters of zeroes must be entries of their own');
    },
  };
}

function parallelsImage(magic: string): Omit<Written, 'driver'> {
  const [sectors, count] = [8, 40];
  const cluster = sectors * 512;
  const unit = magic === PARALLELS_NEW ? cluster : 512;
  const size = count * cluster - 512;
  const entries = Array(count).fill(0);
  entries[5] = cluster / unit;
  entries[4] = (2 * cluster) / unit;
  const image = buildParallels({ magic, size, sectors, entries, inFile: 2 });
  const disk = Buffer.alloc(size)
    .fill(0x11, 5 * cluster, 6 * cluster)
    .fill(0x12, 4 * cluster, 5 * cluster);
  return {
    image,
    disk,
    ranges: rangesOf(cluster, 16, size),
    during: (t: CaseContext, bytes: Buffer) =>
      t.equal(parseParallels(bytes).inUse, PARALLELS_IN_USE, 'an image that is being written must be marked'),
    places: (bytes) => [cluster, parseParallels(bytes).entries.map((place) => nowhere(place * unit))],
    after: (t: CaseContext, bytes: Buffer) => {
      const { inUse, entries: places, ...rest } = parseParallels(bytes);
      const { inUse: _, entries: __, ...before } = parseParallels(image);
      t.equal(inUse, 0, 'a closed image must not be marked');
      t.equal(rest, before, 'the header must stay');
      const used = places.filter((place) => place > 0).length;
      t.equal(bytes.length, (used + 1) * cluster, 'clusters must follow each other');
      t.equal(bytes.length, Math.max(...places) * unit + cluster, 'the file must end with its last cluster');
    },
  };
}

function qcowImage(): Omit<Written, 'driver'> {
  const [perTable, size] = [64, 200 * QCOW_CLUSTER + 1024];
  const image = patched(buildQcow(3, Buffer.alloc(QCOW_CLUSTER, 0x11), 0), [
    [24, be64(size)],
    [33, Buffer.from([Math.log2(perTable)])],
    // the second table is missing, the third leads to a cluster
    [48 + 16, be64(QCOW_CLUSTER + 512)],
    [QCOW_CLUSTER + 512 + 8, be64(3 * QCOW_CLUSTER)],
    [3 * QCOW_CLUSTER, Buffer.alloc(QCOW_CLUSTER, 0x12)],
  ]);
  const disk = Buffer.alloc(size)
    .fill(0x11, 3 * QCOW_CLUSTER, 4 * QCOW_CLUSTER)
    .fill(0x12, 129 * QCOW_CLUSTER, 130 * QCOW_CLUSTER);
  return {
    image,
    disk,
    ranges: [[100 * QCOW_CLUSTER + 512, 40 * QCOW_CLUSTER], ...rangesOf(QCOW_CLUSTER, perTable, size)],
    places: (bytes) => [QCOW_CLUSTER, parseQcow(bytes).entries.map(nowhere)],
  };
}

/** Clusters of a sector, more than a page of the table leads to; the header does not say where data begins. */
function parallelsPages(): Omit<Written, 'driver'> {
  const count = 1100;
  const size = count * 512;
  const image = buildParallels(
    { magic: PARALLELS_OLD, size, sectors: 1, entries: Array(count).fill(0), inFile: 0 },
    [[48, le32(0)]],
  );
  const start = Math.ceil((64 + count * 4) / 512) * 512;
  return {
    image,
    disk: Buffer.alloc(size),
    ranges: [
      [1000 * 512, 60 * 512],
      [5 * 512, 512],
    ],
    places: (bytes) => [512, parseParallels(bytes).entries.map((place) => nowhere(place * 512))],
    after: (t: CaseContext, bytes: Buffer) => {
      const { entries } = parseParallels(bytes);
      t.equal(entries[1000]! * 512, start, 'the first cluster must follow the table');
      t.equal(bytes.length, start + 61 * 512, 'the file must end with its last cluster');
    },
  };
}

/** The cases of written images. */
export const formatTables: readonly CaseDefinition[] = [
  writtenCase(
    'vmdk-written',
    'A sparse VMDK image that is written leads to the data by both copies of its tables, and has another content id',
    'vmdk',
    () => vmdkImage(3),
  ),
  writtenCase(
    'vmdk-zeroed',
    'A sparse VMDK image that has entries of zeroes reads them, and gets them where zeroes are written',
    'vmdk',
    () => vmdkImage(7),
  ),
  writtenCase(
    'vmdk-one-copy',
    'A sparse VMDK image with one copy of its tables is read and written',
    'vmdk',
    () => vmdkImage(1),
  ),
  writtenCase(
    'vpc-written',
    'A dynamic VHD image that is written leads to the data by its table, with whole bitmaps, and the footer moves on',
    'vpc',
    vpcImage,
  ),
  writtenCase(
    'vdi-written',
    'A VDI image that is written leads to the data by its map, and counts its blocks',
    'vdi',
    vdiImage,
  ),
  writtenCase(
    'vhdx-written',
    'A VHDX image that is written leads to the data by its table, and has a newer header with other ids',
    'vhdx',
    vhdxImage,
  ),
  writtenCase(
    'qed-written',
    'A qed image that is written leads to the data by its tables, and keeps the features that need not be known',
    'qed',
    qedImage,
  ),
  writtenCase(
    'parallels-written',
    'A parallels image that is written is marked meanwhile, leads to the data by its table, and ends with its last cluster',
    'parallels',
    () => parallelsImage(PARALLELS_NEW),
  ),
  writtenCase(
    'parallels-old-written',
    'A parallels image of the older magic that is written leads to the data by its table, which counts sectors',
    'parallels',
    () => parallelsImage(PARALLELS_OLD),
  ),
  writtenCase(
    'parallels-pages',
    'A parallels image with a long table is written across parts of it, from right behind it on',
    'parallels',
    parallelsPages,
  ),
  writtenCase(
    'qcow-written',
    'A qcow image that is written leads to the data by its tables, of which new ones are made',
    'qcow',
    qcowImage,
  ),
];
