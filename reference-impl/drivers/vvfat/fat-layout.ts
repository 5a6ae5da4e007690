/**
 * The disks that a directory is shown as: where boot sector, tables, root directory and clusters lie. Sizes, and all of what FAT12
 * and FAT16 disks look like, as observed; where that is no sound FAT (FAT32, and FAT16 on a floppy), the clusters are as small as
 * the FAT specification wants them for the type.
 *
 * Source: "Microsoft FAT Specification", sections 3 to 6.
 */

export const SECTOR = 512;
export const ENTRY_BYTES = 32;
/** The first two entries of a table stand for no cluster. */
export const FIRST_CLUSTER = 2;

export type FatType = 12 | 16 | 32;

/** Sectors are numbered from the start of the disk. */
export interface FatLayout {
  readonly type: FatType;
  /** Of the disk. */
  readonly sectors: number;
  /** Where the volume starts: 0 where there are no partitions. */
  readonly boot: number;
  readonly heads: number;
  readonly sectorsPerTrack: number;
  readonly reserved: number;
  readonly fatSectors: number;
  readonly sectorsPerCluster: number;
  readonly clusterBytes: number;
  readonly media: number;
  readonly fatStart: number;
  /** In the root directory; 0 where that lies in clusters. */
  readonly rootEntries: number;
  readonly rootStart: number;
  readonly dataStart: number;
  readonly clusters: number;
}

/** What is asked for of a disk; the rest follows from that. */
interface Shape {
  readonly type: FatType;
  readonly tracks: number;
  readonly sectorsPerTrack: number;
  readonly sectorsPerCluster: number;
}

const FAT_COPIES = 2;
const ROOT_ENTRIES = 512;
/** Cylinders times heads: 1024 of them are the most that a partition table can name. */
const DISK = { tracks: 1024 * 16, sectorsPerTrack: 63 };
const FLOPPY = { tracks: 80 * 2, sectorsPerTrack: 36 };

const DISKS: Readonly<Record<FatType, Shape>> = {
  12: { ...DISK, type: 12, tracks: 64 * 16, sectorsPerCluster: 16 },
  16: { ...DISK, type: 16, sectorsPerCluster: 16 },
  32: { ...DISK, type: 32, sectorsPerCluster: 8 },
};
const FLOPPIES: Readonly<Record<FatType, Shape>> = {
  12: { ...FLOPPY, type: 12, sectorsPerTrack: 18, sectorsPerCluster: 16 },
  16: { ...FLOPPY, type: 16, sectorsPerCluster: 1 },
  32: { ...FLOPPY, type: 32, sectorsPerCluster: 1 },
};
const DEFAULT_FLOPPY: Shape = { ...FLOPPY, type: 12, sectorsPerCluster: 16 };

/** The disk of this type; without one, a hard disk has FAT16, and a floppy 2.88 MB of FAT12. */
export function fatLayout(type: FatType | undefined, floppy: boolean): FatLayout {
  if (floppy) return complete(type === undefined ? DEFAULT_FLOPPY : FLOPPIES[type], true);
  return complete(DISKS[type ?? 16], false);
}

function complete(shape: Shape, floppy: boolean): FatLayout {
  const { type, tracks, sectorsPerTrack, sectorsPerCluster } = shape;
  const sectors = tracks * sectorsPerTrack;
  const boot = floppy ? 0 : sectorsPerTrack;
  const reserved = type === 32 ? 32 : 1;
  // As if the whole disk were clusters.
  const fatSectors = Math.ceil(((sectors / sectorsPerCluster) * type) / 8 / SECTOR);
  const fatStart = boot + reserved;
  const rootStart = fatStart + FAT_COPIES * fatSectors;
  const rootEntries = type === 32 ? 0 : ROOT_ENTRIES;
  const dataStart = rootStart + (rootEntries * ENTRY_BYTES) / SECTOR;
  return {
    type,
    sectors,
    sectorsPerTrack,
    reserved,
    fatSectors,
    sectorsPerCluster,
    boot,
    heads: floppy ? 2 : 16,
    clusterBytes: sectorsPerCluster * SECTOR,
    media: floppy ? 0xf0 : 0xf8,
    fatStart,
    rootEntries,
    rootStart,
    dataStart,
    clusters: Math.floor((sectors - dataStart) / sectorsPerCluster),
  };
}

/** Where a cluster starts on the disk, in bytes. */
export function clusterOffset({ dataStart, clusterBytes }: FatLayout, cluster: number): number {
  return dataStart * SECTOR + (cluster - FIRST_CLUSTER) * clusterBytes;
}

/** The cluster that byte `offset` of the disk lies in, from the first cluster on; nobody has those behind the last. */
export function clusterAt({ dataStart, clusterBytes }: FatLayout, offset: number): number {
  return Math.floor((offset - dataStart * SECTOR) / clusterBytes) + FIRST_CLUSTER;
}
