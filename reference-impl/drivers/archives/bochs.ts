/**
 * `bochs`: a growing disk of the emulator Bochs. A catalog says which extents are in the file; a bitmap in front of each,
 * which of its sectors. It is only read.
 *
 * Source: the description of redologs in Bochs's development manual; limits and texts of errors as observed.
 */
import { CommandError } from '../../qapi/command-error.ts';
import type { ChildHandle, Driver, DriverOptions, DriverState, OpenEnvironment } from '../driver.ts';
import { onlyReads } from './only-reads.ts';

const SECTOR = 512;
const HEADER_BYTES = 512;
const MAGIC = 'Bochs Virtual HD Image';
const TYPE = 'Redolog';
const SUBTYPE = 'Growing';
/** Where each version has the size of the disk. */
const SIZE_AT: ReadonlyMap<number, number> = new Map([
  [0x10000, 84],
  [0x20000, 88],
]);
const MAX_EXTENTS = 0x100000;
const MAX_EXTENT_BYTES = 0x800000;
/** In the catalog: no sector of the extent is in the file. */
const ABSENT = 0xffffffff;

interface Header {
  /** Of the disk. */
  readonly size: number;
  readonly catalogOffset: number;
  readonly extents: number;
  readonly extentBytes: number;
  readonly bitmapBytes: number;
}

const textAt = (bytes: Uint8Array, at: number, length: number) =>
  Buffer.from(bytes.subarray(at, at + length))
    .toString('latin1')
    .replace(/\0.*$/s, '');

/** Where the header has the size of the disk; undefined if it is none of a growing disk. */
function sizeField(header: Uint8Array): number | undefined {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const isOurs =
    textAt(header, 0, 32) === MAGIC && textAt(header, 32, 16) === TYPE && textAt(header, 48, 16) === SUBTYPE;
  return isOurs ? SIZE_AT.get(view.getUint32(64, true)) : undefined;
}

function parseHeader(bytes: Uint8Array): Header {
  const sizeAt = sizeField(bytes);
  if (sizeAt === undefined) throw new CommandError('Image not in Bochs format');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [headerBytes, extents, bitmapBytes, extentBytes] = [68, 72, 76, 80].map((at) =>
    view.getUint32(at, true),
  ) as [number, number, number, number];
  if (extents > MAX_EXTENTS) throw new CommandError('Catalog size is too large');
  if (extentBytes < SECTOR) throw new CommandError(`Extent size must be at least ${SECTOR}`);
  if (!Number.isInteger(Math.log2(extentBytes)))
    throw new CommandError(`Extent size ${extentBytes} is not a power of two`);
  if (extentBytes > MAX_EXTENT_BYTES) throw new CommandError(`Extent size ${extentBytes} is too large`);
  const size = Math.floor(Number(view.getBigUint64(sizeAt, true)) / SECTOR) * SECTOR;
  if (extents < Math.ceil(size / extentBytes))
    throw new CommandError('Catalog size is too small for this disk size');
  return {
    size,
    catalogOffset: headerBytes,
    extents,
    extentBytes,
    bitmapBytes: Math.ceil(bitmapBytes / SECTOR) * SECTOR,
  };
}

class Redolog {
  readonly header: Header;
  readonly #file: ChildHandle;
  readonly #catalog: DataView;

  private constructor(file: ChildHandle, header: Header, catalog: Uint8Array) {
    this.#file = file;
    this.header = header;
    this.#catalog = new DataView(catalog.buffer);
  }

  static async open(file: ChildHandle): Promise<Redolog> {
    const start = new Uint8Array(HEADER_BYTES);
    await file.read(0, start);
    const header = parseHeader(start);
    const catalog = new Uint8Array(header.extents * 4);
    await file.read(header.catalogOffset, catalog);
    return new Redolog(file, header, catalog);
  }

  /** Whole sectors. */
  async read(offset: number, buffer: Uint8Array): Promise<void> {
    const { extentBytes } = this.header;
    for (let done = 0; done < buffer.length; ) {
      const at = offset + done;
      const within = at % extentBytes;
      const part = buffer.subarray(done, done + extentBytes - within);
      await this.#readExtent(this.#catalog.getUint32(Math.floor(at / extentBytes) * 4, true), within, part);
      done += part.length;
    }
  }

  /** Fills `buffer` from byte `within` of the extent at this place in the file. */
  async #readExtent(place: number, within: number, buffer: Uint8Array): Promise<void> {
    buffer.fill(0);
    if (place === ABSENT) return;
    const { catalogOffset, extents, bitmapBytes, extentBytes } = this.header;
    const start = catalogOffset + extents * 4 + place * (bitmapBytes + extentBytes);
    const [first, end] = [within / SECTOR, (within + buffer.length) / SECTOR];
    const firstByte = Math.floor(first / 8);
    const bitmap = new Uint8Array(Math.ceil(end / 8) - firstByte);
    await this.#file.read(start + firstByte, bitmap);
    const isPresent = (sector: number) =>
      ((bitmap[Math.floor(sector / 8) - firstByte]! >> (sector % 8)) & 1) === 1;
    for (let sector = first; sector < end; ) {
      let next = sector + 1;
      while (next < end && isPresent(next) === isPresent(sector)) next += 1;
      if (isPresent(sector)) {
        const part = buffer.subarray((sector - first) * SECTOR, (next - first) * SECTOR);
        await this.#file.read(start + bitmapBytes + sector * SECTOR, part);
      }
      sector = next;
    }
  }
}

async function open({ child }: OpenEnvironment<DriverOptions<'bochs'>>): Promise<DriverState> {
  const file = await child('file');
  const redolog = await Redolog.open(file);
  return {
    ...onlyReads,
    length: () => redolog.header.size,
    limits: { requestAlignment: SECTOR },
    read: (offset, buffer) => redolog.read(offset, buffer),
    allocatedSize: () => file.allocatedSize(),
    close: () => Promise.resolve(),
  };
}

/** Growing disks of Bochs, which are only read. */
export const bochs: Driver<'bochs'> = {
  kind: 'format',
  children: { file: 'file' },
  open,
  probe: (start) => (sizeField(start) === undefined ? 0 : 100),
};
