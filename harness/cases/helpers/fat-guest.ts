/**
 * A guest that works on a FAT volume as an operating system does: it makes, renames, cuts, moves and removes files in its memory,
 * and writes what that changes. Sectors that do not change are not written.
 */
import type { CaseContext } from '../case.ts';
import { type FatFile, FatVolume } from './fat-volume.ts';
import type { NodeIo } from './node-io.ts';

const SECTOR = 512;
const ENTRY = 32;
const ATTRIBUTES = 11;
const FIRST_HIGH = 20;
const FIRST = 26;
const SIZE = 28;
const DIRECTORY = 0x10;
const ARCHIVE = 0x20;
const LONG_NAME = 0x0f;
/** Where characters of a long name are in a piece. */
const PLACES = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];

interface Entry {
  name: string;
  /** Pieces of the long name, and the short one. */
  raw: Buffer;
  clusters: number[];
  size: number;
  /** What is in it, if it is a directory. */
  readonly inside: Entry[] | undefined;
}

/** How a guest goes about it. */
export interface GuestOptions {
  /** In which order a change is written. Default: directories, then tables, of these the first one last. */
  readonly tablesFirst?: boolean;
  /** Free clusters are not taken in their order, so that chains are in pieces. */
  readonly scattered?: boolean;
}

/** Each of its acts is done, and written, when it returns. */
export class FatGuest {
  readonly #io: NodeIo;
  readonly #volume: FatVolume;
  readonly #options: GuestOptions;
  readonly #top: Entry;
  readonly #table: Buffer;
  /** What lies on the disk, of sectors that were looked at. */
  readonly #written = new Map<number, Buffer>();
  #shorts = 0;

  private constructor(io: NodeIo, volume: FatVolume, options: GuestOptions) {
    this.#io = io;
    this.#volume = volume;
    this.#options = options;
    this.#table = Buffer.from(volume.table);
    this.#top = { name: '', raw: Buffer.alloc(ENTRY), clusters: [], size: 0, inside: [] };
  }

  /** On a volume of FAT12 or FAT16. */
  static async open(t: CaseContext, io: NodeIo, options: GuestOptions = {}): Promise<FatGuest> {
    const volume = await FatVolume.open(t, io);
    const guest = new FatGuest(io, volume, options);
    // the label
    const raw = await io.read(volume.root, ENTRY);
    guest.#top.inside!.push({ name: '', raw, clusters: [], size: 0, inside: undefined });
    for (const [path, file] of await volume.files()) await guest.#learn(path, file);
    await guest.#write();
    return guest;
  }

  /** A new file, or new bytes in new clusters of one that is there. */
  async put(path: string, bytes: Buffer): Promise<void> {
    const entry = this.#find(path) ?? this.#add(path, false);
    this.#free(entry);
    entry.clusters = this.#take(bytes.length);
    entry.size = bytes.length;
    await this.#fill(entry, bytes, 0);
    await this.#write();
  }

  /** Bytes behind the end of a file. */
  async append(path: string, bytes: Buffer): Promise<void> {
    const entry = this.#find(path)!;
    const at = entry.size;
    entry.size += bytes.length;
    const more = entry.size - entry.clusters.length * this.#volume.clusterBytes;
    entry.clusters.push(...this.#take(Math.max(0, more)));
    await this.#fill(entry, bytes, at);
    await this.#write();
  }

  async cut(path: string, size: number): Promise<void> {
    const entry = this.#find(path)!;
    const kept = entry.clusters.slice(0, Math.ceil(size / this.#volume.clusterBytes));
    this.#free(entry);
    entry.clusters = kept;
    entry.size = size;
    await this.#write();
  }

  async makeDirectory(path: string): Promise<void> {
    const entry = this.#add(path, true);
    entry.clusters = this.#take(1);
    await this.#write();
  }

  /** A file, or a directory with nothing in it. */
  async remove(path: string): Promise<void> {
    const entry = this.#find(path)!;
    this.#free(entry);
    entry.clusters = [];
    const siblings = this.#parent(path).inside!;
    siblings.splice(siblings.indexOf(entry), 1);
    await this.#write();
  }

  /** `pieces`: makes something else of the pieces of the new long name. */
  async rename(path: string, to: string, pieces?: (pieces: Buffer) => void): Promise<void> {
    const entry = this.#find(path)!;
    const from = this.#parent(path).inside!;
    const raw = this.#entryBytes(nameIn(to), entry.raw.at(ATTRIBUTES - ENTRY)!);
    pieces?.(raw.subarray(0, -ENTRY));
    entry.raw = raw;
    entry.name = nameIn(to);
    from.splice(from.indexOf(entry), 1);
    this.#parent(to).inside!.push(entry);
    await this.#write();
  }

  async #learn(path: string, { name, at, pieces, isDirectory, clusters, size }: FatFile): Promise<void> {
    const raw = await this.#io.read(at - pieces * ENTRY, (pieces + 1) * ENTRY);
    const inside = isDirectory ? [] : undefined;
    this.#parent(path.replace(/\/$/, '')).inside!.push({ name, raw, clusters: [...clusters], size, inside });
  }

  #parent(path: string): Entry {
    return path
      .split('/')
      .slice(0, -1)
      .reduce((above, name) => above.inside!.find((one) => one.name === name)!, this.#top);
  }

  #find(path: string): Entry | undefined {
    return this.#parent(path).inside!.find(({ name }) => name === nameIn(path));
  }

  #add(path: string, isDirectory: boolean): Entry {
    const name = nameIn(path);
    const raw = this.#entryBytes(name, isDirectory ? DIRECTORY : ARCHIVE);
    const entry: Entry = { name, raw, clusters: [], size: 0, inside: isDirectory ? [] : undefined };
    this.#parent(path).inside!.push(entry);
    return entry;
  }

  /** With a short name that no other has. */
  #entryBytes(name: string, attributes: number): Buffer {
    const short = Buffer.alloc(ENTRY);
    short.write(`GUEST~${this.#shorts++}`.padEnd(ATTRIBUTES), 'latin1');
    short[ATTRIBUTES] = attributes;
    let sum = 0;
    for (const byte of short.subarray(0, ATTRIBUTES)) sum = (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff;
    const count = Math.ceil(name.length / PLACES.length);
    const pieces = Array.from({ length: count }, (_, i) => {
      const piece = Buffer.alloc(ENTRY);
      piece[0] = count - i + (i === 0 ? 0x40 : 0);
      piece[ATTRIBUTES] = LONG_NAME;
      piece[13] = sum;
      for (const [k, place] of PLACES.entries()) {
        const unit = (count - i - 1) * PLACES.length + k;
        const value = unit < name.length ? name.charCodeAt(unit) : unit === name.length ? 0 : 0xffff;
        piece.writeUInt16LE(value, place);
      }
      return piece;
    });
    return Buffer.concat([...pieces, short]);
  }

  #free({ clusters }: Entry): void {
    for (const cluster of clusters) this.#link(cluster, 0);
  }

  #take(bytes: number): number[] {
    const { clusters, clusterBytes } = this.#volume;
    const all = Array.from({ length: Math.min(clusters, 200) }, (_, i) => i + 2);
    const free = all.filter((one) => this.#next(one) === 0);
    // the second and the third of each three change places
    const places = this.#options.scattered ? [0, 1, -1] : [0, 0, 0];
    const taken = Array.from(
      { length: Math.ceil(bytes / clusterBytes) },
      (_, i) => free[i + places[i % places.length]!]!,
    );
    for (const cluster of taken) this.#link(cluster, this.#last);
    return taken;
  }

  get #last(): number {
    return this.#volume.isFat16 ? 0xffff : 0xfff;
  }

  #next(cluster: number): number {
    if (this.#volume.isFat16) return this.#table.readUInt16LE(cluster * 2);
    const pair = this.#table.readUInt16LE(Math.floor(cluster * 1.5));
    return cluster % 2 === 0 ? pair & 0xfff : pair >> 4;
  }

  #link(cluster: number, next: number): void {
    if (this.#volume.isFat16) {
      this.#table.writeUInt16LE(next, cluster * 2);
      return;
    }
    const at = Math.floor(cluster * 1.5);
    const pair = this.#table.readUInt16LE(at);
    const both = cluster % 2 === 0 ? (pair & 0xf000) | next : (pair & 0x000f) | (next << 4);
    this.#table.writeUInt16LE(both, at);
  }

  async #fill({ clusters }: Entry, bytes: Buffer, at: number): Promise<void> {
    const { clusterBytes } = this.#volume;
    for (let done = 0; done < bytes.length; ) {
      const position = at + done;
      const within = position % clusterBytes;
      const part = bytes.subarray(done, done + clusterBytes - within);
      const start = this.#volume.offsetOf(clusters[Math.floor(position / clusterBytes)]!);
      // whole sectors, as they are but for the part
      const first = Math.floor(within / SECTOR) * SECTOR;
      const end = Math.ceil((within + part.length) / SECTOR) * SECTOR;
      const sectors = await this.#io.read(start + first, end - first);
      part.copy(sectors, within - first);
      await this.#io.write(start + first, sectors);
      done += part.length;
    }
  }

  /** Writes tables and directories where they are not so yet. */
  async #write(): Promise<void> {
    const { root, rootBytes, tables } = this.#volume;
    const directories: [number, Buffer][] = [[root, this.#listed(this.#top, rootBytes)]];
    for (const [entry, above] of this.#directories(this.#top)) {
      directories.push(...this.#inClusters(entry, above));
      this.#chain(entry);
    }
    const all = [this.#top, ...[...this.#directories(this.#top)].map(([entry]) => entry)];
    for (const { inside } of all) for (const entry of inside!) this.#chain(entry);
    const copies = tables.map((at): [number, Buffer] => [at, this.#table]);
    if (!this.#options.tablesFirst) copies.reverse();
    const isFirst = this.#written.size === 0;
    for (const [at, bytes] of this.#options.tablesFirst
      ? [...copies, ...directories]
      : [...directories, ...copies])
      for (let done = 0; done < bytes.length; done += SECTOR) {
        const sector = bytes.subarray(done, done + SECTOR);
        if (this.#written.get(at + done)?.equals(sector)) continue;
        this.#written.set(at + done, Buffer.from(sector));
        if (!isFirst) await this.#io.write(at + done, Buffer.from(sector));
      }
  }

  *#directories(above: Entry): Generator<[Entry, Entry]> {
    for (const entry of above.inside!)
      if (entry.inside) {
        yield [entry, above];
        yield* this.#directories(entry);
      }
  }

  #chain({ clusters }: Entry): void {
    for (const [i, cluster] of clusters.entries()) this.#link(cluster, clusters[i + 1] ?? this.#last);
  }

  #inClusters(entry: Entry, above: Entry): [number, Buffer][] {
    const { clusterBytes } = this.#volume;
    const dots = ['.', '..'].map((name, i) => {
      const dot = Buffer.alloc(ENTRY);
      dot.write(name.padEnd(ATTRIBUTES), 'latin1');
      dot[ATTRIBUTES] = DIRECTORY;
      dot.writeUInt16LE((i === 0 ? entry : above).clusters[0] ?? 0, FIRST);
      return dot;
    });
    const bytes = this.#listed(entry, entry.clusters.length * clusterBytes, dots);
    return entry.clusters.map((cluster, i) => [
      this.#volume.offsetOf(cluster),
      bytes.subarray(i * clusterBytes, (i + 1) * clusterBytes),
    ]);
  }

  #listed({ inside }: Entry, length: number, dots: readonly Buffer[] = []): Buffer {
    for (const { raw, clusters, size, inside: within } of inside!) {
      const at = raw.length - ENTRY;
      raw.writeUInt16LE(0, at + FIRST_HIGH);
      raw.writeUInt16LE(clusters[0] ?? 0, at + FIRST);
      raw.writeUInt32LE(within ? 0 : size, at + SIZE);
    }
    return Buffer.concat([...dots, ...inside!.map(({ raw }) => raw)], length);
  }
}

const nameIn = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
