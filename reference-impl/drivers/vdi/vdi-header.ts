/**
 * The header of a VDI image, of version 1.1: what an open makes sure of, and how a new one is written.
 *
 * Source: public descriptions of the format; texts of errors, and what is left unchecked, as observed.
 */
import { CommandError } from '../../qapi/command-error.ts';

export const HEADER_BYTES = 512;
export const BLOCK_SIZE = 1 << 20;
/** Bytes of an entry of the block map. */
export const ENTRY_BYTES = 4;

export const SECTOR = 512;
const SIGNATURE = 0xbeda107f;
const VERSION = 0x00010001;
const MAX_BLOCKS = 536870784;
const MAX_SIZE = MAX_BLOCKS * BLOCK_SIZE;
const TEXT = '<<< QEMU VM Virtual Disk Image >>>\n';
/** Bytes from the version's field to the end of what it describes. */
const DESCRIBED_BYTES = 0x180;
const DYNAMIC = 1;

const Field = {
  signature: 0x40,
  version: 0x44,
  headerSize: 0x48,
  imageType: 0x4c,
  mapOffset: 0x154,
  dataOffset: 0x158,
  sectorSize: 0x168,
  diskSize: 0x170,
  blockSize: 0x178,
  blocks: 0x180,
  allocated: 0x184,
  imageId: 0x188,
  snapshotId: 0x198,
  linkId: 0x1a8,
  parentId: 0x1b8,
} as const;
const ID_BYTES = 16;

/** A header as it stands in the file. */
export class Header {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = viewOf(bytes);
  }

  /** Bytes of the disk, in whole sectors. */
  get size(): number {
    return Math.ceil(Number(this.#view.getBigUint64(Field.diskSize, true)) / SECTOR) * SECTOR;
  }

  /** Bytes of the file. */
  get mapOffset(): number {
    return this.#at(Field.mapOffset);
  }

  /** Where block 0 of the file lies, in bytes. */
  get dataOffset(): number {
    return this.#at(Field.dataOffset);
  }

  /** Blocks of the disk. */
  get blocks(): number {
    return this.#at(Field.blocks);
  }

  /** Blocks of the file: new ones come behind them. */
  get allocated(): number {
    return this.#at(Field.allocated);
  }

  set allocated(blocks: number) {
    this.#view.setUint32(Field.allocated, blocks, true);
  }

  /** Throws `CommandError` for what cannot be opened. */
  check(fileLength: number): void {
    const at = (field: number) => this.#at(field);
    const exact = this.#view.getBigUint64(Field.diskSize, true);
    if (exact > BigInt(MAX_SIZE)) throw tooLarge(exact);
    if (at(Field.signature) !== SIGNATURE) throw new CommandError('Image not in VDI format (bad signature)');
    if (at(Field.version) !== VERSION) throw unsupported('another version than 1.1');
    if (this.mapOffset % SECTOR !== 0) throw unsupported(`unaligned block map offset ${this.mapOffset}`);
    if (this.dataOffset % SECTOR !== 0) throw unsupported(`unaligned data offset ${this.dataOffset}`);
    if (at(Field.sectorSize) !== SECTOR)
      throw unsupported(`sector size ${at(Field.sectorSize)} is not ${SECTOR}`);
    if (at(Field.blockSize) !== BLOCK_SIZE)
      throw unsupported(`block size ${at(Field.blockSize)} is not ${BLOCK_SIZE}`);
    const room = this.blocks * BLOCK_SIZE;
    if (this.size > room) throw unsupported(`disk size ${this.size}, image bitmap has room for ${room}`);
    if (!this.#isZero(Field.linkId)) throw unsupported('non-NULL link UUID');
    if (!this.#isZero(Field.parentId)) throw unsupported('non-NULL parent UUID');
    if (this.blocks > MAX_BLOCKS) throw unsupported(`too many blocks ${this.blocks}, max is ${MAX_BLOCKS}`);
    this.#checkLayout(fileLength);
  }

  /** A map that lies over other things, or is cut off, would have a write destroy the image. */
  #checkLayout(fileLength: number): void {
    const end = this.mapOffset + this.blocks * ENTRY_BYTES;
    if (this.blocks > 0 && this.mapOffset < HEADER_BYTES)
      throw unsupported(`block map offset ${this.mapOffset} lies within the header`);
    if (this.dataOffset < end) throw unsupported(`data offset ${this.dataOffset} lies within the block map`);
    if (end > fileLength) throw unsupported('block map points after the end of the file');
  }

  #at(field: number): number {
    return this.#view.getUint32(field, true);
  }

  #isZero(field: number): boolean {
    return this.bytes.subarray(field, field + ID_BYTES).every((byte) => byte === 0);
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function unsupported(what: string): CommandError {
  return new CommandError(`unsupported VDI image (${what})`);
}

function tooLarge(size: bigint): CommandError {
  return new CommandError(`Unsupported VDI image size (size is ${size}, max supported is ${MAX_SIZE})`);
}

export function isVdi(start: Uint8Array): boolean {
  return viewOf(start).getUint32(Field.signature, true) === SIGNATURE;
}

/** The header of a new image of `size` bytes that has no blocks yet. `newId` makes an id. Throws `CommandError`. */
export function newHeader(size: number, newId: () => Uint8Array): Header {
  if (size > MAX_SIZE) throw tooLarge(BigInt(size));
  const blocks = Math.ceil(size / BLOCK_SIZE);
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = viewOf(bytes);
  bytes.set(Buffer.from(TEXT));
  for (const [field, value] of [
    [Field.signature, SIGNATURE],
    [Field.version, VERSION],
    [Field.headerSize, DESCRIBED_BYTES],
    [Field.imageType, DYNAMIC],
    [Field.mapOffset, HEADER_BYTES],
    [Field.dataOffset, HEADER_BYTES + Math.ceil((blocks * ENTRY_BYTES) / SECTOR) * SECTOR],
    [Field.sectorSize, SECTOR],
    [Field.blockSize, BLOCK_SIZE],
    [Field.blocks, blocks],
  ] as const)
    view.setUint32(field, value, true);
  view.setBigUint64(Field.diskSize, BigInt(size), true);
  bytes.set(newId(), Field.imageId);
  bytes.set(newId(), Field.snapshotId);
  return new Header(bytes);
}
