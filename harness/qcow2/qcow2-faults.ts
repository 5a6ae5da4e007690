/**
 * What is wrong with a qcow2 image that nobody has open: every cluster of the file must be counted as often as it is referred to,
 * the COPIED flags must agree with the counts, and header, snapshot table and bitmap directory must be such as the format
 * allows. Written from the public format specification.
 */

import { nonzeroEntries } from './nonzero.ts';
import {
  AUTOCLEAR,
  COMPRESSED,
  COPIED,
  EXTENSION,
  HEADER_LENGTH,
  INCOMPATIBLE,
  MAGIC,
  OFFSET_MASK,
  parseQcow2Header,
  type Qcow2Header,
} from './qcow2-header.ts';
import { nonzeroRefcounts } from './qcow2-refcounts.ts';
import { storedSnapshots } from './snapshot-table.ts';
import { parseBitmaps } from './stored-bitmap-directory.ts';

/** A leak wastes space; anything else may cost data. */
export interface Qcow2Fault {
  readonly kind: 'corruption' | 'leak';
  /** In plain words, without subject: it is said of the image. */
  readonly text: string;
}

const L1_RESERVED = 0x7f00_0000_0000_01ffn;
const L2_RESERVED = 0x3f00_0000_0000_01fen;
const EXTERNAL_DATA = 4n;
const COMPRESSION_TYPE = 8n;
const EXTENDED_L2 = 16n;
const KNOWN_INCOMPATIBLE = 31n;
const KNOWN_AUTOCLEAR = 3n;

/** Faults of an image; none of one that says itself that it is corrupt. */
export function qcow2Faults(bytes: Buffer): readonly Qcow2Fault[] {
  try {
    if (bytes.length < HEADER_LENGTH) return [{ kind: 'corruption', text: 'is shorter than its header' }];
    const header = parseQcow2Header(bytes);
    if ((header.incompatible & INCOMPATIBLE.corrupt) !== 0n) return [];
    return new Inspection(bytes, header).faults;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return [{ kind: 'corruption', text: 'has structures that lead out of the file' }];
  }
}

/** Magic and version. */
export const QCOW2_START_BYTES = 8;

/** Whether a file whose first `QCOW2_START_BYTES` these are begins as a qcow2 image does. */
export function startsAsQcow2(bytes: Buffer): boolean {
  // version 1 is the format qcow, which has other tables
  return bytes.length >= QCOW2_START_BYTES && bytes.readUInt32BE(0) === MAGIC && bytes.readUInt32BE(4) !== 1;
}

class Inspection {
  readonly faults: Qcow2Fault[] = [];
  readonly #bytes: Buffer;
  readonly #header: Qcow2Header;
  readonly #clusterSize: number;
  /** By cluster of the file. */
  readonly #references = new Map<number, number>();
  readonly #counts: ReadonlyMap<number, bigint>;

  constructor(bytes: Buffer, header: Qcow2Header) {
    this.#bytes = bytes;
    this.#header = header;
    this.#clusterSize = header.clusterSize;
    this.#inspectHeader();
    // what lies where cannot be told
    if (this.#isOdd) {
      this.#counts = new Map();
      return;
    }
    this.#counts = nonzeroRefcounts(bytes, header);
    this.#refer(0, this.#clusterSize);
    this.#inspectRefcounts();
    this.#walkTable(header.l1Offset, header.l1Size, true);
    this.#walkSnapshots();
    this.#walkBitmaps();
    const luks = header.extensions.get(EXTENSION.encryption);
    if (luks) this.#refer(Number(luks.readBigUInt64BE(0)), Number(luks.readBigUInt64BE(8)));
    this.#compare();
  }

  #corrupt(text: string): void {
    if (!this.faults.some((fault) => fault.text === text)) this.faults.push({ kind: 'corruption', text });
  }

  /** The size of a cluster or of a count is none that the format has. */
  get #isOdd(): boolean {
    return this.#clusterSize < 512 || this.#clusterSize > 2 << 20 || this.#header.refcountBits > 64;
  }

  #inspectHeader(): void {
    const { version, size, l1Size, clusterSize, incompatible, compatible, autoclear } = this.#header;
    const { refcountBits, extensions, encryption, headerLength } = this.#header;
    if (version !== 2 && version !== 3) this.#corrupt(`is of version ${version}`);
    if (this.#isOdd) this.#corrupt(`has clusters of ${clusterSize} bytes and counts of ${refcountBits} bits`);
    if (headerLength % 8 !== 0) this.#corrupt(`has a header of ${headerLength} bytes`);
    if ((incompatible & ~KNOWN_INCOMPATIBLE) !== 0n)
      this.#corrupt('has incompatible features that are not defined');
    if ((incompatible & INCOMPATIBLE.dirty) !== 0n) this.#corrupt('is still marked as dirty');
    if ((compatible & ~1n) !== 0n) this.#corrupt('has compatible features that are not defined');
    if ((autoclear & ~KNOWN_AUTOCLEAR) !== 0n) this.#corrupt('has autoclear features that are not defined');
    if ((autoclear & AUTOCLEAR.bitmaps) !== 0n && !extensions.has(EXTENSION.bitmaps))
      this.#corrupt('has the feature of bitmaps, and no extension for them');
    if ((autoclear & 2n) !== 0n && (incompatible & EXTERNAL_DATA) === 0n)
      this.#corrupt('has raw external data, and no external data file');
    const compression = headerLength > 104 ? this.#bytes[104]! : 0;
    if ((compression !== 0) !== ((incompatible & COMPRESSION_TYPE) !== 0n))
      this.#corrupt('has a compression type that disagrees with its feature bit');
    if (encryption > 2) this.#corrupt(`has the encryption method ${encryption}`);
    if ((encryption === 2) !== extensions.has(EXTENSION.encryption))
      this.#corrupt('has an encryption method that disagrees with its header extension');
    const names = extensions.get(EXTENSION.featureNames);
    if (names && names.length % 48 !== 0) this.#corrupt('has a broken table of feature names');
    if (l1Size * this.#perTable * clusterSize < size) this.#corrupt('has an L1 table too small for its size');
  }

  /** Guest clusters of an L2 table. */
  get #perTable(): number {
    return this.#clusterSize / this.#entryBytes;
  }

  get #entryBytes(): number {
    return (this.#header.incompatible & EXTENDED_L2) === 0n ? 8 : 16;
  }

  /** What lies behind the end of the file is not there to be counted. */
  #refer(offset: number, length: number): void {
    const end = Math.min(
      offset + length,
      Math.ceil(this.#bytes.length / this.#clusterSize) * this.#clusterSize,
    );
    for (let at = Math.floor(offset / this.#clusterSize); at * this.#clusterSize < end; at += 1)
      this.#references.set(at, (this.#references.get(at) ?? 0) + 1);
  }

  /** A structure that begins at a cluster's border. */
  #referAligned(what: string, offset: number, length: number): void {
    if (offset % this.#clusterSize !== 0) this.#corrupt(`has ${what} that begins within a cluster`);
    if (offset >= this.#bytes.length) this.#corrupt(`has ${what} behind the end of the file`);
    else this.#refer(offset, length);
  }

  #inspectRefcounts(): void {
    const { refcountTableOffset: table, refcountTableClusters: clusters } = this.#header;
    const length = clusters * this.#clusterSize;
    this.#referAligned('a refcount table', table, length);
    const end = Math.min(table + length, this.#bytes.length);
    for (const at of nonzeroEntries(this.#bytes, table, end, 8)) {
      const entry = this.#bytes.readBigUInt64BE(at);
      if ((entry & 511n) !== 0n) this.#corrupt('has reserved bits in its refcount table');
      this.#referAligned('a refcount block', Number(entry), this.#clusterSize);
    }
  }

  #walkTable(offset: number, entries: number, isActive: boolean): void {
    if (entries === 0) return;
    this.#referAligned('an L1 table', offset, entries * 8);
    for (let index = 0; index < entries; index += 1) {
      const entry = this.#bytes.readBigUInt64BE(offset + index * 8);
      const table = Number(entry & OFFSET_MASK);
      if ((entry & L1_RESERVED) !== 0n) this.#corrupt('has reserved bits in its L1 table');
      if (table === 0) continue;
      this.#referAligned('an L2 table', table, this.#clusterSize);
      if (isActive) this.#checkCopied('an L2 table', table, entry);
      if (table < this.#bytes.length) this.#walkL2(table, isActive);
    }
  }

  #walkL2(table: number, isActive: boolean): void {
    const { version, incompatible } = this.#header;
    const end = Math.min(table + this.#clusterSize, this.#bytes.length);
    for (const at of nonzeroEntries(this.#bytes, table, end, this.#entryBytes)) {
      const entry = this.#bytes.readBigUInt64BE(at);
      if ((entry & COMPRESSED) !== 0n) {
        this.#referCompressed(entry);
        continue;
      }
      if ((entry & L2_RESERVED) !== 0n) this.#corrupt('has reserved bits in an L2 table');
      if ((entry & 1n) !== 0n && (version === 2 || this.#entryBytes === 16))
        this.#corrupt('has a cluster marked as zero that cannot be');
      const offset = Number(entry & OFFSET_MASK);
      if (offset === 0) {
        if ((entry & COPIED) !== 0n && (incompatible & EXTERNAL_DATA) === 0n)
          this.#corrupt('has the COPIED flag at a cluster without a place');
        continue;
      }
      if ((incompatible & EXTERNAL_DATA) !== 0n) continue;
      if (offset % this.#clusterSize !== 0) this.#corrupt('has data that begins within a cluster');
      this.#refer(offset, this.#clusterSize);
      if (isActive) this.#checkCopied('data', offset, entry);
    }
  }

  #referCompressed(entry: bigint): void {
    if ((entry & COPIED) !== 0n) this.#corrupt('has the COPIED flag at a compressed cluster');
    const shift = BigInt(62 - (Math.log2(this.#clusterSize) - 8));
    const offset = Number(entry & ((1n << shift) - 1n));
    const sectors = Number((entry & (COMPRESSED - 1n)) >> shift) + 1;
    this.#refer(offset, sectors * 512 - (offset % 512));
  }

  #checkCopied(what: string, offset: number, entry: bigint): void {
    const isAlone = this.#counts.get(Math.floor(offset / this.#clusterSize)) === 1n;
    if (isAlone !== ((entry & COPIED) !== 0n))
      this.#corrupt(`has a COPIED flag at ${what} that disagrees with the count`);
  }

  #walkSnapshots(): void {
    const { snapshots, snapshotsOffset, version } = this.#header;
    if (snapshots === 0) return;
    let tableEnd = snapshotsOffset;
    const ids = new Set<string>();
    for (const { id, size, l1Offset, l1Size, end } of storedSnapshots(this.#bytes, this.#header)) {
      if (id === '' || ids.has(id)) this.#corrupt('has a snapshot without an id of its own');
      if (version === 3 && size === null) this.#corrupt('has a snapshot that does not tell its size');
      ids.add(id);
      this.#walkTable(l1Offset, l1Size, false);
      tableEnd = end;
    }
    this.#referAligned('a snapshot table', snapshotsOffset, tableEnd - snapshotsOffset);
  }

  #walkBitmaps(): void {
    if (
      (this.#header.autoclear & AUTOCLEAR.bitmaps) === 0n ||
      !this.#header.extensions.has(EXTENSION.bitmaps)
    )
      return;
    const { directory, bitmaps, faults } = parseBitmaps(this.#bytes, this.#header);
    for (const text of faults) this.#corrupt(text);
    this.#referAligned('a bitmap directory', directory.offset, directory.length);
    for (const { table, clusters } of bitmaps) {
      this.#referAligned('a bitmap table', table.offset, table.length);
      for (const offset of clusters) this.#referAligned('data of a bitmap', offset, this.#clusterSize);
    }
  }

  #compare(): void {
    let leaked = 0;
    for (const [cluster, count] of this.#counts) {
      const references = BigInt(this.#references.get(cluster) ?? 0);
      if (count > references) leaked += 1;
    }
    for (const [cluster, references] of this.#references)
      if ((this.#counts.get(cluster) ?? 0n) < BigInt(references))
        this.#corrupt('counts a cluster less often than it is referred to');
    if (leaked > 0)
      this.faults.push({
        kind: 'leak',
        text: `counts ${leaked} clusters more often than they are referred to`,
      });
  }
}
