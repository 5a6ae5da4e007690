/**
 * The directory of the host as the disk shows it: every file gets an entry and its clusters, one directory after another, each
 * with its files in the order in which the host lists them.
 *
 * What the host knows by several names (links) is shown several times. What cannot be looked at is not shown.
 */
import { IoError } from '../../host/errno.ts';
import type { HostDirectory, HostPath } from '../../host/host-directory.ts';
import { CommandError } from '../../qapi/command-error.ts';
import { entriesOf, entry, type FileTimes } from './directory-entries.ts';
import { ENTRY_BYTES, type FatLayout, FIRST_CLUSTER, SECTOR } from './fat-layout.ts';
import { Attribute, nameOfShort, ShortNames } from './fat-names.ts';
import { FatTable } from './fat-table.ts';

const MAX_FILE_BYTES = 2 ** 31 - 1;

/** A file or directory that guest and host have both. */
export interface Item {
  readonly isDirectory: boolean;
  /** The top has none. */
  parent: Item | undefined;
  /** As the host calls it. */
  hostName: Buffer;
  /** As the guest does. */
  name: string;
  /** Its clusters; consecutive ones are a run. */
  chain: readonly ClusterRun[];
  size: number;
}

/** Clusters that lie side by side. */
export interface ClusterRun {
  readonly first: number;
  readonly count: number;
}

/** What the disk shows before a guest writes to it. */
export interface ShownTree {
  readonly top: Item;
  /** In the order of their clusters. */
  readonly items: readonly Item[];
  readonly table: FatTable;
  /** The bytes of directories from each of their clusters on. */
  readonly directories: ReadonlyMap<number, Buffer>;
  /** The root directory, where that lies in front of the clusters. */
  readonly root: Buffer;
  readonly nextFree: number;
}

export interface Source {
  readonly host: HostDirectory;
  /** As messages call it. */
  readonly dir: string;
  readonly layout: FatLayout;
  /** 11 bytes. */
  readonly label: string;
  log(line: string): void;
}

/** Where an item is on the host. */
export function pathOf(item: Item): HostPath {
  const names: Buffer[] = [];
  for (let at = item; at.parent; at = at.parent) names.unshift(at.hostName);
  return names;
}

/** All clusters of a chain. */
export function* clustersOf(chain: readonly ClusterRun[]): Generator<number> {
  for (const { first, count } of chain) for (let i = 0; i < count; i++) yield first + i;
}

export const firstCluster = ({ chain }: Item): number => chain[0]?.first ?? 0;

/** Throws `CommandError`. */
export function readTree(source: Source): Promise<ShownTree> {
  return new TreeReader(source).read();
}

type Child = Pick<Pending, 'item' | 'times'>;

/** An item whose clusters are still to be found. */
interface Pending {
  readonly item: Item;
  readonly times: FileTimes;
  /** Of the directory that it is in. */
  readonly timesAbove: FileTimes;
  /** The entry that must tell the first of them, in the bytes of its directory; the top has none. */
  readonly entry: Buffer | undefined;
}

class TreeReader {
  readonly #source: Source;
  readonly #table: FatTable;
  readonly #queue: Pending[] = [];
  readonly #directories = new Map<number, Buffer>();
  #root: Buffer = Buffer.alloc(0);
  #next = FIRST_CLUSTER;

  constructor(source: Source) {
    this.#source = source;
    this.#table = new FatTable(source.layout);
  }

  async read(): Promise<ShownTree> {
    const top = newItem(true, undefined, Buffer.alloc(0), '', 0);
    const { times } = await this.#source.host.stat([]).catch(() => {
      throw this.#unreadable(top);
    });
    this.#queue.push({ item: top, times, timesAbove: times, entry: undefined });
    // The queue grows meanwhile: what is in a directory comes after all that is beside it.
    for (const pending of this.#queue) {
      if (pending.item.isDirectory) await this.#placeDirectory(pending);
      else this.#place(pending, pending.item.size);
    }
    return {
      top,
      items: this.#queue.map(({ item }) => item),
      table: this.#table,
      directories: this.#directories,
      root: this.#root,
      nextFree: this.#next,
    };
  }

  async #placeDirectory(pending: Pending): Promise<void> {
    const { layout, log } = this.#source;
    const { item, times } = pending;
    const entries = this.#firstEntries(pending);
    const children: (Child & { readonly at: number })[] = [];
    for await (const child of this.#children(item)) {
      entries.push(...child.entries);
      children.push({ item: child.item, times: child.times, at: entries.length - 1 });
    }
    let bytes: Buffer;
    if (item.parent || layout.rootEntries === 0) bytes = this.#placeInClusters(pending, entries);
    else if (entries.length <= layout.rootEntries) {
      bytes = joined(entries, layout.rootEntries * ENTRY_BYTES);
      this.#root = bytes;
    } else {
      log('Too many entries in root directory');
      throw this.#unreadable(item);
    }
    for (const { at, ...child } of children)
      this.#queue.push({
        ...child,
        timesAbove: times,
        entry: bytes.subarray(at * ENTRY_BYTES, (at + 1) * ENTRY_BYTES),
      });
  }

  /** What a directory has before its files. */
  #firstEntries({ item: { parent }, times, timesAbove }: Pending): Uint8Array[] {
    const directory = { attributes: Attribute.directory, size: 0 };
    if (parent)
      return [
        entry({ ...directory, times, short: '.'.padEnd(11), first: 0 }),
        entry({
          ...directory,
          times: timesAbove,
          short: '..'.padEnd(11),
          first: parent.parent ? firstCluster(parent) : 0,
        }),
      ];
    const attributes = Attribute.volume | Attribute.archive;
    return [entry({ short: this.#source.label, attributes, first: 0, size: 0 })];
  }

  #placeInClusters(pending: Pending, entries: readonly Uint8Array[]): Buffer {
    const { clusterBytes } = this.#source.layout;
    this.#place(pending, entries.length * ENTRY_BYTES);
    const [{ first, count }] = pending.item.chain as [ClusterRun];
    const bytes = joined(entries, count * clusterBytes);
    if (pending.item.parent) setFirst(bytes, first);
    for (let i = 0; i < count; i++) this.#directories.set(first + i, bytes.subarray(i * clusterBytes));
    return bytes;
  }

  async *#children(parent: Item): AsyncGenerator<Child & { entries: Uint8Array[] }> {
    const { host, log } = this.#source;
    const path = pathOf(parent);
    const shortNames = new ShortNames();
    for (const hostName of await this.#list(parent)) {
      const found = await host.stat([...path, hostName]).catch(ignoreFailure);
      if (!found) continue;
      const { kind, size, times } = found;
      const isDirectory = kind === 'directory';
      // what is no file has no bytes to show
      const shownSize = kind === 'file' ? size : 0;
      if (shownSize > MAX_FILE_BYTES) {
        log(`File ${this.#shown([...path, hostName])} is larger than 2GB`);
        throw this.#unreadable(parent);
      }
      const text = hostName.toString();
      const name = Buffer.from(text).equals(hostName) ? text : undefined;
      if (name === undefined) log(`vvfat: invalid UTF-8 name: ${text}`);
      const short = shortNames.add(hostName.toString(name === undefined ? 'latin1' : 'utf8'));
      if (short === undefined) throw this.#unreadable(parent);
      const attributes = isDirectory ? Attribute.directory : Attribute.archive;
      const fields = { short, attributes, times, first: 0, size: shownSize };
      const entries = entriesOf(name, fields);
      const shown = name ?? nameOfShort(Buffer.from(entries.at(-1)!));
      yield { item: newItem(isDirectory, parent, hostName, shown, shownSize), entries, times };
    }
  }

  #list(item: Item): Promise<readonly Buffer[]> {
    return this.#source.host.list(pathOf(item)).catch(() => {
      throw this.#unreadable(item);
    });
  }

  /** Gives an item as many clusters as that many bytes take. */
  #place({ item, entry: own }: Pending, bytes: number): void {
    const { type, clusterBytes, clusters, sectors, boot } = this.#source.layout;
    const count = Math.ceil(bytes / clusterBytes);
    if (count === 0) return;
    const first = this.#next;
    if (first + count > clusters + FIRST_CLUSTER) {
      const capacity = ((sectors - boot) * SECTOR) / 1024 / 1000;
      throw new CommandError(`Directory does not fit in FAT${type} (capacity ${capacity.toFixed(2)} MB)`);
    }
    this.#table.link(first, count);
    this.#next += count;
    item.chain = [{ first, count }];
    if (own) setFirst(own, first);
  }

  #unreadable(item: Item): CommandError {
    return new CommandError(`Could not read directory ${this.#shown(pathOf(item))}`);
  }

  #shown(path: HostPath): string {
    return [this.#source.dir, ...path.map((name) => name.toString())].join('/');
  }
}

function newItem(
  isDirectory: boolean,
  parent: Item | undefined,
  hostName: Buffer,
  name: string,
  size: number,
): Item {
  return { isDirectory, parent, hostName, name, chain: [], size };
}

function setFirst(bytes: Buffer, first: number): void {
  bytes.writeUInt16LE(first >>> 16, 20);
  bytes.writeUInt16LE(first & 0xffff, 26);
}

function joined(entries: readonly Uint8Array[], length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (const [i, one] of entries.entries()) bytes.set(one, i * ENTRY_BYTES);
  return bytes;
}

function ignoreFailure(error: unknown): undefined {
  if (!(error instanceof IoError)) throw error;
}
