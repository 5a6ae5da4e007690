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

type Shape = Pick<
  FatLayout,
  'type' | 'sectors' | 'sectorsPerTrack' | 'reserved' | 'fatSectors' | 'sectorsPerCluster'
>;

const FAT_COPIES = 2;
const ROOT_ENTRIES = 512;
/** 1024 cylinders, the most that a partition table can name, and 64. */
const DISK = { sectors: 1024 * 16 * 63, sectorsPerTrack: 63 };
const SMALL_DISK = { sectors: 64 * 16 * 63, sectorsPerTrack: 63 };
const FLOPPY = { sectors: 80 * 2 * 36, sectorsPerTrack: 36 };
const SMALL_FLOPPY = { sectors: 80 * 2 * 18, sectorsPerTrack: 18 };

const DISKS: Readonly<Record<FatType, Shape>> = {
  12: { ...SMALL_DISK, type: 12, reserved: 1, fatSectors: 12, sectorsPerCluster: 16 },
  16: { ...DISK, type: 16, reserved: 1, fatSectors: 252, sectorsPerCluster: 16 },
  32: { ...DISK, type: 32, reserved: 32, fatSectors: 1008, sectorsPerCluster: 8 },
};
const FLOPPIES: Readonly<Record<FatType, Shape>> = {
  12: { ...SMALL_FLOPPY, type: 12, reserved: 1, fatSectors: 1, sectorsPerCluster: 16 },
  16: { ...FLOPPY, type: 16, reserved: 1, fatSectors: 23, sectorsPerCluster: 1 },
  32: { ...FLOPPY, type: 32, reserved: 32, fatSectors: 45, sectorsPerCluster: 1 },
};
const DEFAULT_FLOPPY: Shape = { ...FLOPPY, type: 12, reserved: 1, fatSectors: 2, sectorsPerCluster: 16 };

/** The disk of this type; without one, a hard disk has FAT16, and a floppy 2.88 MB of FAT12. */
export function fatLayout(type: FatType | undefined, floppy: boolean): FatLayout {
  if (floppy) return complete(type === undefined ? DEFAULT_FLOPPY : FLOPPIES[type], true);
  return complete(DISKS[type ?? 16], false);
}

function complete(shape: Shape, floppy: boolean): FatLayout {
  const boot = floppy ? 0 : shape.sectorsPerTrack;
  const fatStart = boot + shape.reserved;
  const rootStart = fatStart + FAT_COPIES * shape.fatSectors;
  const rootEntries = shape.type === 32 ? 0 : ROOT_ENTRIES;
  const dataStart = rootStart + (rootEntries * ENTRY_BYTES) / SECTOR;
  return {
    ...shape,
    boot,
    heads: floppy ? 2 : 16,
    clusterBytes: shape.sectorsPerCluster * SECTOR,
    media: floppy ? 0xf0 : 0xf8,
    fatStart,
    rootEntries,
    rootStart,
    dataStart,
    clusters: Math.floor((shape.sectors - dataStart) / shape.sectorsPerCluster),
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
