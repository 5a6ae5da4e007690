/**
 * The tables of a sparse extent: a directory, tables of grains, and mostly a second copy of both. The first copy counts; the
 * second is written before it. New grains are taken at the end of the file.
 */
import { IoError } from '../../host/errno.ts';
import type { ClusterMap, PlaceKind, Run, Taken } from '../clustered/cluster-map.ts';
import { EntryPages, type Page, type TablePlace } from '../clustered/entry-pages.ts';
import type { ChildHandle } from '../driver.ts';
import { inflateGrain } from './packed-grain.ts';
import { HeaderFlag, SECTOR, type SparseHeader, serialiseSparseHeader } from './vmdk-header.ts';

const ENTRY = 4;
/** The entry of a grain that reads as zeroes whatever is below, where the header says that there are such. */
const ZERO_ENTRY = 1;
const MAX_OFFSET = 2 ** 32 * SECTOR;

export class GrainTables implements ClusterMap {
  readonly header: SparseHeader;
  readonly clusterSize: number;
  readonly #file: ChildHandle;
  readonly #checkPlacing: () => void;
  #isHeaderAtEnd: boolean;
  readonly #pages: EntryPages;
  readonly #directory: TablePlace;
  /** The copy of the directory. */
  readonly #redundant: TablePlace | undefined;
  /** Where the file ends for us: what lies before may be in use. */
  #end: number;

  /** `checkPlacing` throws `IoError` where nothing may get a new place. */
  constructor(file: ChildHandle, header: SparseHeader, checkPlacing: () => void) {
    this.#file = file;
    this.#checkPlacing = checkPlacing;
    this.#isHeaderAtEnd = header.fromFooter === true;
    this.header = header;
    this.clusterSize = header.grain * SECTOR;
    this.#pages = new EntryPages(file);
    const grains = Math.ceil(header.capacity / header.grain);
    const length = Math.ceil(grains / header.entriesPerTable) * ENTRY;
    const at = (sector: number) => ({ offset: sector * SECTOR, length, update: 'l1_update' }) as const;
    this.#directory = at(header.directoryOffset);
    if (header.flags & HeaderFlag.redundantTables) this.#redundant = at(header.redundantDirectoryOffset);
    this.#end = Math.max(file.length(), header.overhead * SECTOR);
  }

  size(): number {
    return this.header.capacity * SECTOR;
  }

  get hasZeroEntries(): boolean {
    return (this.header.flags & HeaderFlag.zeroedGrains) !== 0;
  }

  peek(cluster: number, limit: number): Run | undefined {
    const top = this.#pages.peek(this.#directory, this.#directoryAt(cluster));
    if (!top) return undefined;
    const table = this.#tableAt(top, cluster);
    if (!table) return this.#missingTable(cluster, limit);
    const page = this.#pages.peek(table, this.#entryAt(cluster));
    return page && this.#run(page, cluster, limit);
  }

  async lookup(cluster: number, limit: number): Promise<Run> {
    const table = await this.#tableOf(this.#directory, cluster);
    if (!table) return this.#missingTable(cluster, limit);
    return this.#run(await this.#pages.load(table, this.#entryAt(cluster)), cluster, limit);
  }

  async take(cluster: number, count: number): Promise<Taken> {
    await this.prepare(cluster);
    const most = Math.min(count, this.#toEndOfTable(cluster));
    return { offset: this.takeBytes(most * this.clusterSize, this.clusterSize), count: most };
  }

  giveBack({ offset, count }: Taken): void {
    this.giveBackBytes(offset, count * this.clusterSize);
  }

  /** Under the lock: takes bytes at the end of the file, from a multiple of `alignment` on. Throws `IoError`. */
  takeBytes(length: number, alignment: number): number {
    const offset = Math.ceil(this.#end / alignment) * alignment;
    if (offset + length > MAX_OFFSET) throw new IoError('EINVAL');
    this.#end = offset + length;
    return offset;
  }

  giveBackBytes(offset: number, length: number): void {
    if (this.#end === offset + length) this.#end = offset;
  }

  link(cluster: number, { offset, count }: Taken): Promise<void> {
    return this.#setEntries(cluster, count, (index) => (offset + index * this.clusterSize) / SECTOR);
  }

  /** Under the lock: makes grains read as zeroes. Gives how many were done. */
  async linkZeroes(cluster: number, count: number): Promise<number> {
    await this.prepare(cluster);
    const most = Math.min(count, this.#toEndOfTable(cluster));
    await this.#setEntries(cluster, most, () => ZERO_ENTRY);
    return most;
  }

  readCompressed({ offset }: Run): Promise<Uint8Array> {
    return inflateGrain(this.#file, offset, this.clusterSize, this.size());
  }

  /** Under the lock: makes the tables that a cluster needs, where they are missing. */
  async prepare(cluster: number): Promise<void> {
    this.#checkPlacing();
    if (this.#isHeaderAtEnd) await this.#moveHeader();
    for (const directory of this.#copies) {
      if (await this.#tableOf(directory, cluster)) continue;
      const length = this.header.entriesPerTable * ENTRY;
      const offset = this.takeBytes(Math.ceil(length / SECTOR) * SECTOR, SECTOR);
      await this.#file.debugEvent('l2_alloc_write');
      await this.#file.writeZeroes(offset, length);
      await this.#file.flush();
      await this.#pages.write(directory, this.#directoryAt(cluster), entries([offset / SECTOR]));
    }
  }

  /** What grows behind a footer makes it none: the header goes to where it is looked for first. */
  async #moveHeader(): Promise<void> {
    await this.#file.write(0, serialiseSparseHeader(this.header));
    await this.#file.flush();
    this.#isHeaderAtEnd = false;
  }

  /** The copy is first, so that what counts is changed last. */
  get #copies(): readonly TablePlace[] {
    return this.#redundant ? [this.#redundant, this.#directory] : [this.#directory];
  }

  #directoryAt(cluster: number): number {
    return Math.floor(cluster / this.header.entriesPerTable) * ENTRY;
  }

  #entryAt(cluster: number): number {
    return (cluster % this.header.entriesPerTable) * ENTRY;
  }

  #toEndOfTable(cluster: number): number {
    const { entriesPerTable } = this.header;
    return entriesPerTable - (cluster % entriesPerTable);
  }

  async #tableOf(directory: TablePlace, cluster: number): Promise<TablePlace | undefined> {
    return this.#tableAt(await this.#pages.load(directory, this.#directoryAt(cluster)), cluster);
  }

  #tableAt({ view, start }: Page, cluster: number): TablePlace | undefined {
    const offset = view.getUint32(this.#directoryAt(cluster) - start, true) * SECTOR;
    if (offset === 0) return undefined;
    const length = this.header.entriesPerTable * ENTRY;
    if (offset + length > this.#end) throw new IoError('EINVAL');
    return { offset, length, update: 'l2_update' };
  }

  #missingTable(cluster: number, limit: number): Run {
    return { kind: 'unallocated', offset: 0, count: Math.min(limit, this.#toEndOfTable(cluster)) };
  }

  #run({ view, start }: Page, cluster: number, limit: number): Run {
    const at = this.#entryAt(cluster) - start;
    const most = Math.min(limit, (view.byteLength - at) / ENTRY);
    const entry = (index: number) => view.getUint32(at + index * ENTRY, true);
    const first = entry(0);
    const kind = this.#kindOf(first);
    if (kind === 'compressed') return { kind, offset: this.#placeOf(first, 2 * SECTOR), count: 1 };
    if (kind === 'data') this.#placeOf(first, SECTOR);
    const step = kind === 'data' ? this.header.grain : 0;
    let count = 1;
    while (count < most && entry(count) === first + count * step) {
      if (kind === 'data' && (first + count * step) * SECTOR >= this.#end) break;
      count += 1;
    }
    return { kind, offset: kind === 'data' ? first * SECTOR : 0, count };
  }

  #kindOf(entry: number): PlaceKind {
    if (entry === 0) return 'unallocated';
    if (entry === ZERO_ENTRY && this.hasZeroEntries) return 'zero';
    return this.header.isCompressed ? 'compressed' : 'data';
  }

  /** Metadata is no grain, nor is what lies behind the file. The last grain may be cut short. */
  #placeOf(sector: number, least: number): number {
    const offset = sector * SECTOR;
    if (sector < this.header.overhead || sector === 0 || offset + least > this.#end + SECTOR)
      throw new IoError('EINVAL');
    return offset;
  }

  async #setEntries(cluster: number, count: number, entry: (index: number) => number): Promise<void> {
    const bytes = entries(Array.from({ length: count }, (_, index) => entry(index)));
    for (const directory of this.#copies) {
      const table = await this.#tableOf(directory, cluster);
      await this.#pages.write(table!, this.#entryAt(cluster), bytes);
    }
  }
}

function entries(values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * ENTRY));
  for (const [index, value] of values.entries()) view.setUint32(index * ENTRY, value, true);
  return new Uint8Array(view.buffer);
}
