/**
 * Sparse extents of VMDK, built and taken apart. Written from VMware's description of the format: numbers are of sectors and
 * little-endian; a directory leads to tables, whose entries lead to grains; mostly there is a second copy of both.
 */
import { le16, le32, le64 } from './bytes.ts';

const SECTOR = 512;
const DESCRIPTOR_AT = 1;
const DESCRIPTOR_SECTORS = 2;

/** What the content ids of a made image and of its parent are. */
export const VMDK_CID = 'fedcba98';

export interface VmdkShape {
  /** Sectors of the disk. */
  readonly capacity: number;
  /** Sectors of a grain. */
  readonly grain: number;
  readonly perTable: number;
  /** Bits: 1 line ends, 2 a second copy of the tables, 4 entries of 1 are zeroes. */
  readonly flags: number;
  readonly descriptor: string;
  readonly isCompressed: boolean;
  /** By the grain's number: what it holds, `zero`, or nothing where it is left out. */
  readonly grains: ReadonlyMap<number, Buffer | 'zero'>;
  /** Tables that are not there. */
  readonly missing: readonly number[];
}

/** The descriptor of an image of one sparse file. */
export function vmdkDescriptor(sectors: number, { cid = VMDK_CID, parentCid = 'ffffffff' } = {}): string {
  return `# Disk DescriptorFile
version=1
CID=${cid}
parentCID=${parentCid}
createType="monolithicSparse"

RW ${sectors} SPARSE "disk.vmdk"
`;
}

/** Small grains and tables: 16 grains of 4 KiB to a table. */
export function vmdkShape(shape: Partial<VmdkShape> = {}): VmdkShape {
  const capacity = shape.capacity ?? 80 * 8;
  return {
    capacity,
    grain: 8,
    perTable: 16,
    flags: 3,
    descriptor: vmdkDescriptor(capacity),
    isCompressed: false,
    grains: new Map(),
    missing: [],
    ...shape,
  };
}

/** Where what describes a made image lies, in sectors. */
export function vmdkPlaces({ capacity, grain, perTable }: VmdkShape) {
  const tables = Math.ceil(capacity / grain / perTable);
  const tableSectors = Math.ceil((perTable * 4) / SECTOR);
  const directorySectors = Math.ceil((tables * 4) / SECTOR);
  const copySectors = directorySectors + tables * tableSectors;
  const redundantDirectory = DESCRIPTOR_AT + DESCRIPTOR_SECTORS;
  const directory = redundantDirectory + copySectors;
  const overhead = Math.ceil((directory + copySectors) / grain) * grain;
  return { tables, tableSectors, directorySectors, redundantDirectory, directory, overhead };
}

/** An extent as the shape says, its grains in the order of the map. */
export function buildVmdk(shape: VmdkShape): Buffer {
  const places = vmdkPlaces(shape);
  const parts: Buffer[] = [];
  const entries = Buffer.alloc(places.tables * places.tableSectors * SECTOR);
  let end = places.overhead;
  for (const [index, grain] of shape.grains) {
    const table = Math.floor(index / shape.perTable);
    const at = table * places.tableSectors * SECTOR + (index % shape.perTable) * 4;
    entries.writeUInt32LE(grain === 'zero' ? 1 : end, at);
    if (grain === 'zero') continue;
    const whole = Buffer.concat([grain], Math.ceil(grain.length / SECTOR) * SECTOR);
    parts.push(whole);
    end += whole.length / SECTOR;
  }
  const head = Buffer.alloc(places.overhead * SECTOR);
  sparseHeader(shape, places).copy(head);
  head.write(shape.descriptor, DESCRIPTOR_AT * SECTOR, 'latin1');
  for (const directory of [places.redundantDirectory, places.directory]) {
    const tables = directory + places.directorySectors;
    for (let table = 0; table < places.tables; table++)
      if (!shape.missing.includes(table))
        head.writeUInt32LE(tables + table * places.tableSectors, directory * SECTOR + table * 4);
    entries.copy(head, tables * SECTOR);
  }
  return Buffer.concat([head, ...parts]);
}

function sparseHeader(shape: VmdkShape, places: ReturnType<typeof vmdkPlaces>): Buffer {
  const header = Buffer.alloc(SECTOR);
  header.set(
    Buffer.concat([
      Buffer.from('KDMV'),
      le32(1),
      le32(shape.flags),
      le64(shape.capacity),
      le64(shape.grain),
      le64(DESCRIPTOR_AT),
      le64(DESCRIPTOR_SECTORS),
      le32(shape.perTable),
      le64(places.redundantDirectory),
      le64(places.directory),
      le64(places.overhead),
      Buffer.from('\0\n \r\n'),
      le16(shape.isCompressed ? 1 : 0),
    ]),
  );
  return header;
}

export interface ParsedVmdk {
  readonly version: number;
  readonly flags: number;
  readonly capacity: number;
  readonly grain: number;
  readonly perTable: number;
  readonly overhead: number;
  readonly lineEnds: string;
  readonly isCompressed: boolean;
  /** The text of the descriptor within the extent. */
  readonly descriptor: string;
  /** The directory, and what it leads to: for each grain the sector of its place. The copies are alike in all images. */
  readonly entries: readonly number[];
  readonly redundantEntries: readonly number[];
  /** The sectors of the tables that the directory leads to, and its copy. */
  readonly tables: readonly number[];
}

/** What stands in a sparse extent. */
export function parseVmdk(bytes: Buffer): ParsedVmdk {
  const at64 = (at: number) => Number(bytes.readBigUInt64LE(at));
  const [capacity, grain, perTable] = [at64(12), at64(20), bytes.readUInt32LE(44)];
  const [start, length] = [at64(28) * SECTOR, at64(36) * SECTOR];
  const entriesOf = (directory: number) =>
    Array.from({ length: Math.ceil(capacity / grain) }, (_, index) => {
      const table = bytes.readUInt32LE(directory * SECTOR + Math.floor(index / perTable) * 4);
      return table === 0 ? 0 : bytes.readUInt32LE(table * SECTOR + (index % perTable) * 4);
    });
  const tablesOf = (directory: number) =>
    Array.from({ length: Math.ceil(capacity / grain / perTable) }, (_, index) =>
      bytes.readUInt32LE(directory * SECTOR + index * 4),
    );
  return {
    tables: [...tablesOf(at64(56)), ...tablesOf(at64(48))],
    version: bytes.readUInt32LE(4),
    flags: bytes.readUInt32LE(8),
    capacity,
    grain,
    perTable,
    overhead: at64(64),
    lineEnds: bytes.toString('latin1', 73, 77),
    isCompressed: bytes.readUInt16LE(77) === 1,
    descriptor: bytes.toString('latin1', start, start + length).split('\0')[0]!,
    entries: entriesOf(at64(56)),
    redundantEntries: entriesOf(at64(48)),
  };
}
