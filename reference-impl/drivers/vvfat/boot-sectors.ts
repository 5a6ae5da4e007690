/**
 * What lies in front of the tables: the partition table of a hard disk, the boot sector, and what FAT32 has besides. Fields whose
 * values do not matter (names of systems, serial numbers) are as observed.
 *
 * Source: "Microsoft FAT Specification", sections 3 and 5.
 */
import { type FatLayout, SECTOR } from './fat-layout.ts';

const DISK_ID = 0xbe1afdfa;
const VOLUME_ID = 0xfabe1afd;
const PARTITION_TABLE = 0x1be;
const FSINFO_SECTOR = 1;
const BACKUP_BOOT = 6;
const MAX_SMALL = 0xffff;
/** What partitions of a type are called. */
const PARTITION_KINDS = { 12: 0x01, 16: 0x06, 32: 0x0b } as const;

/** The first cluster of FAT32's root directory. */
export const FAT32_ROOT = 2;

/** Free clusters, and where the next one may be looked for: what FAT32 keeps beside its table. */
export interface FreeClusters {
  readonly free: number;
  readonly next: number;
}

/** The sectors of the disk up to the tables that hold something. `label`: 11 bytes. */
export function bootSectors(
  layout: FatLayout,
  label: Uint8Array,
  clusters: FreeClusters,
): Map<number, Uint8Array> {
  const { boot, type } = layout;
  const sector = bootSector(layout, label);
  const sectors = new Map<number, Uint8Array>();
  if (boot > 0) sectors.set(0, partitionTable(layout));
  sectors.set(boot, sector);
  if (type === 32)
    for (const at of [boot, boot + BACKUP_BOOT]) {
      sectors.set(at, sector);
      sectors.set(at + FSINFO_SECTOR, fsInfo(clusters));
    }
  return sectors;
}

function signed(): DataView {
  const view = new DataView(new ArrayBuffer(SECTOR));
  view.setUint16(510, 0x55aa);
  return view;
}

const bytesOf = (view: DataView) => new Uint8Array(view.buffer);

function partitionTable({ type, boot, sectors, heads, sectorsPerTrack }: FatLayout): Uint8Array {
  const view = signed();
  view.setUint32(0x1b8, DISK_ID, true);
  const put = (at: number, sector: number) => {
    const track = Math.floor(sector / sectorsPerTrack);
    const cylinder = Math.floor(track / heads);
    view.setUint8(at, track % heads);
    view.setUint8(at + 1, (sector % sectorsPerTrack) + 1 + ((cylinder >> 8) << 6));
    view.setUint8(at + 2, cylinder & 0xff);
  };
  view.setUint8(PARTITION_TABLE, 0x80);
  put(PARTITION_TABLE + 1, boot);
  view.setUint8(PARTITION_TABLE + 4, PARTITION_KINDS[type]);
  put(PARTITION_TABLE + 5, sectors - 1);
  view.setUint32(PARTITION_TABLE + 8, boot, true);
  view.setUint32(PARTITION_TABLE + 12, sectors - boot, true);
  return bytesOf(view);
}

function bootSector(layout: FatLayout, label: Uint8Array): Uint8Array {
  const { type, boot, fatSectors } = layout;
  const sectors = layout.sectors - boot;
  const view = signed();
  const bytes = bytesOf(view);
  bytes.set([0xeb, type === 32 ? 0x58 : 0x3e, 0x90]);
  bytes.set(Buffer.from('MSWIN4.1'), 3);
  view.setUint16(11, SECTOR, true);
  view.setUint8(13, layout.sectorsPerCluster);
  view.setUint16(14, layout.reserved, true);
  view.setUint8(16, 2);
  view.setUint16(17, layout.rootEntries, true);
  view.setUint16(19, sectors > MAX_SMALL ? 0 : sectors, true);
  view.setUint8(21, layout.media);
  view.setUint16(22, type === 32 ? 0 : fatSectors, true);
  view.setUint16(24, layout.sectorsPerTrack, true);
  view.setUint16(26, layout.heads, true);
  view.setUint32(28, boot, true);
  view.setUint32(32, sectors > MAX_SMALL || type === 32 ? sectors : 0, true);
  // FAT32 has its own fields in front of those that all types have
  const rest = type === 32 ? 64 : 36;
  if (type === 32) {
    view.setUint16(19, 0, true);
    view.setUint32(36, fatSectors, true);
    view.setUint32(44, FAT32_ROOT, true);
    view.setUint16(48, FSINFO_SECTOR, true);
    view.setUint16(50, BACKUP_BOOT, true);
  }
  view.setUint8(rest, boot > 0 ? 0x80 : 0);
  view.setUint8(rest + 2, 0x29);
  view.setUint32(rest + 3, VOLUME_ID, true);
  bytes.set(label, rest + 7);
  bytes.set(Buffer.from(`FAT${type}   `), rest + 18);
  return bytes;
}

function fsInfo({ free, next }: FreeClusters): Uint8Array {
  const view = signed();
  view.setUint32(0, 0x41615252, true);
  view.setUint32(484, 0x61417272, true);
  view.setUint32(488, free, true);
  view.setUint32(492, next, true);
  return bytesOf(view);
}
