/**
 * What a guest writes to the disk, and when it goes into the directory: the bytes of a file that both have at once; files that it makes,
 * renames or removes as soon as tables and directories agree with each other again.
 */
import { IoError } from '../../host/errno.ts';
import type { HostDirectory } from '../../host/host-directory.ts';
import { carryOut, ownFile, type Target } from './carry-out.ts';
import { clusterAt, clusterOffset, type FatLayout, SECTOR } from './fat-layout.ts';
import { type GuestItem, GuestTreeReader, Inconsistency } from './guest-tree.ts';
import { type Match, matchTrees } from './match-trees.ts';
import type { Overlay, ShownDisk } from './shown-disk.ts';
import { type Item, pathOf, type ShownTree } from './shown-tree.ts';

export interface Written {
  readonly layout: FatLayout;
  readonly host: HostDirectory;
  readonly disk: ShownDisk;
  readonly overlay: Overlay;
  readonly tree: ShownTree;
  readonly random: () => number;
  log(line: string): void;
}

export class GuestWrites {
  readonly #written: Written;
  readonly #target: Target;
  readonly #reader: GuestTreeReader;
  #items: readonly Item[];
  /** Of the tree that was carried out last. */
  #matches: ReadonlyMap<GuestItem, Match> = new Map();
  readonly #table: Uint8Array;
  /** Clusters that hold directories of the guest, as far as they were found. */
  #directories: Set<number>;
  /** Whose bytes are not on stable storage. */
  readonly #unsynced = new Set<Item>();
  /** Why the directory is not what the guest made of the disk. */
  #behind: string | undefined;

  constructor(written: Written) {
    this.#written = written;
    this.#items = written.tree.items;
    this.#table = written.tree.table.bytes.slice();
    this.#directories = new Set(written.tree.directories.keys());
    this.#target = { ...written, changed: (item) => this.#unsynced.add(item) };
    this.#reader = new GuestTreeReader({
      layout: written.layout,
      table: this.#table,
      read: (offset, buffer) => written.disk.read(offset, buffer),
      visit: (cluster) => this.#directories.add(cluster),
    });
  }

  /** Whole sectors. Throws `IoError`. */
  async write(offset: number, data: Uint8Array): Promise<void> {
    const { layout, overlay, log } = this.#written;
    if (offset <= layout.boot * SECTOR) {
      log('tried to write to the protected boot sector');
      throw new IoError('EPERM');
    }
    const changesTree = this.#concernsTree(offset, data.length) && (await this.#isNew(offset, data));
    await this.#writeFiles(offset, data);
    await overlay.write(offset, data);
    this.#copyTable(offset, data);
    this.#reader.written(offset, data.length);
    if (changesTree) await this.#follow();
  }

  async flush(): Promise<void> {
    if (this.#behind !== undefined) await this.#follow();
    for (const item of this.#unsynced) {
      await this.#written.host.sync(pathOf(item));
      this.#unsynced.delete(item);
    }
  }

  /** Tells what has not got into the directory. */
  tellWhatIsLeft(): void {
    if (this.#behind !== undefined)
      this.#written.log(`what was written last is not in the directory: ${this.#behind}`);
  }

  /** The parts of the data that lie in files, within their sizes. */
  async #writeFiles(offset: number, data: Uint8Array): Promise<void> {
    const { layout, disk } = this.#written;
    const end = offset + data.length;
    for (let at = Math.max(offset, layout.dataStart * SECTOR); at < end; ) {
      const cluster = clusterAt(layout, at);
      const start = clusterOffset(layout, cluster);
      const stop = Math.min(end, start + layout.clusterBytes);
      const place = disk.placeOf(cluster);
      if (place) {
        const position = place.index * layout.clusterBytes + at - start;
        const size = Math.min(stop - at, place.item.size - position);
        if (size > 0)
          await this.#writeFile(place.item, position, data.subarray(at - offset, at - offset + size));
      }
      at = stop;
    }
  }

  async #writeFile(item: Item, position: number, data: Uint8Array): Promise<void> {
    await ownFile(this.#target, this.#items, item);
    await this.#written.host.edit(pathOf(item), false, (file) => file.write(position, data));
    this.#unsynced.add(item);
  }

  /** The first table is the one that counts. */
  #copyTable(offset: number, data: Uint8Array): void {
    const start = this.#written.layout.fatStart * SECTOR;
    const [from, to] = [Math.max(offset, start), Math.min(offset + data.length, start + this.#table.length)];
    if (from < to) this.#table.set(data.subarray(from - offset, to - offset), from - start);
  }

  async #isNew(offset: number, data: Uint8Array): Promise<boolean> {
    const old = new Uint8Array(data.length);
    await this.#written.disk.read(offset, old);
    return Buffer.compare(old, data) !== 0;
  }

  #concernsTree(offset: number, length: number): boolean {
    const { layout } = this.#written;
    const end = offset + length;
    const overlaps = (start: number, stop: number) => offset < stop * SECTOR && end > start * SECTOR;
    if (overlaps(layout.fatStart, layout.fatStart + layout.fatSectors)) return true;
    if (overlaps(layout.rootStart, layout.dataStart)) return true;
    for (let at = Math.max(offset, layout.dataStart * SECTOR); at < end; ) {
      const cluster = clusterAt(layout, at);
      if (this.#directories.has(cluster)) return true;
      at = clusterOffset(layout, cluster) + layout.clusterBytes;
    }
    return false;
  }

  /** Makes the directory what the disk says, if the disk says something. */
  async #follow(): Promise<void> {
    this.#directories = new Set();
    try {
      const tree = await this.#reader.read();
      const matches = matchTrees(this.#items, tree, this.#matches);
      this.#items = await carryOut(this.#target, this.#items, matches);
      this.#matches = matches.all;
      this.#written.disk.setFiles(this.#items);
      this.#behind = undefined;
    } catch (error) {
      if (!(error instanceof Inconsistency || error instanceof IoError)) throw error;
      this.#behind = error.message;
      if (error instanceof IoError) throw error;
    }
  }
}
