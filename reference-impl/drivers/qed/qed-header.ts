/**
 * The header of a qed image: read with the checks that an open makes, and written back in part.
 *
 * Source: the published QED Image File Format Specification; texts of errors as observed.
 */
import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { BackingName, ChildHandle } from '../driver.ts';

const MAGIC = 'QED\0';
/** Bytes; the backing file's name follows in images that we write. */
const LENGTH = 64;
const MIN_CLUSTER = 2 ** 12;
const MAX_CLUSTER = 2 ** 26;
/** Clusters. The largest that others open as well; a table of one cluster they refuse. */
const MAX_TABLE = 16;
const SECTOR = 512;
const MAX_BACKING_NAME = 1023;

const Feature = { backingFile: 1, needCheck: 2, backingIsRaw: 4 } as const;
const KNOWN_FEATURES = 7n;
const At = { features: 16, autoclear: 32, size: 48 } as const;

export interface Header {
  /** Bytes. */
  readonly clusterSize: number;
  /** Bytes of the L1 table and of each L2 table. */
  readonly tableSize: number;
  /** Bytes that the header may take. */
  readonly headerSize: number;
  readonly l1Offset: number;
  /** Bytes of the disk. */
  size: number;
  /** Tables may refer to what is not there. */
  needCheck: boolean;
  /** Bits that others have set there, which a writer must clear. */
  readonly hasAutoclear: boolean;
  backing: BackingName | undefined;
}

export function isQed(start: Uint8Array): boolean {
  return Buffer.from(start.subarray(0, 4)).equals(Buffer.from(MAGIC, 'latin1'));
}

/** Throws `CommandError`, or `IoError` for fields that make no image. */
export async function readHeader(file: ChildHandle): Promise<Header> {
  const bytes = new Uint8Array(LENGTH);
  await file.read(0, bytes);
  if (!isQed(bytes)) throw new CommandError('Image not in QED format');
  const view = new DataView(bytes.buffer);
  const features = view.getBigUint64(At.features, true);
  const unknown = features & ~KNOWN_FEATURES;
  if (unknown !== 0n) throw new CommandError(`Unsupported QED features: ${unknown.toString(16)}`);
  const clusterSize = view.getUint32(4, true);
  const clustersOfTable = view.getUint32(8, true);
  const tableSize = clustersOfTable * clusterSize;
  const headerSize = view.getUint32(12, true) * clusterSize;
  const l1Offset = Number(view.getBigUint64(40, true));
  const size = Number(view.getBigUint64(At.size, true));
  const isSound =
    isPowerWithin(clusterSize, MIN_CLUSTER, MAX_CLUSTER) &&
    isPowerWithin(clustersOfTable, 2, MAX_TABLE) &&
    isSize(size, clusterSize, tableSize) &&
    l1Offset % clusterSize === 0 &&
    l1Offset >= Math.max(headerSize, clusterSize) &&
    l1Offset + tableSize <= file.length();
  if (!isSound) throw new IoError('EINVAL');
  return {
    clusterSize,
    tableSize,
    headerSize,
    l1Offset,
    size,
    needCheck: hasFeature(features, Feature.needCheck),
    hasAutoclear: view.getBigUint64(At.autoclear, true) !== 0n,
    backing: hasFeature(features, Feature.backingFile)
      ? await readBacking(file, view, headerSize, hasFeature(features, Feature.backingIsRaw))
      : undefined,
  };
}

/** Whether a disk of so many bytes can be had with clusters and tables of these sizes. */
export function isSize(size: number, clusterSize: number, tableSize: number): boolean {
  return size % SECTOR === 0 && size <= maxSize(clusterSize, tableSize);
}

/** Bytes of the largest disk. */
export function maxSize(clusterSize: number, tableSize: number): number {
  return (tableSize / 8) ** 2 * clusterSize;
}

function isPowerWithin(value: number, least: number, most: number): boolean {
  return value >= least && value <= most && Number.isInteger(Math.log2(value));
}

function hasFeature(features: bigint, bit: number): boolean {
  return (features & BigInt(bit)) !== 0n;
}

async function readBacking(
  file: ChildHandle,
  view: DataView,
  headerSize: number,
  isRaw: boolean,
): Promise<BackingName | undefined> {
  const offset = view.getUint32(56, true);
  const length = view.getUint32(60, true);
  if (offset + length > headerSize || length > MAX_BACKING_NAME) throw new IoError('EINVAL');
  const name = Buffer.alloc(length);
  await file.read(offset, name);
  const end = name.indexOf(0);
  const text = name.toString('utf8', 0, end === -1 ? length : end);
  if (text === '') return undefined;
  return isRaw ? { name: text, format: 'raw' } : { name: text };
}

function featuresOf({ needCheck, backing }: Header): bigint {
  const named = backing ? Feature.backingFile | (backing.format === 'raw' ? Feature.backingIsRaw : 0) : 0;
  return BigInt(named | (needCheck ? Feature.needCheck : 0));
}

/** The whole header with the backing file's name. Throws `IoError` where that has no room. */
export function serialiseHeader(header: Header): Uint8Array {
  const { clusterSize, tableSize, headerSize, l1Offset, size, backing } = header;
  const name = Buffer.from(backing?.name ?? '');
  if (name.length > MAX_BACKING_NAME) throw new IoError('EINVAL');
  if (LENGTH + name.length > headerSize) throw new IoError('ENOSPC');
  const bytes = new Uint8Array(LENGTH + name.length);
  bytes.set(Buffer.from(MAGIC, 'latin1'));
  bytes.set(name, LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, clusterSize, true);
  view.setUint32(8, tableSize / clusterSize, true);
  view.setUint32(12, headerSize / clusterSize, true);
  view.setBigUint64(At.features, featuresOf(header), true);
  view.setBigUint64(40, BigInt(l1Offset), true);
  view.setBigUint64(At.size, BigInt(size), true);
  if (backing) {
    view.setUint32(56, LENGTH, true);
    view.setUint32(60, name.length, true);
  }
  return bytes;
}

/** Writes the features alone, and clears what others have set that we do not know. */
export async function writeFeatures(file: ChildHandle, header: Header): Promise<void> {
  const compatible = new Uint8Array(8);
  await file.read(At.features + 8, compatible);
  const bytes = new Uint8Array(24);
  new DataView(bytes.buffer).setBigUint64(0, featuresOf(header), true);
  bytes.set(compatible, 8);
  await file.write(At.features, bytes);
}

/** Writes the disk's size alone. */
export async function writeSize(file: ChildHandle, size: number): Promise<void> {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(size), true);
  await file.write(At.size, bytes);
}
