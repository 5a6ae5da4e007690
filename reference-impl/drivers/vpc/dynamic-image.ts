/**
 * The blocks of a dynamic VHD image. A block in the file is a bitmap of its sectors, then its data. New ones come
 * behind all others, where the footer was, which moves on; a copy of it at the file's start never moves.
 *
 * What was placed is in the table of blocks after a flush, with the blocks on stable storage before.
 */
import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { ClusterMap, Run, Taken } from '../clustered/cluster-map.ts';
import { overlap } from '../clustered/overlap.ts';
import { PendingTable } from '../clustered/pending-table.ts';
import { writeUnits } from '../clustered/write-units.ts';
import { zeroPlace } from '../clustered/zero-place.ts';
import type { ChildHandle } from '../driver.ts';
import {
  DYNAMIC_HEADER_BYTES,
  type DynamicHeader,
  ENTRY_BYTES,
  parseDynamicHeader,
} from './dynamic-header.ts';
import { FOOTER_BYTES, type Footer, SECTOR } from './footer.ts';

export const UNALLOCATED = 0xffffffff;

const wholeSectors = (bytes: number) => Math.ceil(bytes / SECTOR) * SECTOR;

export class DynamicImage implements ClusterMap {
  readonly takesZeroes = true;
  readonly #file: ChildHandle;
  readonly #footer: Footer;
  readonly #header: DynamicHeader;
  readonly #table: PendingTable;
  readonly #bitmapBytes: number;
  /** Where the next block comes, in bytes. */
  #end = 0;
  /** Blocks whose bitmap says that all their sectors are in use. */
  readonly #whole = new Set<number>();

  private constructor(file: ChildHandle, footer: Footer, header: DynamicHeader) {
    this.#file = file;
    this.#footer = footer;
    this.#header = header;
    const { tableOffset: offset, entries, blockSize } = header;
    this.#bitmapBytes = wholeSectors(blockSize / SECTOR / 8);
    this.#table = new PendingTable(file, { offset, length: entries * ENTRY_BYTES, width: ENTRY_BYTES });
  }

  /** Throws `CommandError`. */
  static async open(file: ChildHandle, footer: Footer): Promise<DynamicImage> {
    const bytes = new Uint8Array(DYNAMIC_HEADER_BYTES);
    if (footer.dataOffset >= 2 ** 63) throw new CommandError('Error reading dynamic VHD header');
    if (footer.dataOffset + bytes.length <= file.length()) await file.read(footer.dataOffset, bytes);
    const header = parseDynamicHeader(bytes, footer.size);
    if (header.tableOffset >= 2 ** 63) throw new CommandError('Error reading pagetable');
    const image = new DynamicImage(file, footer, header);
    await image.#findEnd();
    return image;
  }

  /** Throws `CommandError` if a block or the table lies behind the end of the file. */
  async #findEnd(): Promise<void> {
    const { tableOffset, entries } = this.#header;
    this.#end = wholeSectors(tableOffset + entries * ENTRY_BYTES);
    this.#checkEnd();
    let last = -1;
    for await (const view of this.#table.scan())
      for (let at = 0; at < view.byteLength; at += ENTRY_BYTES) {
        const sector = view.getUint32(at);
        if (sector === UNALLOCATED) continue;
        this.#checkPlace(sector * SECTOR);
        if (sector > last) last = sector;
      }
    if (last >= 0) this.#end = Math.max(this.#end, last * SECTOR + this.#bitmapBytes + this.clusterSize);
    this.#checkEnd();
  }

  /** A block that lies over what describes the image would have a write destroy it. */
  #checkPlace(start: number): void {
    const block = { offset: start, length: this.#bitmapBytes + this.clusterSize };
    const { tableOffset, entries } = this.#header;
    const structures = [
      { offset: 0, length: FOOTER_BYTES },
      { offset: this.#footer.dataOffset, length: DYNAMIC_HEADER_BYTES },
      { offset: tableOffset, length: entries * ENTRY_BYTES },
    ];
    if (structures.some((structure) => overlap(structure, block)))
      throw new CommandError(`The block at ${start} lies over the header or the page table`);
  }

  #checkEnd(): void {
    if (this.#end > this.#file.length())
      throw new CommandError(
        'block-vpc: free_data_block_offset points after the end of file. The image has been truncated.',
      );
  }

  get clusterSize(): number {
    return this.#header.blockSize;
  }

  size(): number {
    return this.#footer.size;
  }

  peek(cluster: number, limit: number): Run | undefined {
    const entry = this.#table.peek(cluster);
    return entry && this.#run(cluster, limit, entry);
  }

  async lookup(cluster: number, limit: number): Promise<Run> {
    return this.#run(cluster, limit, await this.#table.get(cluster));
  }

  /** Blocks with data stand alone, as the bitmap of the next one lies between them. */
  #run(cluster: number, limit: number, entry: DataView): Run {
    const sector = entry.getUint32(0);
    if (sector !== UNALLOCATED)
      return { kind: 'data', offset: sector * SECTOR + this.#bitmapBytes, count: 1 };
    let count = 1;
    while (count < limit && this.#table.peek(cluster + count)?.getUint32(0) === UNALLOCATED) count += 1;
    return { kind: 'unallocated', offset: 0, count };
  }

  async take(): Promise<Taken> {
    const start = this.#end;
    const offset = start + this.#bitmapBytes;
    const end = offset + this.clusterSize;
    if (end / SECTOR >= UNALLOCATED) throw new IoError('EFBIG');
    await this.#file.write(start, new Uint8Array(this.#bitmapBytes).fill(0xff));
    await zeroPlace(this.#file, offset, this.clusterSize);
    await this.#file.write(end, this.#footer.bytes);
    this.#end = end;
    return { offset, count: 1 };
  }

  giveBack({ offset }: Taken): void {
    if (offset + this.clusterSize === this.#end) this.#end = offset - this.#bitmapBytes;
  }

  async link(cluster: number, { offset }: Taken): Promise<void> {
    const sector = (offset - this.#bitmapBytes) / SECTOR;
    await this.#table.set(cluster, (entry) => entry.setUint32(0, sector));
  }

  /** Before the block is written to: readers that go by its bitmap are to see all of it. */
  async useSectors(cluster: number): Promise<void> {
    if (this.#whole.has(cluster)) return;
    const run = await this.lookup(cluster, 1);
    if (run.kind === 'data') {
      const full = new Uint8Array(this.#bitmapBytes).fill(0xff);
      const bitmap = new Uint8Array(this.#bitmapBytes);
      const start = run.offset - this.#bitmapBytes;
      await this.#file.read(start, bitmap);
      if (Buffer.compare(bitmap, full) !== 0) await this.#file.write(start, full);
    }
    this.#whole.add(cluster);
  }

  /** Under the lock of who takes and links. */
  async flush(): Promise<void> {
    if (this.#table.isChanged) {
      await this.#file.flush();
      await this.#table.store((units) => writeUnits(this.#file, units));
    }
    await this.#file.flush();
  }
}
