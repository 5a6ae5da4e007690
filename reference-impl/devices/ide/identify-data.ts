/** The 256 words that IDENTIFY DEVICE and IDENTIFY PACKET DEVICE give. */
import type { Geometry } from '../geometry.ts';
import type { DiskForm, DriveLabels } from './ide-backing.ts';

/** Sectors at a time that READ and WRITE MULTIPLE transfer at most. */
export const MOST_MULTIPLE = 16;
const SECTOR = 512;
const LBA28_SECTORS = 2 ** 28 - 1;

/** How data are transferred, by the words that tell it: set by SET FEATURES. */
export interface TransferModes {
  singleDma: number;
  multiDma: number;
  ultraDma: number;
}

/** At power-on: ultra DMA 5. */
export const FIRST_MODES: TransferModes = { singleDma: 0x07, multiDma: 0x07, ultraDma: 0x203f };

/** What a disk tells. */
export interface DiskIdentity {
  readonly labels: DriveLabels;
  /** In sectors. */
  readonly total: number;
  readonly form: DiskForm;
  readonly geometry: Geometry;
  readonly multiple: number;
  readonly modes: TransferModes;
  readonly writeCache: boolean;
}

/** Words at their places. */
type Words = Readonly<Record<number, number>>;

/** 512 bytes. */
export function identifyDisk(disk: DiskIdentity): Buffer {
  const { labels, total, form, geometry, multiple, modes, writeCache } = disk;
  const capacity = geometry.cylinders * geometry.heads * geometry.sectors;
  const short = Math.min(total, LBA28_SECTORS);
  const named = hasName(labels);
  return identity(labels, 'QEMU HARDDISK', {
    0: 0x0040,
    1: geometry.cylinders,
    3: geometry.heads,
    4: (SECTOR * geometry.sectors) & 0xffff,
    5: 512,
    6: geometry.sectors,
    20: 3,
    21: 512,
    22: 4,
    47: 0x8000 | MOST_MULTIPLE,
    48: 1,
    49: 0x0b00,
    51: 0x200,
    52: 0x200,
    53: 7,
    54: geometry.cylinders,
    55: geometry.heads,
    56: geometry.sectors,
    57: capacity & 0xffff,
    58: capacity >>> 16,
    59: multiple === 0 ? 0 : 0x100 | multiple,
    60: short & 0xffff,
    61: short >>> 16,
    62: modes.singleDma,
    63: modes.multiDma,
    64: 3,
    65: 120,
    66: 120,
    67: 120,
    68: 120,
    69: form.discards ? 0x4000 : 0,
    80: 0xf0,
    81: 0x16,
    82: 0x4021,
    83: 0x7400,
    84: 0x4000 | named,
    85: 0x4001 | (writeCache ? 0x20 : 0),
    86: 0x3400,
    87: 0x4000 | named,
    88: modes.ultraDma,
    93: 0x6001,
    100: total % 2 ** 16,
    101: Math.floor(total / 2 ** 16) % 2 ** 16,
    102: Math.floor(total / 2 ** 32),
    106: 0x6000 | Math.log2(form.physicalBlock / SECTOR),
    ...worldWideName(labels.wwn),
    169: form.discards ? 1 : 0,
    217: form.rotationRate,
  });
}

/** 512 bytes. */
export function identifyCdDrive(labels: DriveLabels, modes: TransferModes): Buffer {
  const named = hasName(labels);
  return identity(labels, 'QEMU DVD-ROM', {
    0: 0x85c0,
    20: 3,
    21: 512,
    22: 4,
    48: 1,
    49: 0x300,
    53: 7,
    62: modes.singleDma,
    63: modes.multiDma,
    64: 3,
    65: 0xb4,
    66: 0xb4,
    67: 0x12c,
    68: 0xb4,
    71: 30,
    72: 30,
    80: 0x1e,
    84: named,
    87: named,
    88: modes.ultraDma,
    ...worldWideName(labels.wwn),
  });
}

function identity({ serial, version, model }: DriveLabels, usualModel: string, words: Words): Buffer {
  const bytes = Buffer.alloc(512);
  for (const [place, word] of Object.entries(words)) bytes.writeUInt16LE(word, Number(place) * 2);
  putText(bytes, 10, 20, serial);
  putText(bytes, 23, 8, version);
  putText(bytes, 27, 40, model ?? usualModel);
  return bytes;
}

/** The first character of two is in the upper half of their word. */
function putText(bytes: Buffer, word: number, length: number, text: string): void {
  padded(text, length)
    .swap16()
    .copy(bytes, word * 2);
}

/** A text as so many bytes: cut off, or filled up with spaces. */
export function padded(text: string, length: number): Buffer {
  return Buffer.from(text.padEnd(length)).subarray(0, length);
}

/** Of the words that tell what a drive can do: that it has a world wide name. */
function hasName({ wwn }: DriveLabels): number {
  return wwn === 0n ? 0 : 0x100;
}

function worldWideName(wwn: bigint): Words {
  const word = (shift: bigint) => Number((wwn >> shift) & 0xffffn);
  return { 108: word(48n), 109: word(32n), 110: word(16n), 111: word(0n) };
}
