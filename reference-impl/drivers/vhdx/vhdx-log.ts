/**
 * The log of a VHDX image: changes of metadata stand in it, on stable storage, before they are made. It is a ring of entries;
 * those that are to be replayed have the id that the header names, and follow each other without a gap.
 *
 * We keep at most one entry in use: it is written, the header is made to name it, the changes are made, the header is
 * made to name none.
 */
import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { TableUnit } from '../clustered/pending-table.ts';
import { writeUnits } from '../clustered/write-units.ts';
import type { ChildHandle } from '../driver.ts';
import {
  GUID_BYTES,
  isWhole,
  MIB,
  seal,
  startsWith,
  uint64At,
  type VhdxHeaders,
  viewOf,
} from './vhdx-headers.ts';

/** What is logged as a whole, and the unit of the ring. */
export const LOG_SECTOR = 4096;
const ENTRY_HEADER = 64;
const DESCRIPTOR = 32;
/** Sectors that we log at a time: an entry fits in half of the smallest log. */
export const MOST_LOGGED = 100;
/** The largest entry that is read; a log is mostly 1 MiB. */
const MOST_ENTRY = 16 * MIB;
/** How far the search for what is to be replayed goes, in steps and in bytes for each of the log's. */
const MOST_WORK = 4;
const NO_ID = new Uint8Array(GUID_BYTES);
/** Of a data sector, the bytes in front and at the end that stand in the descriptor, as the sector marks itself there. */
const [LEADING, TRAILING] = [8, 4];

interface Entry {
  /** Bytes of the log. */
  readonly at: number;
  readonly length: number;
  readonly tail: number;
  readonly sequence: bigint;
}

export class VhdxLog {
  readonly #file: ChildHandle;
  readonly #headers: VhdxHeaders;
  readonly #newId: () => Uint8Array;
  #sequence = 1n;
  /** Which half of the ring the next entry gets: the last one stays whole until that is there. */
  #half = 0;

  constructor(file: ChildHandle, headers: VhdxHeaders, newId: () => Uint8Array) {
    this.#file = file;
    this.#headers = headers;
    this.#newId = newId;
  }

  /** Makes the changes that the log holds, if it holds any. Throws `CommandError` or `IoError`. */
  async replay(readOnly: boolean): Promise<void> {
    if (Buffer.compare(this.#headers.logId, NO_ID) === 0) return;
    const entries = await this.#toReplay();
    if (entries.length > 0) {
      if (readOnly)
        throw new CommandError(
          'VHDX image file opened read-only, but contains a log that needs to be replayed\nTo replay the log, run:\nqemu-img check -r all',
        );
      for (const bytes of entries) await this.#apply(bytes);
      await this.#file.flush();
    }
    if (!readOnly) await this.#headers.change({ logId: NO_ID });
  }

  /** Has sectors of metadata changed, by way of the log. At most `MOST_LOGGED`. */
  async write(units: readonly TableUnit[]): Promise<void> {
    const { offset, length } = this.#headers.log;
    const id = this.#newId();
    const at = this.#half === 0 ? 0 : length / 2;
    this.#half = 1 - this.#half;
    this.#sequence += 1n;
    const entry = newEntry(units, { at, id, sequence: this.#sequence, fileLength: this.#file.length() });
    await this.#file.write(offset + at, entry);
    await this.#file.flush();
    await this.#headers.change({ logId: id });
    await writeUnits(this.#file, units);
    await this.#file.flush();
    await this.#headers.change({ logId: NO_ID });
  }

  /** The entries of the sequence that ends with the highest number, in order; none if no sequence is whole. */
  async #toReplay(): Promise<readonly Uint8Array[]> {
    const candidates = await this.#candidates();
    const budget = { bytes: this.#headers.log.length * MOST_WORK, steps: candidates.size * MOST_WORK };
    const heads = [...candidates.values()].toSorted((a, b) => (a.sequence < b.sequence ? 1 : -1));
    for (const head of heads) {
      const chain = chainTo(head, candidates, this.#headers.log.length, budget);
      const entries: Uint8Array[] = [];
      for (const entry of chain) {
        budget.bytes -= entry.length;
        if (budget.bytes < 0) throw new IoError('EINVAL');
        const bytes = await this.#read(entry);
        if (!isSound(bytes)) break;
        entries.push(bytes);
      }
      if (chain.length > 0 && entries.length === chain.length) {
        this.#checkLength(entries.at(-1)!);
        return entries;
      }
    }
    return [];
  }

  /** What looks like an entry with the right id, by its place. */
  async #candidates(): Promise<Map<number, Entry>> {
    const { offset, length } = this.#headers.log;
    const found = new Map<number, Entry>();
    for (let start = 0; start < length; start += MIB) {
      const bytes = new Uint8Array(MIB);
      await this.#file.read(offset + start, bytes);
      for (let at = 0; at < MIB; at += LOG_SECTOR) {
        const entry = entryAt(bytes.subarray(at, at + ENTRY_HEADER), start + at);
        const isOurs = entry && this.#isOurs(bytes.subarray(at, at + ENTRY_HEADER));
        if (isOurs && entry.length <= Math.min(length, MOST_ENTRY) && entry.tail < length)
          found.set(start + at, entry);
      }
    }
    return found;
  }

  #isOurs(header: Uint8Array): boolean {
    return Buffer.compare(header.subarray(32, 32 + GUID_BYTES), this.#headers.logId) === 0;
  }

  /** An entry goes on at the start of the ring where that ends. */
  async #read({ at, length }: Entry): Promise<Uint8Array> {
    const { offset, length: ring } = this.#headers.log;
    const bytes = new Uint8Array(length);
    const first = Math.min(length, ring - at);
    await this.#file.read(offset + at, bytes.subarray(0, first));
    await this.#file.read(offset, bytes.subarray(first));
    return bytes;
  }

  /** What was on stable storage when the last entry was written must be there. */
  #checkLength(head: Uint8Array): void {
    if (uint64At(viewOf(head), 48) > this.#file.length()) throw new IoError('EINVAL');
  }

  async #apply(entry: Uint8Array): Promise<void> {
    const view = viewOf(entry);
    const last = uint64At(view, 56);
    const lengthBefore = this.#file.length();
    if (last > lengthBefore) await this.#grow(last);
    let sector = descriptorBytes(view.getUint32(24, true));
    for (let i = 0; i < view.getUint32(24, true); i++) {
      const at = ENTRY_HEADER + i * DESCRIPTOR;
      const offset = uint64At(view, at + 16);
      if (startsWith(entry.subarray(at), 'zero')) {
        const length = uint64At(view, at + 8);
        const used = Math.min(length, lengthBefore - offset);
        if (used > 0) await this.#file.writeZeroes(offset, used);
      } else {
        const bytes = entry.slice(sector, sector + LOG_SECTOR);
        bytes.set(entry.subarray(at + 8, at + 8 + LEADING));
        bytes.set(entry.subarray(at + 4, at + 4 + TRAILING), LOG_SECTOR - TRAILING);
        if (offset + LOG_SECTOR > this.#file.length()) throw new IoError('EINVAL');
        await this.#file.write(offset, bytes);
        sector += LOG_SECTOR;
      }
    }
  }

  async #grow(length: number): Promise<void> {
    try {
      await this.#file.truncate(length);
    } catch (error) {
      throw error instanceof CommandError ? new IoError('ENOSPC', { cause: error }) : error;
    }
  }
}

/** Bytes of the entry's head and its descriptors, in whole sectors. */
function descriptorBytes(count: number): number {
  return Math.ceil((ENTRY_HEADER + count * DESCRIPTOR) / LOG_SECTOR) * LOG_SECTOR;
}

/** What the head of an entry says; undefined if it is none. */
function entryAt(header: Uint8Array, at: number): Entry | undefined {
  if (!startsWith(header, 'loge')) return undefined;
  const view = viewOf(header);
  const [length, tail] = [view.getUint32(8, true), view.getUint32(12, true)];
  const sequence = view.getBigUint64(16, true);
  const isEntry = length > 0 && length % LOG_SECTOR === 0 && tail % LOG_SECTOR === 0 && sequence > 0n;
  return isEntry ? { at, length, tail, sequence } : undefined;
}

/** The entries from the tail of `head` up to it; none if there is a gap. */
function chainTo(
  head: Entry,
  candidates: ReadonlyMap<number, Entry>,
  ring: number,
  budget: { steps: number },
): Entry[] {
  const chain: Entry[] = [];
  for (let at = head.tail; ; ) {
    const entry = candidates.get(at);
    const before = chain.at(-1);
    if (!entry || (before && entry.sequence !== before.sequence + 1n)) return [];
    if (--budget.steps < 0) throw new IoError('EINVAL');
    chain.push(entry);
    if (entry === head) return chain;
    at = (entry.at + entry.length) % ring;
  }
}

/** Whether an entry is whole: its checksum, its descriptors, its sectors. */
function isSound(entry: Uint8Array): boolean {
  const view = viewOf(entry);
  const count = view.getUint32(24, true);
  const sequence = view.getBigUint64(16, true);
  let end = descriptorBytes(count);
  if (!isWhole(entry) || end > entry.length) return false;
  for (let i = 0; i < count; i++) {
    const at = ENTRY_HEADER + i * DESCRIPTOR;
    if (view.getBigUint64(at + 24, true) !== sequence || uint64At(view, at + 16) % LOG_SECTOR !== 0)
      return false;
    if (startsWith(entry.subarray(at), 'zero')) continue;
    if (!startsWith(entry.subarray(at), 'desc') || end + LOG_SECTOR > entry.length) return false;
    if (!isDataSector(entry.subarray(end, end + LOG_SECTOR), sequence)) return false;
    end += LOG_SECTOR;
  }
  return true;
}

function isDataSector(sector: Uint8Array, sequence: bigint): boolean {
  const view = viewOf(sector);
  const marks = (BigInt(view.getUint32(4, true)) << 32n) | BigInt(view.getUint32(LOG_SECTOR - 4, true));
  return startsWith(sector, 'data') && marks === sequence;
}

interface NewEntry {
  /** Bytes of the log. */
  readonly at: number;
  readonly id: Uint8Array;
  readonly sequence: bigint;
  readonly fileLength: number;
}

function newEntry(units: readonly TableUnit[], { at, id, sequence, fileLength }: NewEntry): Uint8Array {
  const head = descriptorBytes(units.length);
  const bytes = new Uint8Array(head + units.length * LOG_SECTOR);
  const view = viewOf(bytes);
  bytes.set(Buffer.from('loge'));
  view.setUint32(8, bytes.length, true);
  view.setUint32(12, at, true);
  view.setBigUint64(16, sequence, true);
  view.setUint32(24, units.length, true);
  bytes.set(id, 32);
  view.setBigUint64(48, BigInt(fileLength), true);
  view.setBigUint64(56, BigInt(fileLength), true);
  for (const [index, unit] of units.entries()) {
    const descriptor = ENTRY_HEADER + index * DESCRIPTOR;
    bytes.set(Buffer.from('desc'), descriptor);
    bytes.set(unit.bytes.subarray(LOG_SECTOR - TRAILING), descriptor + 4);
    bytes.set(unit.bytes.subarray(0, LEADING), descriptor + 8);
    view.setBigUint64(descriptor + 16, BigInt(unit.offset), true);
    view.setBigUint64(descriptor + 24, sequence, true);
    const sector = head + index * LOG_SECTOR;
    bytes.set(unit.bytes, sector);
    bytes.set(Buffer.from('data'), sector);
    view.setUint32(sector + 4, Number(sequence >> 32n), true);
    view.setUint32(sector + LOG_SECTOR - 4, Number(sequence & 0xffffffffn), true);
  }
  return seal(bytes);
}
