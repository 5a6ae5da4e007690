/**
 * The footer of a VHD image, which dynamic ones begin with, too: its fields, its checksum, the size of the disk.
 *
 * Source: the published specification of the format; texts of errors, and what is left unchecked, as observed.
 */
import { CommandError } from '../../qapi/command-error.ts';

export const SECTOR = 512;
export const FOOTER_BYTES = 512;
/** The largest disk, in sectors. */
const MAX_SECTORS = 0xff000000;

export const DiskType = { fixed: 2, dynamic: 3 } as const;

const COOKIE = 'conectix';
const VERSION = 0x10000;
/** Bit 1 is always set. */
const FEATURES = 2;
const CREATOR_VERSION = 0x00050003;
/** Those whose disks are as long as they say; others' are as long as their geometry. */
const SIZE_CREATORS: ReadonlySet<string> = new Set(['win ', 'd2v ', 'tap\0', 'CTXS', 'qem2']);
/** A field that points nowhere. */
export const NOWHERE = 0xffffffffffffffffn;

const Field = {
  features: 0x08,
  version: 0x0c,
  dataOffset: 0x10,
  creator: 0x1c,
  creatorVersion: 0x20,
  creatorHost: 0x24,
  originalSize: 0x28,
  currentSize: 0x30,
  cylinders: 0x38,
  heads: 0x3a,
  sectorsPerTrack: 0x3b,
  diskType: 0x3c,
  checksum: 0x40,
  id: 0x44,
} as const;

export interface Geometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectorsPerTrack: number;
}

/** What says no more than that the disk is larger than a geometry can tell. */
export const LARGEST_GEOMETRY: Geometry = { cylinders: 65535, heads: 16, sectorsPerTrack: 255 };

export const sectorsOf = ({ cylinders, heads, sectorsPerTrack }: Geometry) =>
  cylinders * heads * sectorsPerTrack;

export const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
  new DataView(buffer, byteOffset, byteLength);

export function isVpc(start: Uint8Array): boolean {
  return text(start, 0, COOKIE.length) === COOKIE;
}

/** A footer as it stands in the file. */
export class Footer {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = viewOf(bytes);
  }

  get isFixed(): boolean {
    return this.#view.getUint32(Field.diskType) === DiskType.fixed;
  }

  /** Where the header of a dynamic disk lies, in bytes; beyond 2^53 it is rounded. */
  get dataOffset(): number {
    return Number(this.#view.getBigUint64(Field.dataOffset));
  }

  /** Bytes of the disk. */
  get size(): number {
    const geometry: Geometry = {
      cylinders: this.#view.getUint16(Field.cylinders),
      heads: this.#view.getUint8(Field.heads),
      sectorsPerTrack: this.#view.getUint8(Field.sectorsPerTrack),
    };
    const sectors = sectorsOf(geometry);
    const isExact = SIZE_CREATORS.has(text(this.bytes, Field.creator, 4));
    const counts = !isExact && sectors !== sectorsOf(LARGEST_GEOMETRY);
    return (
      SECTOR * (counts ? sectors : Math.floor(Number(this.#view.getBigUint64(Field.currentSize)) / SECTOR))
    );
  }

  get isTooLarge(): boolean {
    return this.size > MAX_SECTORS * SECTOR;
  }

  /** Throws `CommandError`. */
  checkSum(): void {
    if (checksum(this.bytes, Field.checksum) !== this.#view.getUint32(Field.checksum))
      throw new CommandError('Incorrect header checksum');
  }
}

/** The ones' complement of the sum of all bytes but those of the checksum itself, which is the four bytes at `at`. */
export function checksum(bytes: Uint8Array, at: number): number {
  let sum = 0;
  for (const [index, byte] of bytes.entries()) if (index < at || index >= at + 4) sum += byte;
  return ~sum >>> 0;
}

function text(bytes: Uint8Array, at: number, length: number): string {
  return Buffer.from(bytes.subarray(at, at + length)).toString('latin1');
}

/** The geometry that the specification gives a disk of this many sectors; it may hold fewer of them. */
function geometryOf(total: number): Geometry {
  const sectors = Math.min(total, sectorsOf(LARGEST_GEOMETRY));
  const over = (sectorsPerTrack: number, heads: number): Geometry => ({
    cylinders: Math.floor(Math.floor(sectors / sectorsPerTrack) / heads),
    heads,
    sectorsPerTrack,
  });
  if (sectors >= 65535 * 16 * 63) return over(255, 16);
  const tracks = Math.floor(sectors / 17);
  const heads = Math.max(4, Math.ceil(tracks / 1024));
  if (tracks < heads * 1024 && heads <= 16) return over(17, heads);
  return Math.floor(sectors / 31) < 16 * 1024 ? over(31, 16) : over(63, 16);
}

/** A disk of at least `size` bytes: its geometry, and the bytes that it then has. Throws `CommandError`. */
export function fittingDisk(size: number): { readonly geometry: Geometry; readonly size: number } {
  const wanted = Math.ceil(size / SECTOR);
  if (wanted > sectorsOf(LARGEST_GEOMETRY)) {
    if (wanted > MAX_SECTORS) throw new CommandError("The image size is too large for file format 'vpc'");
    return { geometry: LARGEST_GEOMETRY, size: wanted * SECTOR };
  }
  if (wanted === 0) return { geometry: { cylinders: 0, heads: 0, sectorsPerTrack: 0 }, size: 0 };
  for (let total = wanted; ; total++) {
    const geometry = geometryOf(total);
    if (sectorsOf(geometry) >= wanted) return { geometry, size: sectorsOf(geometry) * SECTOR };
  }
}

export interface NewFooter {
  readonly size: number;
  readonly geometry: Geometry;
  readonly type: number;
  /** Where the header of a dynamic disk lies. */
  readonly dataOffset: bigint;
  readonly id: Uint8Array;
}

export function newFooter({ size, geometry, type, dataOffset, id }: NewFooter): Footer {
  const bytes = new Uint8Array(FOOTER_BYTES);
  const view = viewOf(bytes);
  bytes.set(Buffer.from(COOKIE));
  view.setUint32(Field.features, FEATURES);
  view.setUint32(Field.version, VERSION);
  view.setBigUint64(Field.dataOffset, dataOffset);
  bytes.set(Buffer.from('qemu'), Field.creator);
  view.setUint32(Field.creatorVersion, CREATOR_VERSION);
  bytes.set(Buffer.from('Wi2k'), Field.creatorHost);
  view.setBigUint64(Field.originalSize, BigInt(size));
  view.setBigUint64(Field.currentSize, BigInt(size));
  view.setUint16(Field.cylinders, geometry.cylinders);
  view.setUint8(Field.heads, geometry.heads);
  view.setUint8(Field.sectorsPerTrack, geometry.sectorsPerTrack);
  view.setUint32(Field.diskType, type);
  bytes.set(id, Field.id);
  view.setUint32(Field.checksum, checksum(bytes, Field.checksum));
  return new Footer(bytes);
}
