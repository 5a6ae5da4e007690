/**
 * The region table of a VHDX image, which tells where the table of blocks and the metadata lie, and the metadata: what
 * the disk is like.
 */
import { IoError } from '../../host/errno.ts';
import type { ChildHandle } from '../driver.ts';
import {
  bytesAt,
  GUID_BYTES,
  isWhole,
  MIB,
  type Region,
  seal,
  startsWith,
  uint64At,
  viewOf,
} from './vhdx-headers.ts';

const KIB_64 = 65536;
/** The first is the one that counts, as it does for QEMU 7.2: an image with a broken one does not open. */
const REGION_TABLES = [0x30000, 0x40000] as const;
const REGION_SIGNATURE = 'regi';
const METADATA_SIGNATURE = 'metadata';
const MAX_ENTRIES = 2047;
const SECTOR = 512;
/** The largest disk, in bytes. */
export const MAX_SIZE = 64 * 2 ** 40;
const MIN_BLOCK = MIB;
const MAX_BLOCK = 256 * MIB;

/** The bytes of GUIDs as they stand in files. */
const RegionId = {
  blocks: '6677c22d23f600429d64115e9bfd4a08',
  metadata: '06a27c8b90479a4bb8fe575f050f886e',
} as const;
const ItemId = {
  parameters: '3767a1ca36fa434db3b633f0aa44e76b',
  size: '2442a52f1bcd7648b2115dbed83bf4b8',
  diskId: 'ab12cabee6b2234593efc309e000c746',
  logicalSector: '1dbf41816fa90947ba47f233a8faab5f',
  physicalSector: 'c748a3cd5d4471449cc9e9885251c556',
} as const;
const ITEMS = ['parameters', 'size', 'diskId', 'logicalSector', 'physicalSector'] as const;
/** What items are marked as: about the disk, and needed to open it. */
const [IS_DISK, IS_REQUIRED] = [2, 4];
const HAS_PARENT = 2;

const guidAt = (bytes: Uint8Array, at: number) =>
  Buffer.from(bytes.subarray(at, at + GUID_BYTES)).toString('hex');

export interface Regions {
  readonly blocks: Region;
  readonly metadata: Region;
  /** All regions, with those that we do not know. */
  readonly all: readonly Region[];
}

/** Throws `IoError`. */
export async function readRegions(file: ChildHandle): Promise<Regions> {
  const bytes = await bytesAt(file, REGION_TABLES[0], KIB_64);
  if (!startsWith(bytes, REGION_SIGNATURE) || !isWhole(bytes)) throw new IoError('EINVAL');
  return parseRegions(bytes);
}

function parseRegions(bytes: Uint8Array): Regions {
  const view = viewOf(bytes);
  const count = view.getUint32(8, true);
  if (count > MAX_ENTRIES) throw new IoError('EINVAL');
  const found = new Map<string, Region>();
  const all: Region[] = [];
  for (let at = 16; at < 16 + count * 32; at += 32) {
    const id = guidAt(bytes, at);
    const region = { offset: uint64At(view, at + 16), length: view.getUint32(at + 24, true) };
    const isKnown = id === RegionId.blocks || id === RegionId.metadata;
    if (!isKnown && (view.getUint32(at + 28, true) & 1) !== 0) throw new IoError('ENOTSUP');
    if (isKnown && found.has(id)) throw new IoError('EINVAL');
    if (region.length === 0 && !isKnown) continue;
    found.set(id, region);
    all.push(region);
  }
  const [blocks, metadata] = [found.get(RegionId.blocks), found.get(RegionId.metadata)];
  if (!blocks || !metadata) throw new IoError('EINVAL');
  return { blocks, metadata, all };
}

/** Throws `IoError` where regions lie over each other or over the headers. */
export function checkRegions(regions: readonly Region[]): void {
  const sorted = [{ offset: 0, length: MIB }, ...regions].toSorted((a, b) => a.offset - b.offset);
  for (const [index, { offset }] of sorted.entries()) {
    const before = sorted[index - 1];
    if (offset % MIB !== 0 || (before && before.offset + before.length > offset)) throw new IoError('EINVAL');
  }
}

/** What the disk is like. */
export interface DiskShape {
  /** Bytes. */
  readonly size: number;
  readonly blockSize: number;
}

/** Throws `IoError` for what cannot be opened. */
export async function readMetadata(file: ChildHandle, { offset }: Region): Promise<DiskShape> {
  const table = await bytesAt(file, offset, KIB_64);
  if (!startsWith(table, METADATA_SIGNATURE)) throw new IoError('EINVAL');
  const items = parseItems(table);
  const read = async (name: (typeof ITEMS)[number], length: number) =>
    viewOf(await bytesAt(file, offset + items.get(ItemId[name])!, length));
  const parameters = await read('parameters', 8);
  const blockSize = parameters.getUint32(0, true);
  const size = uint64At(await read('size', 8), 0);
  if ((parameters.getUint32(4, true) & HAS_PARENT) !== 0) throw new IoError('EINVAL');
  if ((await read('logicalSector', 4)).getUint32(0, true) !== SECTOR) throw new IoError('ENOTSUP');
  if (blockSize < MIN_BLOCK || blockSize > MAX_BLOCK || !Number.isInteger(Math.log2(blockSize)))
    throw new IoError('EINVAL');
  if (size > MAX_SIZE) throw new IoError('EINVAL');
  return { size: Math.floor(size / SECTOR) * SECTOR, blockSize };
}

/** Where the items lie, in bytes of the region. Throws `IoError` if one that is needed is missing, or not known. */
function parseItems(table: Uint8Array): ReadonlyMap<string, number> {
  const view = viewOf(table);
  const count = view.getUint16(10, true);
  if (count > MAX_ENTRIES) throw new IoError('EINVAL');
  const known = new Set<string>(Object.values(ItemId));
  const items = new Map<string, number>();
  for (let at = 32; at < 32 + count * 32; at += 32) {
    const id = guidAt(table, at);
    if (known.has(id)) items.set(id, view.getUint32(at + 16, true));
    else if ((view.getUint32(at + 24, true) & IS_REQUIRED) !== 0) throw new IoError('ENOTSUP');
  }
  for (const id of known) if (!items.has(id)) throw new IoError('ENOTSUP');
  return items;
}

/** Both region tables of a new image, as they stand behind the headers. */
export function newRegionTables(blocks: Region, metadata: Region): Uint8Array {
  const table = new Uint8Array(KIB_64);
  const view = viewOf(table);
  table.set(Buffer.from(REGION_SIGNATURE));
  view.setUint32(8, 2, true);
  const entries = [
    [RegionId.blocks, blocks],
    [RegionId.metadata, metadata],
  ] as const;
  for (const [index, [id, { offset, length }]] of entries.entries()) {
    const at = 16 + index * 32;
    table.set(Buffer.from(id, 'hex'), at);
    view.setBigUint64(at + 16, BigInt(offset), true);
    view.setUint32(at + 24, length, true);
    view.setUint32(at + 28, 1, true);
  }
  seal(table);
  return Buffer.concat([table, table]);
}

/** The metadata of a new image: the table, and the items behind it. */
export function newMetadata({ size, blockSize }: DiskShape, id: Uint8Array): Uint8Array {
  const items: Record<(typeof ITEMS)[number], Uint8Array> = {
    parameters: uint32(blockSize, 0),
    size: uint32(size % 2 ** 32, Math.floor(size / 2 ** 32)),
    diskId: id,
    logicalSector: uint32(SECTOR),
    physicalSector: uint32(SECTOR),
  };
  const bytes = new Uint8Array(2 * KIB_64);
  const view = viewOf(bytes);
  bytes.set(Buffer.from(METADATA_SIGNATURE));
  view.setUint16(10, ITEMS.length, true);
  let end = KIB_64;
  for (const [index, name] of ITEMS.entries()) {
    const at = 32 + index * 32;
    bytes.set(Buffer.from(ItemId[name], 'hex'), at);
    view.setUint32(at + 16, end, true);
    view.setUint32(at + 20, items[name].length, true);
    view.setUint32(at + 24, IS_REQUIRED | (name === 'parameters' ? 0 : IS_DISK), true);
    bytes.set(items[name], end);
    end += items[name].length;
  }
  return bytes;
}

/** Little-endian numbers. */
function uint32(...numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(numbers.length * 4);
  for (const [index, number] of numbers.entries()) viewOf(bytes).setUint32(index * 4, number, true);
  return bytes;
}
