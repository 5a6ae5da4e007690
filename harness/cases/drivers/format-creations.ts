/** New images of other formats as they stand on disk: each format's structures, sizes that formats choose, sizes that are too large. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { bytesAt, bytesOf } from '../helpers/image-files.ts';
import { completed } from '../helpers/job-steps.ts';
import { parseParallels } from '../helpers/made-formats/made-parallels.ts';
import { parseQed } from '../helpers/made-formats/made-qed.ts';
import { parseVdi, VDI_BLOCK } from '../helpers/made-formats/made-vdi.ts';
import { parseVhdx, VHDX_STATE } from '../helpers/made-formats/made-vhdx.ts';
import { parseVmdk } from '../helpers/made-formats/made-vmdk.ts';
import { parseVpc } from '../helpers/made-formats/made-vpc.ts';
import { parseQcow } from '../helpers/made-qcow.ts';
import { type CaseFile, fileNodes, KiB, MiB, needs, newFile, nodeInfo } from '../helpers/shared-setup.ts';

const GiB = 1024 * MiB;
const TiB = 1024 * GiB;

/**
 * Gives an image of a format for a disk of so many bytes; undefined where it is refused. Nothing is copied: no bit of
 * the bitmap that the copy goes by is set.
 */
async function makeImage(t: CaseContext, driver: string, size: number): Promise<CaseFile | undefined> {
  const [disk, bitmap, job, file] = [t.name('disk'), t.name('bitmap'), t.name('job'), newFile(t)];
  await t.execute('blockdev-add', { driver: 'null-co', 'node-name': disk, size });
  await t.execute('block-dirty-bitmap-add', { node: disk, name: bitmap, granularity: GiB });
  const { error } = await t.request({
    execute: 'drive-backup',
    arguments: {
      'job-id': job,
      device: disk,
      target: file.path,
      format: driver,
      sync: 'incremental',
      bitmap,
    },
  });
  if (error === undefined) await completed(t, job, 'backup');
  await t.execute('blockdev-del', { 'node-name': disk });
  return error === undefined ? file : undefined;
}

/** What a node over the image tells: the bytes of the disk, and of a cluster. */
async function shapeOf(t: CaseContext, driver: string, { path }: CaseFile) {
  const node = t.name(driver);
  await t.execute('blockdev-add', {
    driver,
    'node-name': node,
    'read-only': true,
    file: { driver: 'file', filename: path },
  });
  const { image } = (await nodeInfo(t, node)) as { image: Record<string, number> };
  await t.execute('blockdev-del', { 'node-name': node });
  return { size: image['virtual-size'] ?? 0, cluster: image['cluster-size'] ?? 0 };
}

const creating = (driver: string) =>
  needs(fileNodes, {
    drivers: [driver, 'null-co'],
    commands: ['drive-backup', 'block-dirty-bitmap-add'],
  });

interface Made {
  readonly size: number;
  /** Of the disk, where the format chooses another. */
  readonly told?: number;
  readonly cluster?: number;
}

function sizesCase(driver: string, made: readonly Made[], refused: readonly number[]): CaseDefinition {
  return {
    id: `formats/${driver}-sizes`,
    title: `New images of the format ${driver} have the sizes and clusters that the format gives them, up to its largest disk`,
    requirements: ['formats/made'],
    needs: creating(driver),
    async run(t: CaseContext) {
      for (const { size, told = size, cluster } of made) {
        const file = await makeImage(t, driver, size);
        t.check(file !== undefined, `an image of ${size} bytes must be made`, 'it is refused');
        const shape = await shapeOf(t, driver, file);
        t.equal(shape.size, told, `an image for ${size} bytes must have its size`);
        if (cluster !== undefined)
          t.equal(shape.cluster, cluster, `an image for ${size} bytes must have its clusters`);
      }
      for (const size of refused)
        t.check(
          (await makeImage(t, driver, size)) === undefined,
          `an image of ${size} bytes must be refused`,
          'it is made',
        );
    },
  };
}

function structureCase(
  driver: string,
  size: number,
  check: (t: CaseContext, bytes: Buffer, file: CaseFile) => void,
): CaseDefinition {
  return {
    id: `formats/${driver}-new`,
    title: `A new image of the format ${driver} has sound structures and no data`,
    requirements: ['formats/made'],
    needs: creating(driver),
    async run(t: CaseContext) {
      const file = await makeImage(t, driver, size);
      t.check(file !== undefined, 'an image must be made', 'it is refused');
      check(t, await bytesOf(t, file.local), file);
    },
  };
}

function allAre(t: CaseContext, values: readonly number[], value: number, count: number): void {
  t.equal(values.length, count, 'the tables must have an entry for each cluster');
  const at = values.findIndex((other) => other !== value);
  t.check(at === -1, 'no cluster may have a place', `that of ${at} is ${values[at]}`);
}

function checkVmdk(t: CaseContext, bytes: Buffer, { path }: CaseFile): void {
  const { descriptor, entries, redundantEntries, tables, overhead, ...header } = parseVmdk(bytes);
  const sectors = (5 * GiB) / 512;
  t.equal(
    header,
    {
      version: 1,
      flags: 3,
      capacity: sectors,
      grain: 128,
      perTable: 512,
      lineEnds: '\n \r\n',
      isCompressed: false,
    },
    'the header must tell of a sparse extent',
  );
  allAre(t, entries, 0, sectors / 128);
  allAre(t, redundantEntries, 0, sectors / 128);
  const places = new Set(tables.filter((sector) => sector > 0 && sector < overhead));
  t.equal(tables.length, 2 * (sectors / 128 / 512), 'the directory and its copy must have an entry a table');
  t.equal(places.size, tables.length, 'each table must have a place of its own');
  t.equal(bytes.length, overhead * 512, 'the file must end with what describes the image');
  const lines = descriptor.split('\n').filter((line) => /^[A-Za-z]/.test(line));
  const name = path.slice(path.lastIndexOf('/') + 1);
  t.check(/^CID=[0-9a-f]{1,8}$/m.test(descriptor), 'the descriptor must have a content id', 'it has none');
  t.equal(
    lines.filter((line) => !line.startsWith('CID=') && !line.startsWith('ddb.')),
    ['version=1', 'parentCID=ffffffff', 'createType="monolithicSparse"', `RW ${sectors} SPARSE "${name}"`],
    'the descriptor must tell of the extent',
  );
  const geometry = [
    ['cylinders', Math.floor(sectors / 16 / 63)],
    ['heads', 16],
    ['sectors', 63],
  ] as const;
  for (const [what, count] of geometry)
    t.check(
      lines.includes(`ddb.geometry.${what} = "${count}"`),
      'the descriptor must tell the geometry',
      `the number of ${what} is not ${count}`,
    );
  t.check(lines.includes('ddb.adapterType = "ide"'), 'the descriptor must tell the adapter', 'it does not');
}

function checkVpc(t: CaseContext, bytes: Buffer): void {
  const { footer, entries, isFooterSound, isHeaderSound, isTailed, ...rest } = parseVpc(bytes);
  const size = 1000 * 8 * 17 * 512;
  t.check(isFooterSound && isHeaderSound, 'footer and header must hold their own checksums', 'they do not');
  t.check(isTailed, 'a copy of the footer must end the file', 'it does not');
  t.equal(rest.blockSize, 2 * MiB, 'blocks must be of 2 MiB');
  const [cylinders, heads, sectors] = rest.geometry as [number, number, number];
  t.equal(cylinders * heads * sectors * 512, rest.size, 'the disk must be as long as its geometry');
  t.equal(rest.size, size, 'the disk must have its size');
  t.check(
    entries.length * rest.blockSize >= rest.size,
    'the table must have an entry a block',
    'it is shorter',
  );
  allAre(t, entries, -1, entries.length);
  const told = [8, 12, 60].map((at) => footer.readUInt32BE(at));
  t.equal(told, [2, 0x10000, 3], 'the footer must tell its version, and of a dynamic disk');
  // The format knows two kinds of hosts.
  t.check(
    ['Wi2k', 'Mac '].includes(footer.toString('latin1', 36, 40)),
    'the footer must tell the host that made the image',
    'it does not',
  );
  t.check(
    /^[\x20-\x7e]{3}[\x20-\x7e\0]$/.test(footer.toString('latin1', 28, 32)),
    'the footer must tell who made the image',
    'it does not',
  );
  t.check(
    footer.subarray(85).every((byte) => byte === 0),
    'what the footer reserves must be empty',
    'it is not',
  );
  t.equal(Number(footer.readBigUInt64BE(16)), 512, 'the header must follow the footer');
  t.equal(Number(footer.readBigUInt64BE(40)), rest.size, 'the original size must be that of the disk');
  const header = bytes.subarray(512);
  t.equal(header.readUInt32BE(24), 0x10000, 'the header must tell its version');
  t.equal(header.subarray(8, 16).toString('hex'), 'ff'.repeat(8), 'the header must lead to no other');
  t.check(
    footer.subarray(68, 84).some((byte) => byte !== 0),
    'the image must have an id',
    'it has none',
  );
}

function checkVdi(t: CaseContext, bytes: Buffer): void {
  const { imageId, snapshotId, parents, entries, ...header } = parseVdi(bytes);
  t.equal(
    header,
    {
      signature: 0xbeda107f,
      version: 0x10001,
      headerSize: 0x180,
      imageType: 1,
      data: 1536,
      sectorSize: 512,
      size: 130 * MiB - 512,
      blockSize: VDI_BLOCK,
      allocated: 0,
    },
    'the header must tell of a dynamic disk',
  );
  allAre(t, entries, 0xffffffff, 130);
  t.equal(bytes.length, 1536, 'the file must end with the map');
  const isId = (id: Buffer) => id.some((byte) => byte !== 0);
  t.check(isId(imageId) && isId(snapshotId), 'the image must have ids', 'it has none');
  t.check(!isId(parents), 'the image must have no parents', 'it has');
}

function checkVhdx(t: CaseContext, bytes: Buffer): void {
  const { broken, entries, fileWriteId, dataWriteId, logId, ...rest } = parseVhdx(bytes);
  t.equal([...broken], [], 'structures must hold their own checksums');
  t.equal(rest.size, 5 * GiB, 'the disk must have its size');
  t.equal(rest.blockSize, 16 * MiB, 'blocks must be of 16 MiB');
  t.equal([...rest.sectors], [512, 512], 'sectors must be of 512 bytes');
  t.equal(rest.flags, 0, 'the disk must neither be fixed nor have a parent');
  t.equal(
    rest.items.map(([length, flags]) => `${length} bytes, flags ${flags}`),
    [8, 8, 16, 4, 4].map((length, index) => `${length} bytes, flags ${index === 0 ? 4 : 6}`),
    'items of the metadata must tell their lengths, that they must be known, and whether they are of the disk',
  );
  t.equal([...rest.log], [MiB, MiB], 'the log must follow the headers');
  t.equal(entries.length, 321, 'the table must have an entry a block, and one of a bitmap among them');
  t.check(
    entries.every(([state, place], index) => state === (index === 256 ? 0 : VHDX_STATE.zero) && place === 0),
    'blocks must be zeroes without a place, and bitmaps absent',
    'one is not',
  );
  const isId = (id: Buffer) => id.some((byte) => byte !== 0);
  t.check(isId(fileWriteId) && isId(dataWriteId), 'the image must have ids', 'it has none');
  t.check(!isId(logId), 'no log may be there to be done', 'there is one');
}

function checkQed(t: CaseContext, bytes: Buffer): void {
  const { entries, ...header } = parseQed(bytes);
  t.equal(
    header,
    {
      clusterSize: 64 * KiB,
      tableClusters: 4,
      headerClusters: 1,
      features: 0,
      autoclear: 0,
      size: 5 * GiB,
      backing: '',
    },
    'the header must tell of clusters of 64 KiB and tables of four',
  );
  allAre(t, entries, 0, (5 * GiB) / (64 * KiB));
}

function checkParallels(t: CaseContext, bytes: Buffer): void {
  const { entries, dataAt, ...header } = parseParallels(bytes);
  const size = 130 * MiB - 512;
  t.equal(
    header,
    {
      magic: 'WithouFreSpacExt',
      version: 2,
      heads: 16,
      cylinders: Math.floor(size / 512 / 16 / 32),
      sectors: 2048,
      size,
      inUse: 0,
    },
    'the header must tell of clusters of 1 MiB',
  );
  t.equal(dataAt, MiB, 'data must begin behind the table');
  allAre(t, entries, 0, 130);
}

function checkQcow(t: CaseContext, bytes: Buffer): void {
  const { entries, ...header } = parseQcow(bytes);
  const size = 130 * MiB - 512;
  t.equal(header, { size, clusterSize: 4 * KiB, perTable: 512 }, 'the header must tell of clusters of 4 KiB');
  allAre(t, entries, 0, Math.ceil(size / (4 * KiB)));
}

type Geometry = readonly [cylinders: number, heads: number, sectors: number];

/** Disks that are as long as their geometry, on both sides of where the number of sectors of a track changes. */
const EXACT: readonly Geometry[] = [
  [1, 4, 17],
  [1023, 4, 17],
  [1000, 8, 17],
  [1023, 16, 17],
  [562, 16, 31],
  [1023, 16, 31],
  [504, 16, 63],
  [65534, 16, 63],
  [16191, 16, 255],
  [65535, 16, 255],
];

/** Disks that are not, with the next larger geometry. An endpoint may refuse to make a disk larger than it was asked for. */
const ROUNDED: readonly (readonly [size: number, geometry: Geometry])[] = [
  [512, [1, 4, 17]],
  [MiB, [31, 4, 17]],
  [136 * MiB, [562, 16, 31]],
  [500 * MiB, [1016, 16, 63]],
  [2 * GiB, [4162, 16, 63]],
  [8 * GiB, [16645, 16, 63]],
  [100 * GiB, [51401, 16, 255]],
];

const bytesOfGeometry = ([cylinders, heads, sectors]: Geometry) => cylinders * heads * sectors * 512;

const geometriesCase: CaseDefinition = {
  id: 'formats/vpc-sizes',
  title:
    'New VHD images have the geometry that the format gives their size, and are as long as that up to the largest one',
  requirements: ['formats/made'],
  needs: creating('vpc'),
  async run(t: CaseContext) {
    const check = async (file: CaseFile, size: number, geometry: Geometry) => {
      t.equal(
        parseVpc(await bytesAt(t, file.local, 0, 2 * KiB)).geometry as number[],
        [...geometry],
        `a disk of ${size} bytes must have the geometry of its size`,
      );
      const told = Math.max(bytesOfGeometry(geometry), size);
      t.equal((await shapeOf(t, 'vpc', file)).size, told, `a disk of ${size} bytes must be as long as that`);
    };
    for (const geometry of EXACT) {
      const size = bytesOfGeometry(geometry);
      const file = await makeImage(t, 'vpc', size);
      t.check(file !== undefined, `an image of ${size} bytes must be made`, 'it is refused');
      await check(file, size, geometry);
    }
    for (const [size, geometry] of ROUNDED) {
      const file = await makeImage(t, 'vpc', size);
      if (file !== undefined) await check(file, size, geometry);
    }
    const most = 0xff000000 * 512;
    for (const size of [bytesOfGeometry([65535, 16, 255]) + 512, most]) {
      const file = await makeImage(t, 'vpc', size);
      t.check(file !== undefined, `an image of ${size} bytes must be made`, 'it is refused');
      await check(file, size, [65535, 16, 255]);
    }
    t.check(
      (await makeImage(t, 'vpc', most + 512)) === undefined,
      'a larger image must be refused',
      'it is made',
    );
  },
};

/** The cases of new images. */
export const formatCreations: readonly CaseDefinition[] = [
  structureCase('vmdk', 5 * GiB, checkVmdk),
  structureCase('vpc', 1000 * 8 * 17 * 512, checkVpc),
  structureCase('vdi', 130 * MiB - 512, checkVdi),
  structureCase('vhdx', 5 * GiB, checkVhdx),
  structureCase('qed', 5 * GiB, checkQed),
  structureCase('parallels', 130 * MiB - 512, checkParallels),
  structureCase('qcow', 130 * MiB - 512, checkQcow),
  sizesCase(
    'vhdx',
    [
      { size: 512, cluster: 8 * MiB },
      { size: GiB, cluster: 8 * MiB },
      { size: GiB + 512, cluster: 16 * MiB },
      { size: 100 * GiB, cluster: 16 * MiB },
      { size: 100 * GiB + 512, cluster: 32 * MiB },
      { size: 32 * TiB, cluster: 32 * MiB },
      { size: 32 * TiB + 512, cluster: 64 * MiB },
      { size: 64 * TiB, cluster: 64 * MiB },
    ],
    [64 * TiB + 512],
  ),
  geometriesCase,
  sizesCase('vdi', [{ size: 512, cluster: MiB }, { size: MiB + 512 }, { size: 2 * TiB }], [536870785 * MiB]),
  sizesCase('vmdk', [{ size: 512, cluster: 64 * KiB }, { size: 33 * MiB + 512 }, { size: 64 * GiB }], []),
  sizesCase('qed', [{ size: 512 }, { size: GiB + 512 }, { size: 64 * TiB }], [64 * TiB + 512]),
  sizesCase('parallels', [{ size: 512 }, { size: 300 * MiB + 512 }], [2 ** 52]),
  sizesCase('qcow', [{ size: 512, cluster: 4 * KiB }, { size: 300 * MiB + 512 }], []),
];
