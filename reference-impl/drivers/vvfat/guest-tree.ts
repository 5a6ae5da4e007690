/**
 * What a guest has made of the disk, read from its tables and directories with the suspicion that they deserve: it may be in the
 * midst of a change, and it may be up to no good. Only a tree in which every cluster that is in use belongs to exactly one
 * file is one.
 *
 * Trees are read again and again: of what has not changed since, the entries are not parsed again, and items are the same objects.
 */
import { FAT32_ROOT } from './boot-sectors.ts';
import { type ParsedEntry, parseDirectory } from './directory-entries.ts';
import {
  clusterAt,
  clusterOffset,
  ENTRY_BYTES,
  type FatLayout,
  FIRST_CLUSTER,
  SECTOR,
} from './fat-layout.ts';
import { type FatEntry, FatTable } from './fat-table.ts';
import { type ClusterRun, clustersOf } from './shown-tree.ts';

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
}

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

/** A directory as it was read last. */
interface KnownDirectory {
  /** What had been written until then. */
  readonly asOf: number;
  readonly chain: readonly ClusterRun[];
  readonly entries: readonly ParsedEntry[];
  /** What the entries are, without those of the directory itself. */
  readonly items: readonly GuestItem[];
}

export class GuestTreeReader {
  readonly #disk: GuestDisk;
  readonly #table: FatTable;
  /** By cluster: some file has it. */
  readonly #used: Uint8Array;
  #items: GuestItem[] = [];
  #top: GuestItem | undefined;
  /** By their first clusters. */
  readonly #known = new Map<number, KnownDirectory>();
  #entriesKnown = 0;
  /** How often something was written; and by cluster, when it was last. */
  #writes = 0;
  readonly #lastWrites: Float64Array;

  constructor(disk: GuestDisk) {
    this.#disk = disk;
    this.#table = new FatTable(disk.layout, disk.table);
    this.#used = new Uint8Array(disk.layout.clusters + FIRST_CLUSTER);
    this.#lastWrites = new Float64Array(this.#used.length);
  }

  /** Something was written there. */
  written(offset: number, length: number): void {
    const { layout } = this.#disk;
    const end = offset + length;
    this.#writes += 1;
    for (let at = Math.max(offset, layout.dataStart * SECTOR); at < end; ) {
      const cluster = clusterAt(layout, at);
      this.#lastWrites[cluster] = this.#writes;
      at = clusterOffset(layout, cluster) + layout.clusterBytes;
    }
  }

  /** Throws `Inconsistency`. */
  async read(): Promise<GuestTree> {
    if (!this.#table.isSound(this.#disk.layout.media))
      throw new Inconsistency('the table has lost its beginning');
    this.#used.fill(0);
    const top = this.#readTop();
    this.#items = [top];
    // The list grows meanwhile.
    for (const item of this.#items) {
      if (item.isDirectory) this.#items.push(...(await this.#children(item)));
      if (this.#items.length > MAX_ITEMS) throw new Inconsistency('there are too many files');
    }
    this.#noneLost();
    return { top, items: this.#items };
  }

  #readTop(): GuestItem {
    const first = this.#disk.layout.rootEntries > 0 ? 0 : FAT32_ROOT;
    if (!this.#top || !this.#takeChain(first, this.#top.chain)) {
      const chain = this.#chain(first);
      this.#top = { name: '', hasNoCase: false, isDirectory: true, parent: undefined, chain, size: 0 };
    }
    return this.#top;
  }

  async #children(parent: GuestItem): Promise<readonly GuestItem[]> {
    const { chain } = parent;
    const first = chain[0]?.first ?? 0;
    const known = this.#known.get(first);
    const asOf = this.#writes;
    const isAsKnown = known !== undefined && this.#isAsKnown(parent, known);
    const entries = isAsKnown ? known.entries : await this.#entries(parent);
    if (parent.parent && !isBegun(entries, first))
      throw new Inconsistency(`directory '${parent.name}' does not begin as one`);
    const listed = parent.parent ? entries.slice(2) : entries;
    const before = isAsKnown ? known.items : alike(listed, known?.items ?? []);
    const items = listed.map((one, i) => this.#item(one, parent, before[i]));
    this.#remember(first, { asOf, chain, entries, items });
    return items;
  }

  /** What was taken away stays known for a while: a tree may come to pieces, and be whole again. */
  #remember(first: number, directory: KnownDirectory): void {
    this.#entriesKnown += directory.entries.length - (this.#known.get(first)?.entries.length ?? 0);
    this.#known.set(first, directory);
    if (this.#entriesKnown <= MAX_ITEMS) return;
    this.#known.clear();
    this.#entriesKnown = 0;
  }

  #isAsKnown({ chain }: GuestItem, known: KnownDirectory): boolean {
    // A root directory in front of all clusters has no chain, and is read each time.
    if (chain.length === 0 || chain !== known.chain) return false;
    for (const cluster of clustersOf(chain)) {
      if (this.#lastWrites[cluster]! > known.asOf) return false;
      this.#disk.visit(cluster);
    }
    return true;
  }

  /** `before`: what it may still be. */
  #item({ first, size, ...told }: ParsedEntry, parent: GuestItem, before: GuestItem | undefined): GuestItem {
    const { name, isDirectory } = told;
    const isSame =
      before?.parent === parent &&
      before.hasNoCase === told.hasNoCase &&
      before.isDirectory === isDirectory &&
      before.size === (isDirectory ? 0 : size) &&
      this.#takeChain(first, before.chain);
    if (isSame) return before;
    const chain = this.#chain(first);
    const clusters = chain.reduce((sum, { count }) => sum + count, 0);
    if (isDirectory && clusters === 0) throw new Inconsistency(`directory '${name}' has no cluster`);
    if (!isDirectory && size > clusters * this.#disk.layout.clusterBytes)
      throw new Inconsistency(`file '${name}' is longer than its clusters`);
    return { ...told, parent, chain, size: isDirectory ? 0 : size };
  }

  async #entries({ parent, chain }: GuestItem): Promise<ParsedEntry[]> {
    const { layout } = this.#disk;
    if (!parent && layout.rootEntries > 0) {
      const bytes = Buffer.alloc((layout.dataStart - layout.rootStart) * SECTOR);
      await this.#disk.read(layout.rootStart * SECTOR, bytes);
      return [...parseDirectory(bytes)];
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
    return [...parseDirectory(bytes)];
  }

  /** Whether the table still has this chain from `start` on; then it is used. */
  #takeChain(start: number, chain: readonly ClusterRun[]): boolean {
    let at: FatEntry = start === 0 ? 'last' : start;
    for (const { first, count } of chain)
      for (let cluster = first; cluster < first + count; cluster++) {
        if (at !== cluster) return false;
        at = this.#table.get(cluster);
      }
    if (at !== 'last') return false;
    for (const { first, count } of chain)
      for (let cluster = first; cluster < first + count; cluster++) this.#use(cluster);
    return true;
  }

  #chain(start: number): ClusterRun[] {
    const runs: { first: number; count: number }[] = [];
    if (start === 0) return runs;
    for (let at = start; ; ) {
      this.#use(at);
      const run = runs.at(-1);
      if (run && run.first + run.count === at) run.count += 1;
      else runs.push({ first: at, count: 1 });
      const next = this.#table.get(at);
      if (next === 'last') return runs;
      if (typeof next !== 'number') throw new Inconsistency(`cluster ${at} leads to none`);
      at = next;
    }
  }

  #use(cluster: number): void {
    if (cluster < FIRST_CLUSTER || cluster >= this.#used.length)
      throw new Inconsistency('a cluster lies outside');
    if (this.#used[cluster]) throw new Inconsistency(`cluster ${cluster} is used more than once`);
    this.#used[cluster] = 1;
  }

  #noneLost(): void {
    for (let at = FIRST_CLUSTER; at < this.#used.length; at++) {
      if (this.#used[at]) continue;
      const next = this.#table.get(at);
      if (next !== 'free' && next !== 'bad') throw new Inconsistency(`cluster ${at} belongs to no file`);
    }
  }
}

/** By the index of an entry: what had its name. Nothing twice. */
function alike(entries: readonly ParsedEntry[], items: readonly GuestItem[]): (GuestItem | undefined)[] {
  const byName = new Map(items.map((item) => [item.name, item]));
  return entries.map(({ name }) => {
    const item = byName.get(name);
    byName.delete(name);
    return item;
  });
}

/** A directory begins with itself, and the one that it is in. */
function isBegun([own]: readonly ParsedEntry[], first: number): boolean {
  return own?.name === '.' && own.first === first;
}
