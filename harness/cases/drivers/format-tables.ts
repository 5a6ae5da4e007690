/** What images of other formats hold after writes of every shape, by the node that was written and by their own tables. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { PARALLELS_NEW, PARALLELS_OLD } from '../helpers/made-formats/made-parallels.ts';
import { buildVdi, parseVdi, VDI_BLOCK, VDI_DATA } from '../helpers/made-formats/made-vdi.ts';
import { buildVhdx, parseVhdx, VHDX_STATE } from '../helpers/made-formats/made-vhdx.ts';
import { buildVmdk, parseVmdk, VMDK_CID, vmdkShape } from '../helpers/made-formats/made-vmdk.ts';
import { buildVpc, parseVpc, vpcShape } from '../helpers/made-formats/made-vpc.ts';
import { nodeBytes } from '../helpers/node-io.ts';
import { fileNodes, KiB, MiB, needs } from '../helpers/shared-setup.ts';
import {
  parallelsImage,
  parallelsLongTable,
  parallelsPages,
  qcowImage,
  qedImage,
} from './written-clusters.ts';
import { checkWritten, rangesOf, type Written } from './written-images.ts';

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
    zeroes: [30 * 4 * KiB, 4 * 4 * KiB],
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
      t.equal(
        entries.slice(30, 34).map((sector) => sector === 1),
        Array(4).fill((flags & 4) !== 0),
        'grains of zeroes must be entries of their own, where the header says that there are such',
      );
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
      [3 * MiB + 512, MiB + 4 * KiB],
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
      t.equal(
        entries.slice(1),
        [1, 0, 2, 3],
        'what had a place must keep it, and new ones must follow each other',
      );
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
    'parallels-long-table',
    'A parallels image is written behind all that its table leads to, also behind the end of the disk',
    'parallels',
    parallelsLongTable,
  ),
  writtenCase(
    'qcow-written',
    'A qcow image that is written leads to the data by its tables, of which new ones are made',
    'qcow',
    qcowImage,
  ),
];
