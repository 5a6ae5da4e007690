/**
 * The blocks of an open VDI image. A block of the disk has no place in the file, or one of the places that follow
 * each other from the data offset on; those are never given back.
 *
 * What was placed is in the file's map after a flush, with data and header on stable storage before the map.
 */

import type { ClusterMap, Run, Taken } from '../clustered/cluster-map.ts';
import { PendingTable } from '../clustered/pending-table.ts';
import { writeUnits } from '../clustered/write-units.ts';
import { zeroPlace } from '../clustered/zero-place.ts';
import type { ChildHandle } from '../driver.ts';
import { BLOCK_SIZE, ENTRY_BYTES, HEADER_BYTES, Header, SECTOR } from './vdi-header.ts';

/** Entries from here on are no places: the block was never written, or holds zeroes. */
const FIRST_UNPLACED = 0xfffffffe;
export const UNALLOCATED = 0xffffffff;

export class VdiImage implements ClusterMap {
  readonly clusterSize = BLOCK_SIZE;
  readonly takesZeroes = true;
  readonly #file: ChildHandle;
  readonly #header: Header;
  readonly #map: PendingTable;
  /** Places in use are below this; known when the first is taken. */
  #end: number | undefined;

  private constructor(file: ChildHandle, header: Header) {
    this.#file = file;
    this.#header = header;
    const length = header.blocks * ENTRY_BYTES;
    this.#map = new PendingTable(file, { offset: header.mapOffset, length, width: ENTRY_BYTES });
  }

  /** Throws `CommandError`. */
  static async open(file: ChildHandle): Promise<VdiImage> {
    const header = new Header(new Uint8Array(HEADER_BYTES));
    await file.read(0, header.bytes.subarray(0, file.length()));
    header.check(file.length());
    return new VdiImage(file, header);
  }

  size(): number {
    return this.#header.size;
  }

  peek(cluster: number, limit: number): Run | undefined {
    const entry = this.#map.peek(cluster);
    return entry && this.#run(cluster, limit, entry);
  }

  async lookup(cluster: number, limit: number): Promise<Run> {
    return this.#run(cluster, limit, await this.#map.get(cluster));
  }

  /** A run may end where the map's page does, though the blocks behind it go on like it. */
  #run(cluster: number, limit: number, first: DataView): Run {
    const place = first.getUint32(0, true);
    const isPlaced = place < FIRST_UNPLACED;
    let count = 1;
    while (count < limit) {
      const next = this.#map.peek(cluster + count)?.getUint32(0, true);
      if (next === undefined || (isPlaced ? next !== place + count : next < FIRST_UNPLACED)) break;
      count += 1;
    }
    return isPlaced
      ? { kind: 'data', offset: this.#hostOffset(place), count }
      : { kind: 'unallocated', offset: 0, count };
  }

  #hostOffset(place: number): number {
    return this.#header.dataOffset + place * BLOCK_SIZE;
  }

  async take(_cluster: number, count: number): Promise<Taken> {
    this.#end ??= await this.#findEnd();
    const offset = this.#hostOffset(this.#end);
    const end = offset + count * BLOCK_SIZE;
    await zeroPlace(this.#file, offset, end - offset);
    // the file ends with its last block
    if (this.#file.length() < end) await this.#file.write(end - SECTOR, new Uint8Array(SECTOR));
    this.#end += count;
    return { offset, count };
  }

  giveBack({ offset, count }: Taken): void {
    // what others have taken behind it stays
    if (offset + count * BLOCK_SIZE === this.#hostOffset(this.#end!)) this.#end! -= count;
  }

  async link(cluster: number, { offset, count }: Taken): Promise<void> {
    const place = (offset - this.#header.dataOffset) / BLOCK_SIZE;
    for (let i = 0; i < count; i++)
      await this.#map.set(cluster + i, (entry) => entry.setUint32(0, place + i, true));
  }

  /** The header counts the places, and need not be right about it after a crash: the map may name more of them. */
  async #findEnd(): Promise<number> {
    const { allocated, dataOffset } = this.#header;
    const inFile = Math.ceil((this.#file.length() - dataOffset) / BLOCK_SIZE);
    let end = allocated;
    for await (const entries of this.#map.scan())
      for (let at = 0; at < entries.byteLength; at += ENTRY_BYTES) {
        const place = entries.getUint32(at, true);
        if (place < inFile && place >= end) end = place + 1;
      }
    return end;
  }

  /** Under the lock of who takes and links. */
  async flush(): Promise<void> {
    if (this.#map.isChanged) {
      this.#header.allocated = this.#end!;
      await this.#file.write(0, this.#header.bytes);
      await this.#file.flush();
      await this.#map.store((units) => writeUnits(this.#file, units));
    }
    await this.#file.flush();
  }
}
