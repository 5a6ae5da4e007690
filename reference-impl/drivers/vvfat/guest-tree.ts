/**
 * What a guest has made of the disk, read from its tables and directories with the suspicion that they deserve: it may be in the
 * midst of a change, and it may be up to no good. Only a tree in which every cluster that is in use belongs to exactly one
 * file is one.
 */
import { FAT32_ROOT } from './boot-sectors.ts';
import { type ParsedEntry, parseDirectory } from './directory-entries.ts';
import { clusterOffset, ENTRY_BYTES, type FatLayout, FIRST_CLUSTER, SECTOR } from './fat-layout.ts';
import { FatTable } from './fat-table.ts';
import type { ClusterRun } from './shown-tree.ts';

/** A file or directory as the guest has it. */
export interface GuestItem {
  readonly name: string;
  /** It is not known in which case it was written. */
  readonly hasNoCase: boolean;
  readonly isDirectory: boolean;
  /** The top has none. */
  readonly parent: GuestItem | undefined;
  readonly chain: readonly ClusterRun[];
  readonly size: number;
}

export interface GuestTree {
  readonly top: GuestItem;
  /** Directories before what is in them. */
  readonly items: readonly GuestItem[];
}

/** Why the disk holds no tree right now. */
export class Inconsistency extends Error {
  override readonly name = 'Inconsistency';
  /** No further write of what it is about will mend it. */
  readonly isRefused: boolean;

  constructor(message: string, isRefused = false) {
    super(message);
    this.isRefused = isRefused;
  }
}

/** The deepest that directories may lie in each other: the host's names have an end. */
const MAX_DEPTH = 512;
const MAX_ITEMS = 200_000;
/** By the specification. */
const MAX_DIRECTORY_BYTES = 65_536 * ENTRY_BYTES;

export interface GuestDisk {
  readonly layout: FatLayout;
  /** The table as the guest wrote it. */
  readonly table: Uint8Array;
  read(offset: number, buffer: Uint8Array): Promise<void>;
  /** The cluster holds entries that were looked at. */
  visit(cluster: number): void;
}

/** Throws `Inconsistency`. */
export function readGuestTree(disk: GuestDisk): Promise<GuestTree> {
  return new GuestTreeReader(disk).read();
}

class GuestTreeReader {
  readonly #disk: GuestDisk;
  readonly #table: FatTable;
  /** By cluster: some file has it. */
  readonly #used: Uint8Array;
  readonly #items: GuestItem[] = [];

  constructor(disk: GuestDisk) {
    this.#disk = disk;
    this.#table = new FatTable(disk.layout, disk.table);
    this.#used = new Uint8Array(disk.layout.clusters + FIRST_CLUSTER);
  }

  async read(): Promise<GuestTree> {
    const { layout } = this.#disk;
    if (!this.#table.isSound(layout.media)) throw new Inconsistency('the table has lost its beginning');
    const chain = layout.rootEntries > 0 ? [] : this.#chain(FAT32_ROOT);
    const top: GuestItem = {
      name: '',
      hasNoCase: false,
      isDirectory: true,
      parent: undefined,
      chain,
      size: 0,
    };
    this.#items.push(top);
    const depths = new Map([[top, 0]]);
    // The list grows meanwhile.
    for (const item of this.#items)
      if (item.isDirectory) {
        const depth = depths.get(item)!;
        if (depth > MAX_DEPTH) throw new Inconsistency('directories lie too deep in each other');
        for (const child of await this.#children(item)) {
          this.#items.push(child);
          if (this.#items.length > MAX_ITEMS) throw new Inconsistency('there are too many files');
          if (child.isDirectory) depths.set(child, depth + 1);
        }
      }
    this.#noneLost();
    return { top, items: this.#items };
  }

  async #children(parent: GuestItem): Promise<GuestItem[]> {
    const children: GuestItem[] = [];
    const dots: ParsedEntry[] = [];
    for (const one of parseDirectory(await this.#bytes(parent)))
      if (parent.parent && dots.length < 2) dots.push(one);
      else children.push(this.#item(one, parent));
    if (parent.parent && !areDots(dots, parent.chain[0]!.first))
      throw new Inconsistency(`directory '${parent.name}' does not begin as one`);
    return children;
  }

  #item({ first, size, ...told }: ParsedEntry, parent: GuestItem): GuestItem {
    const { name, isDirectory } = told;
    const chain = first === 0 ? [] : this.#chain(first);
    const clusters = chain.reduce((sum, { count }) => sum + count, 0);
    if (isDirectory && clusters === 0) throw new Inconsistency(`directory '${name}' has no cluster`);
    if (!isDirectory && size > clusters * this.#disk.layout.clusterBytes)
      throw new Inconsistency(`file '${name}' is longer than its clusters`);
    return { ...told, parent, chain, size: isDirectory ? 0 : size };
  }

  async #bytes({ parent, chain }: GuestItem): Promise<Buffer> {
    const { layout } = this.#disk;
    if (!parent && layout.rootEntries > 0) {
      const bytes = Buffer.alloc((layout.dataStart - layout.rootStart) * SECTOR);
      await this.#disk.read(layout.rootStart * SECTOR, bytes);
      return bytes;
    }
    const clusters = chain.reduce((sum, { count }) => sum + count, 0);
    if (clusters * layout.clusterBytes > MAX_DIRECTORY_BYTES)
      throw new Inconsistency('a directory is too long');
    const bytes = Buffer.alloc(clusters * layout.clusterBytes);
    let at = 0;
    for (const { first, count } of chain) {
      for (let i = 0; i < count; i++) this.#disk.visit(first + i);
      const part = bytes.subarray(at, at + count * layout.clusterBytes);
      await this.#disk.read(clusterOffset(layout, first), part);
      at += part.length;
    }
    return bytes;
  }

  #chain(start: number): ClusterRun[] {
    const runs: { first: number; count: number }[] = [];
    for (let at = start; ; ) {
      if (at < FIRST_CLUSTER || at >= this.#used.length) throw new Inconsistency('a cluster lies outside');
      if (this.#used[at]) throw new Inconsistency(`cluster ${at} is used more than once`);
      this.#used[at] = 1;
      const run = runs.at(-1);
      if (run && run.first + run.count === at) run.count += 1;
      else runs.push({ first: at, count: 1 });
      const next = this.#table.get(at);
      if (next === 'last') return runs;
      if (typeof next !== 'number') throw new Inconsistency(`cluster ${at} leads to none`);
      at = next;
    }
  }

  #noneLost(): void {
    for (let at = FIRST_CLUSTER; at < this.#used.length; at++) {
      const next = this.#used[at] ? 'free' : this.#table.get(at);
      if (next !== 'free' && next !== 'bad') throw new Inconsistency(`cluster ${at} belongs to no file`);
    }
  }
}

/** The first two entries of a directory: itself, and the one that it is in. */
function areDots([own, above]: readonly ParsedEntry[], first: number): boolean {
  const isDot = own?.name === '.' && own.isDirectory && own.first === first;
  return isDot && above?.name === '..' && above.isDirectory;
}
