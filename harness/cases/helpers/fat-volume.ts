/**
 * A FAT volume as a guest finds it: its boot sector, tables, directories and files, read from a node by the FAT specification.
 * What is no sound FAT fails the case.
 */
import type { CaseContext } from '../case.ts';
import { shown } from '../case-text.ts';
import type { NodeIo } from './node-io.ts';

const SECTOR = 512;
const ENTRY = 32;
const PARTITION = 0x1be;
/** Of an entry, where the characters of a piece of a long name are. */
const PIECE: readonly (readonly [from: number, to: number])[] = [
  [1, 11],
  [14, 26],
  [28, 32],
];

/** A file or directory of the volume. */
export interface FatFile {
  readonly name: string;
  /** 11 characters. */
  readonly short: string;
  /** Where its own entry lies on the disk, and how many entries of its long name stand in front of that. */
  readonly at: number;
  readonly pieces: number;
  readonly isDirectory: boolean;
  readonly size: number;
  readonly clusters: readonly number[];
  /** Of its last change. */
  readonly date: { readonly year: number; readonly month: number; readonly day: number };
}

/** A volume of FAT12, FAT16 or FAT32. */
export class FatVolume {
  readonly #t: CaseContext;
  readonly #io: NodeIo;
  /** Offsets are bytes of the disk. */
  readonly boot: number;
  readonly tables: readonly number[];
  readonly root: number;
  readonly clusterBytes: number;
  /** 0 where the root directory lies in clusters. */
  readonly rootBytes: number;
  readonly #rootCluster: number;
  readonly #data: number;
  readonly clusters: number;
  #table: Buffer = Buffer.alloc(0);
  readonly #tableBytes: number;

  private constructor(t: CaseContext, io: NodeIo, boot: number, sector: Buffer) {
    this.#t = t;
    this.#io = io;
    t.equal(sector.readUInt16BE(510), 0x55aa, 'the volume must begin as a boot sector does');
    t.equal(sector.readUInt16LE(11), SECTOR, 'its sectors must have 512 bytes');
    this.boot = boot;
    const small = sector.readUInt16LE(22);
    this.#tableBytes = (small || sector.readUInt32LE(36)) * SECTOR;
    this.#rootCluster = small === 0 ? sector.readUInt32LE(44) : 0;
    const first = boot + sector.readUInt16LE(14) * SECTOR;
    this.tables = Array.from({ length: sector[16]! }, (_, i) => first + i * this.#tableBytes);
    this.root = first + this.tables.length * this.#tableBytes;
    this.rootBytes = sector.readUInt16LE(17) * ENTRY;
    this.clusterBytes = sector[13]! * SECTOR;
    this.#data = this.root + this.rootBytes;
    const sectors = sector.readUInt16LE(19) || sector.readUInt32LE(32);
    this.clusters = Math.floor((boot + sectors * SECTOR - this.#data) / this.clusterBytes);
  }

  /** The volume of a floppy, or of the first partition of a hard disk. */
  static async open(t: CaseContext, io: NodeIo): Promise<FatVolume> {
    const first = await io.read(0, SECTOR);
    const isFloppy = first[0] === 0xeb;
    const boot = isFloppy ? 0 : first.readUInt32LE(PARTITION + 8) * SECTOR;
    const volume = new FatVolume(t, io, boot, isFloppy ? first : await io.read(boot, SECTOR));
    const tables: Buffer[] = [];
    for (const at of volume.tables) tables.push(await io.read(at, volume.#tableBytes));
    t.check(
      tables.every((table) => table.equals(tables[0]!)),
      'both tables must say the same',
      'they differ',
    );
    volume.#table = tables[0]!;
    return volume;
  }

  /** All files and directories by path, without those that every directory has. */
  async files(): Promise<ReadonlyMap<string, FatFile>> {
    const found = new Map<string, FatFile>();
    await this.#list(found, '', undefined, 0);
    return found;
  }

  async content({ clusters, size }: FatFile): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (const cluster of clusters)
      parts.push(await this.#io.read(this.offsetOf(cluster), this.clusterBytes));
    return Buffer.concat(parts).subarray(0, size);
  }

  offsetOf(cluster: number): number {
    return this.#data + (cluster - 2) * this.clusterBytes;
  }

  /** The first cluster that is nobody's. */
  freeCluster(): number {
    for (let cluster = 2; cluster < this.clusters + 2; cluster++)
      if (this.#next(cluster) === 0) return cluster;
    return this.#t.skip('needs a free cluster');
  }

  /** Where the entry behind all others of the root directory would lie. */
  async freeEntry(): Promise<number> {
    const root = await this.#io.read(this.root, this.rootBytes);
    for (let at = 0; at < root.length; at += ENTRY) if (root[at] === 0) return this.root + at;
    return this.#t.skip('needs room in the root directory');
  }

  get isFat16(): boolean {
    return this.clusters >= 4085 && !this.isFat32;
  }

  get isFat32(): boolean {
    return this.rootBytes === 0;
  }

  /** The first table. */
  get table(): Buffer {
    return this.#table;
  }

  #next(cluster: number): number {
    if (this.isFat32) return this.#table.readUInt32LE(cluster * 4) & 0x0fffffff;
    if (this.isFat16) return this.#table.readUInt16LE(cluster * 2);
    const pair = this.#table.readUInt16LE(Math.floor(cluster * 1.5));
    return cluster % 2 === 0 ? pair & 0xfff : pair >> 4;
  }

  #chain(first: number): number[] {
    const last = this.isFat32 ? 0x0ffffff8 : this.isFat16 ? 0xfff8 : 0xff8;
    const chain: number[] = [];
    for (let cluster = first; cluster !== 0 && cluster < last; cluster = this.#next(cluster)) {
      this.#t.check(
        cluster >= 2 && cluster < this.clusters + 2 && chain.length < this.clusters,
        'chains must lead from cluster to cluster and end',
        `one comes to ${cluster}`,
      );
      chain.push(cluster);
    }
    return chain;
  }

  async #list(
    found: Map<string, FatFile>,
    path: string,
    self: FatFile | undefined,
    parent: number,
  ): Promise<void> {
    const own = self?.clusters[0] ?? 0;
    const dots: number[] = [];
    for (const file of await this.#entries(self)) {
      if (self && dots.length < 2) {
        this.#t.equal(
          file.short.trimEnd(),
          dots.length === 0 ? '.' : '..',
          'a directory must begin with . and ..',
        );
        dots.push(file.clusters[0] ?? 0);
        continue;
      }
      const full = path + file.name;
      found.set(file.isDirectory ? `${full}/` : full, file);
      if (file.isDirectory) await this.#list(found, `${full}/`, file, own);
    }
    if (self) this.#t.equal(dots, [own, parent], '. and .. must lead to the directory and to the one above');
  }

  async #entries(directory: FatFile | undefined): Promise<FatFile[]> {
    const clusters = directory?.clusters ?? (this.isFat32 ? this.#chain(this.#rootCluster) : undefined);
    const areas = clusters
      ? clusters.map((cluster) => [this.offsetOf(cluster), this.clusterBytes] as const)
      : [[this.root, this.rootBytes] as const];
    const files: FatFile[] = [];
    let pieces: Buffer[] = [];
    for (const [start, length] of areas) {
      const bytes = await this.#io.read(start, length);
      for (let at = 0; at < length; at += ENTRY) {
        const entry = bytes.subarray(at, at + ENTRY);
        if (entry[0] === 0) return files;
        const attributes = entry[11]!;
        if (entry[0] === 0xe5) pieces = [];
        else if ((attributes & 0x3f) === 0x0f) pieces.push(entry);
        else {
          if ((attributes & 0x08) === 0) files.push(this.#file(entry, start + at, pieces));
          pieces = [];
        }
      }
    }
    return files;
  }

  #file(entry: Buffer, at: number, pieces: readonly Buffer[]): FatFile {
    const short = entry.toString('latin1', 0, 11);
    const date = entry.readUInt16LE(24);
    const isDirectory = (entry[11]! & 0x10) !== 0;
    return {
      name: pieces.length > 0 ? this.#longName(entry, pieces) : nameOf(short),
      short,
      at,
      pieces: pieces.length,
      isDirectory,
      size: entry.readUInt32LE(28),
      clusters: this.#chain(entry.readUInt16LE(20) * 0x10000 + entry.readUInt16LE(26)),
      date: { year: 1980 + (date >> 9), month: (date >> 5) & 15, day: date & 31 },
    };
  }

  #longName(entry: Buffer, pieces: readonly Buffer[]): string {
    let sum = 0;
    for (const byte of entry.subarray(0, 11)) sum = (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff;
    const numbers = pieces.map((piece) => piece[0]!);
    const expected = pieces.map((_, i) => pieces.length - i + (i === 0 ? 0x40 : 0));
    this.#t.equal(numbers, expected, 'the pieces of a long name must stand from the last to the first');
    this.#t.check(
      pieces.every((piece) => piece[13] === sum),
      'the pieces of a long name must have the checksum of the short one',
      `they have ${shown(pieces.map((piece) => piece[13]!))}, and that is ${sum}`,
    );
    const text = pieces
      .toReversed()
      .map((piece) => Buffer.concat(PIECE.map(([from, to]) => piece.subarray(from, to))).toString('utf16le'))
      .join('');
    return text.replace(/\0.*$/s, '');
  }
}

function nameOf(short: string): string {
  const extension = short.slice(8).trimEnd();
  return short.slice(0, 8).trimEnd() + (extension === '' ? '' : `.${extension}`);
}
