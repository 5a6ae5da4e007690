/**
 * The bytes of the disk: what a guest wrote, else what the directory of the host gives. What it wrote lies in a temporary file, so
 * that a guest finds again what it wrote, whatever becomes of the files.
 */
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostDirectory } from '../../host/host-directory.ts';
import { HostFile } from '../../host/host-file.ts';
import type { HostWork } from '../../host/host-work.ts';
import { bootSectors } from './boot-sectors.ts';
import { clusterAt, clusterOffset, type FatLayout, FIRST_CLUSTER, SECTOR } from './fat-layout.ts';
import { type Item, pathOf, type ShownTree } from './shown-tree.ts';

/** Which cluster of which file one of the disk is. */
export interface Place {
  readonly item: Item;
  readonly index: number;
}

/** Sectors that a guest wrote. */
export class Overlay {
  readonly #file: HostFile;
  readonly #written: Uint8Array;

  private constructor(file: HostFile, sectors: number) {
    this.#file = file;
    this.#written = new Uint8Array(Math.ceil(sectors / 8));
  }

  /** In a file that has no name any more. Throws `IoError`. */
  static async open(sectors: number, random: () => number, hostWork: HostWork): Promise<Overlay> {
    const name = join(process.env.TMPDIR ?? '/var/tmp', `vl.${process.pid}.${random()}`);
    const file = await HostFile.create(name, hostWork);
    await hostWork.track(() => unlink(name)).catch(() => {});
    return new Overlay(file, sectors);
  }

  has(sector: number): boolean {
    return ((this.#written[sector >> 3]! >> (sector & 7)) & 1) === 1;
  }

  /** Whole sectors. */
  async write(offset: number, data: Uint8Array): Promise<void> {
    await this.#file.write(offset, data);
    for (let at = offset; at < offset + data.length; at += SECTOR) {
      const sector = at / SECTOR;
      this.#written[sector >> 3]! |= 1 << (sector & 7);
    }
  }

  read(offset: number, buffer: Uint8Array): Promise<void> {
    return this.#file.read(offset, buffer);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

export class ShownDisk {
  readonly #layout: FatLayout;
  readonly #host: HostDirectory;
  readonly #boot: ReadonlyMap<number, Uint8Array>;
  readonly #table: Uint8Array;
  readonly #root: Buffer;
  readonly #directories: ReadonlyMap<number, Buffer>;
  readonly #overlay: Overlay | undefined;
  #items: readonly Item[] = [];
  /** By cluster: which of the items, from 1 on, and which of its clusters. */
  readonly #owners: Uint32Array;
  readonly #indexes: Uint32Array;

  constructor(
    layout: FatLayout,
    label: string,
    tree: ShownTree,
    host: HostDirectory,
    overlay: Overlay | undefined,
  ) {
    this.#layout = layout;
    this.#host = host;
    this.#overlay = overlay;
    this.#table = tree.table.bytes;
    this.#root = tree.root;
    this.#directories = tree.directories;
    const free = layout.clusters + FIRST_CLUSTER - tree.nextFree;
    this.#boot = bootSectors(layout, Buffer.from(label, 'latin1'), { free, next: tree.nextFree });
    this.#owners = new Uint32Array(layout.clusters + FIRST_CLUSTER);
    this.#indexes = new Uint32Array(layout.clusters + FIRST_CLUSTER);
    this.setFiles(tree.items);
  }

  /** From now on, these are the files that clusters belong to. */
  setFiles(items: readonly Item[]): void {
    this.#items = items.filter(({ isDirectory }) => !isDirectory);
    this.#owners.fill(0);
    for (const [id, { chain }] of this.#items.entries()) {
      let index = 0;
      for (const { first, count } of chain)
        for (let i = 0; i < count; i++, index++) {
          this.#owners[first + i] = id + 1;
          this.#indexes[first + i] = index;
        }
    }
  }

  /** The file that a cluster belongs to. */
  placeOf(cluster: number): Place | undefined {
    const id = this.#owners[cluster] ?? 0;
    return id === 0 ? undefined : { item: this.#items[id - 1]!, index: this.#indexes[cluster]! };
  }

  /** Whole sectors. Throws `IoError`. */
  async read(offset: number, buffer: Uint8Array): Promise<void> {
    if (!this.#overlay) return this.#readShown(offset, buffer);
    for (let done = 0; done < buffer.length; ) {
      const at = offset + done;
      const isWritten = this.#isWritten(at);
      let length = SECTOR;
      while (done + length < buffer.length && this.#isWritten(at + length) === isWritten) length += SECTOR;
      const part = buffer.subarray(done, done + length);
      if (isWritten) await this.#overlay.read(at, part);
      else await this.#readShown(at, part);
      done += length;
    }
  }

  /** What of a cluster nobody wrote is written as it is, so that it does not change with the file that it belongs to. */
  async keep(cluster: number): Promise<void> {
    const { sectorsPerCluster } = this.#layout;
    if (!this.placeOf(cluster) && !this.#directories.has(cluster)) return;
    const start = clusterOffset(this.#layout, cluster);
    for (let i = 0; i < sectorsPerCluster; i++) {
      const at = start + i * SECTOR;
      if (this.#isWritten(at)) continue;
      const sector = new Uint8Array(SECTOR);
      await this.#readShown(at, sector);
      await this.#overlay!.write(at, sector);
    }
  }

  #isWritten(offset: number): boolean {
    return this.#overlay?.has(offset / SECTOR) ?? false;
  }

  /** As it was when the disk was opened, but for the files. */
  async #readShown(offset: number, buffer: Uint8Array): Promise<void> {
    const { dataStart } = this.#layout;
    const front = Math.min(buffer.length, Math.max(0, dataStart * SECTOR - offset));
    for (let done = 0; done < front; done += SECTOR) {
      const part = buffer.subarray(done, done + SECTOR);
      part.fill(0);
      const shown = this.#frontSector((offset + done) / SECTOR);
      if (shown) part.set(shown);
    }
    for (let done = front; done < buffer.length; ) {
      const cluster = clusterAt(this.#layout, offset + done);
      const within = offset + done - clusterOffset(this.#layout, cluster);
      const part = buffer.subarray(done, done + this.#layout.clusterBytes - within);
      await this.#readCluster(cluster, within, part);
      done += part.length;
    }
  }

  #frontSector(sector: number): Uint8Array | undefined {
    const { fatStart, fatSectors, rootStart } = this.#layout;
    if (sector < fatStart) return this.#boot.get(sector);
    const [bytes, index] =
      sector < rootStart ? [this.#table, (sector - fatStart) % fatSectors] : [this.#root, sector - rootStart];
    return bytes.subarray(index * SECTOR, (index + 1) * SECTOR);
  }

  async #readCluster(cluster: number, within: number, buffer: Uint8Array): Promise<void> {
    const listed = this.#directories.get(cluster);
    const place = this.placeOf(cluster);
    if (place) await this.#readFile(place.item, place.index * this.#layout.clusterBytes + within, buffer);
    else if (listed) buffer.set(listed.subarray(within, within + buffer.length));
    else buffer.fill(0);
  }

  /** What the file has grown by since is not part of it. */
  async #readFile(item: Item, position: number, buffer: Uint8Array): Promise<void> {
    const length = Math.max(0, Math.min(buffer.length, item.size - position));
    buffer.fill(0, length);
    await this.#host.read(pathOf(item), position, buffer.subarray(0, length));
  }
}
