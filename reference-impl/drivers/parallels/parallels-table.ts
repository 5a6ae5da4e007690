/** The one table of a parallels image, and where the next cluster goes: the file grows ahead of what is needed. */

import { IoError } from '../../host/errno.ts';
import { isZero } from '../../host/zero.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { ClusterMap, Run, Taken } from '../clustered/cluster-map.ts';
import { EntryPages, type Page, type TablePlace } from '../clustered/entry-pages.ts';
import type { ChildHandle } from '../driver.ts';
import { HEADER_LENGTH, type Header } from './parallels-header.ts';

const ENTRY = 4;
/** By how many bytes the file grows at once. */
const AHEAD = 128 << 20;
/** Bytes that are read at once when the whole table is. */
const CHUNK = 2 ** 18;
/** Reads of a table that an image may take to be written. */
const MOST_READS = 5000;

export class ParallelsTable implements ClusterMap {
  readonly #file: ChildHandle;
  readonly #header: Header;
  readonly #pages: EntryPages;
  readonly #table: TablePlace;
  /** Where the next cluster goes, once `prepareWriting` has found that out. */
  #end = 0;
  /** What the file has grown by from here on has never been written. */
  #untouched = 0;
  #grown = false;

  constructor(file: ChildHandle, header: Header) {
    this.#file = file;
    this.#header = header;
    this.#pages = new EntryPages(file);
    this.#table = { offset: HEADER_LENGTH, length: header.entries * ENTRY, update: 'l2_update' };
  }

  get clusterSize(): number {
    return this.#header.clusterSize;
  }

  size(): number {
    return this.#header.size;
  }

  /** Finds out where clusters end. Throws `IoError`. */
  async prepareWriting(): Promise<void> {
    const { dataStart, unit, entries, clusterSize } = this.#header;
    let highest = 0;
    let reads = 0;
    for (let start = 0; start < entries * ENTRY; start += CHUNK) {
      reads += 1;
      if (reads > MOST_READS) throw new IoError('EFBIG');
      const bytes = new Uint8Array(Math.min(CHUNK, entries * ENTRY - start));
      await this.#file.read(HEADER_LENGTH + start, bytes);
      if (isZero(bytes)) continue;
      const view = new DataView(bytes.buffer);
      for (let at = 0; at < bytes.length; at += ENTRY) highest = Math.max(highest, view.getUint32(at, true));
    }
    const inUse = highest === 0 ? 0 : highest * unit + clusterSize;
    // in steps of clusters from where data starts, or entries that count clusters could not tell where they lie
    const base = unit === clusterSize ? 0 : dataStart;
    this.#end = base + Math.ceil((Math.max(dataStart, inUse) - base) / clusterSize) * clusterSize;
    this.#untouched = Math.max(this.#end, this.#file.length());
  }

  /** Gives back what the file has grown by and was not needed. */
  async finishWriting(): Promise<void> {
    if (this.#grown) await succeeds(this.#file.truncate(this.#end));
    this.#grown = false;
  }

  peek(cluster: number, limit: number): Run | undefined {
    if (cluster >= this.#header.entries) return { kind: 'unallocated', offset: 0, count: limit };
    const page = this.#pages.peek(this.#table, cluster * ENTRY);
    return page && this.#run(page, cluster, limit);
  }

  async lookup(cluster: number, limit: number): Promise<Run> {
    if (cluster >= this.#header.entries) return { kind: 'unallocated', offset: 0, count: limit };
    return this.#run(await this.#pages.load(this.#table, cluster * ENTRY), cluster, limit);
  }

  async take(cluster: number, count: number): Promise<Taken> {
    if (cluster + count > this.#header.entries) throw new IoError('EIO');
    const offset = this.#end;
    const end = offset + count * this.clusterSize;
    if (end / this.#header.unit > 2 ** 32 || !Number.isSafeInteger(end)) throw new IoError('EFBIG');
    const untouched = offset >= this.#untouched && (await this.#reach(end));
    this.#end = end;
    return { offset, count, isZero: untouched };
  }

  giveBack({ offset, count }: Taken): void {
    const end = offset + count * this.clusterSize;
    this.#untouched = Math.max(this.#untouched, end);
    if (this.#end === end) this.#end = offset;
  }

  async link(cluster: number, { offset, count }: Taken): Promise<void> {
    const { clusterSize, unit } = this.#header;
    const view = new DataView(new ArrayBuffer(count * ENTRY));
    for (let i = 0; i < count; i++) view.setUint32(i * ENTRY, (offset + i * clusterSize) / unit, true);
    await this.#pages.write(this.#table, cluster * ENTRY, new Uint8Array(view.buffer));
  }

  /** Makes the file longer than that, if it can be. */
  async #reach(end: number): Promise<boolean> {
    const length = this.#file.length();
    if (length >= end) return true;
    this.#grown = await succeeds(this.#file.writeZeroes(length, end + AHEAD - length));
    return this.#grown;
  }

  #run({ view, start }: Page, cluster: number, limit: number): Run {
    const { clusterSize, unit } = this.#header;
    const at = cluster * ENTRY - start;
    const first = view.getUint32(at, true);
    const most = Math.min(limit, (view.byteLength - at) / ENTRY);
    const step = first === 0 ? 0 : clusterSize / unit;
    let count = 1;
    while (count < most && view.getUint32(at + count * ENTRY, true) === first + count * step) count += 1;
    if (first === 0) return { kind: 'unallocated', offset: 0, count };
    const offset = first * unit;
    const isSound = offset >= this.#table.offset + this.#table.length;
    if (!isSound || !Number.isSafeInteger(offset)) throw new IoError('EINVAL');
    return { kind: 'data', offset, count };
  }
}

/** Whether the file could be made so long. */
async function succeeds(resizing: Promise<void>): Promise<boolean> {
  try {
    await resizing;
    return true;
  } catch (error) {
    if (error instanceof IoError || error instanceof CommandError) return false;
    throw error;
  }
}
