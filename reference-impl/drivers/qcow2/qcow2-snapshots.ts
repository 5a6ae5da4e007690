/**
 * Internal snapshots: a table of them, each with an L1 table of its own whose clusters it shares with the disk.
 *
 * The table is written anew at another place with each change, and the header then points at it: a crash leaks at worst.
 */
import type { SnapshotInfo } from '../../../spec/generated/qmp.ts';
import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import { MAX_L1_BYTES, MAX_SNAPSHOTS } from './header.ts';
import type { Image } from './image.ts';
import { offsetOf } from './mapping.ts';
import { changeCounts, markCopied } from './sharing.ts';
import { readL1 } from './walk.ts';

const FIXED = 40;
const MAX_TABLE_BYTES = 64 << 20;
const MAX_EXTRA_BYTES = 1024;

interface Snapshot {
  readonly l1Offset: number;
  /** Entries. */
  readonly l1Size: number;
  readonly id: string;
  readonly name: string;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly vmClock: bigint;
  readonly vmStateSize: bigint;
  /** The size of the disk, in bytes. */
  readonly size: bigint;
  /** What follows the fields that we know, kept as it is. */
  readonly extra: Uint8Array;
}

type Taken = Pick<Snapshot, 'name' | 'seconds' | 'nanoseconds'>;

export class Snapshots {
  readonly #image: Image;
  #entries: Snapshot[] = [];
  #tableBytes = 0;
  #l2Tables: Promise<Set<number>> | undefined;

  constructor(image: Image) {
    this.#image = image;
  }

  get entries(): readonly Snapshot[] {
    return this.#entries;
  }

  /** Size of the table in the file. */
  get tableBytes(): number {
    return this.#tableBytes;
  }

  /** Throws `CommandError`. */
  async open(): Promise<void> {
    const { header, file } = this.#image;
    let at = header.snapshotsOffset;
    for (let i = 0; i < header.snapshotCount; i++) {
      const fixed = new Uint8Array(FIXED);
      await file.read(at, fixed);
      const view = new DataView(fixed.buffer);
      const length = entryLength(view);
      if (view.getUint32(36) > MAX_EXTRA_BYTES || at + length - header.snapshotsOffset > MAX_TABLE_BYTES) {
        throw new CommandError('Could not read snapshots: File too large');
      }
      const bytes = new Uint8Array(length);
      await file.read(at, bytes);
      this.#entries.push(parseEntry(bytes, header.size));
      at += length;
    }
    this.#tableBytes = at - header.snapshotsOffset;
  }

  list(): SnapshotInfo[] {
    return this.#entries.map((entry) => ({
      id: entry.id,
      name: entry.name,
      'vm-state-size': exact(entry.vmStateSize),
      'date-sec': entry.seconds,
      'date-nsec': entry.nanoseconds,
      'vm-clock-sec': exact(entry.vmClock / 1_000_000_000n),
      'vm-clock-nsec': Number(entry.vmClock % 1_000_000_000n),
    }));
  }

  /** Takes a snapshot with the next free id. Nothing is in flight. Throws `IoError`. */
  create(taken: Taken): Promise<void> {
    const image = this.#image;
    return image.metadata.run(async () => {
      if (this.#entries.length >= MAX_SNAPSHOTS) throw new IoError('EFBIG');
      await this.#flush();
      const { header, mapping, refcounts } = image;
      await image.markDirty();
      const bytes = Math.max(header.l1Size, 1) * 8;
      const l1Offset = await refcounts.allocate(Math.ceil(bytes / image.clusterSize));
      await image.corruption.checkWrite(l1Offset, bytes);
      try {
        await changeCounts(image, mapping.l1, 1);
      } catch (error) {
        await refcounts.free(l1Offset, bytes);
        throw error;
      }
      try {
        await refcounts.cache.flush();
        await markCopied(image);
        await mapping.flush();
        await image.file.write(l1Offset, new Uint8Array(mapping.l1.buffer.slice(0)));
        await this.#store([...this.#entries, this.#taken(taken, l1Offset)]);
      } catch (error) {
        await changeCounts(image, mapping.l1, -1);
        await refcounts.free(l1Offset, bytes);
        await markCopied(image);
        throw error;
      }
    });
  }

  /** The entry for what the image holds now. */
  #taken(taken: Taken, l1Offset: number): Snapshot {
    const { header } = this.#image;
    const ids = this.#entries.map(({ id }) => Number.parseInt(id, 10) || 0);
    return {
      ...taken,
      id: String(Math.max(0, ...ids) + 1),
      l1Offset,
      l1Size: header.l1Size,
      vmClock: 0n,
      vmStateSize: 0n,
      size: BigInt(header.size),
      extra: new Uint8Array(),
    };
  }

  /** Removes the snapshot with this id and what only it refers to. Nothing is in flight. Throws `IoError`. */
  delete(id: string): Promise<void> {
    const image = this.#image;
    return image.metadata.run(async () => {
      const found = this.#entries.find((entry) => entry.id === id);
      if (!found) throw new IoError('ENOENT');
      const l1 = await this.#l1Of(found);
      await this.#flush();
      await image.markDirty();
      await this.#store(this.#entries.filter((entry) => entry !== found));
      const dropped = await changeCounts(image, l1, -1);
      await image.refcounts.free(found.l1Offset, found.l1Size * 8);
      await markCopied(image);
      await image.giveBack(
        dropped.map((cluster) => cluster * image.clusterSize),
        'snapshot',
      );
    });
  }

  /** The L1 table of a snapshot. Throws `IoError` for a table that cannot be one. */
  async #l1Of({ l1Offset, l1Size }: Snapshot): Promise<DataView> {
    if (l1Size * 8 > MAX_L1_BYTES) throw new IoError('EFBIG');
    if (l1Offset % this.#image.clusterSize !== 0) throw new IoError('EINVAL');
    return readL1(this.#image, l1Offset, l1Size);
  }

  /** The L1 tables of all snapshots, one after the other. */
  async *l1Tables(): AsyncGenerator<{ snapshot: Snapshot; l1: DataView }> {
    for (const snapshot of this.#entries) yield { snapshot, l1: await this.#l1Of(snapshot) };
  }

  /** Offsets of the L2 tables of all snapshots. */
  l2Tables(): Promise<Set<number>> {
    this.#l2Tables ??= this.#readL2Tables();
    return this.#l2Tables;
  }

  async #readL2Tables(): Promise<Set<number>> {
    const found = new Set<number>();
    for await (const { l1 } of this.l1Tables()) {
      for (let at = 0; at < l1.byteLength; at += 8)
        found.add(offsetOf(l1.getUint32(at), l1.getUint32(at + 4)));
    }
    found.delete(0);
    return found;
  }

  async #flush(): Promise<void> {
    await this.#image.mapping.flush();
    await this.#image.refcounts.cache.flush();
  }

  /** Writes the table at a new place, points the header at it, and frees the old one. */
  async #store(entries: Snapshot[]): Promise<void> {
    const { header, refcounts, file, corruption } = this.#image;
    const table = Buffer.concat(entries.map(serialiseEntry));
    if (table.length > MAX_TABLE_BYTES) throw new IoError('EFBIG');
    const old = { offset: header.snapshotsOffset, bytes: this.#tableBytes };
    let offset = 0;
    if (table.length > 0) {
      offset = await refcounts.allocate(Math.ceil(table.length / this.#image.clusterSize));
      await corruption.checkWrite(offset, table.length);
      await refcounts.cache.flush();
      await file.write(offset, table);
    }
    await file.flush();
    const count = header.snapshotCount;
    header.snapshotsOffset = offset;
    header.snapshotCount = entries.length;
    try {
      await this.#image.writeHeader();
    } catch (error) {
      header.snapshotsOffset = old.offset;
      header.snapshotCount = count;
      await refcounts.free(offset, table.length);
      throw error;
    }
    this.#entries = entries;
    this.#tableBytes = table.length;
    this.#l2Tables = undefined;
    await this.#image.freeReplaced(old.offset, old.bytes, 'snapshot');
  }
}

/** Bytes of an entry, padding included, from its fixed part. */
function entryLength(view: DataView): number {
  const parts = FIXED + view.getUint32(36) + view.getUint16(12) + view.getUint16(14);
  return Math.ceil(parts / 8) * 8;
}

function parseEntry(bytes: Uint8Array, diskSize: number): Snapshot {
  const view = new DataView(bytes.buffer);
  const extra = bytes.slice(FIXED, FIXED + view.getUint32(36));
  const extraView = new DataView(extra.buffer);
  const idAt = FIXED + extra.length;
  const nameAt = idAt + view.getUint16(12);
  const text = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString('utf8');
  return {
    l1Offset: view.getUint32(0) * 2 ** 32 + view.getUint32(4),
    l1Size: view.getUint32(8),
    id: text(idAt, nameAt),
    name: text(nameAt, nameAt + view.getUint16(14)),
    seconds: view.getUint32(16),
    nanoseconds: view.getUint32(20),
    vmClock: view.getBigUint64(24),
    vmStateSize: extra.length >= 8 ? extraView.getBigUint64(0) : BigInt(view.getUint32(32)),
    size: extra.length >= 16 ? extraView.getBigUint64(8) : BigInt(diskSize),
    extra: extra.slice(16),
  };
}

function serialiseEntry(entry: Snapshot): Uint8Array {
  const id = Buffer.from(entry.id);
  const name = Buffer.from(entry.name);
  const extraBytes = 16 + entry.extra.length;
  const bytes = new Uint8Array(Math.ceil((FIXED + extraBytes + id.length + name.length) / 8) * 8);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(entry.l1Offset));
  view.setUint32(8, entry.l1Size);
  view.setUint16(12, id.length);
  view.setUint16(14, name.length);
  view.setUint32(16, entry.seconds);
  view.setUint32(20, entry.nanoseconds);
  view.setBigUint64(24, entry.vmClock);
  view.setUint32(32, entry.vmStateSize > 0xffffffffn ? 0 : Number(entry.vmStateSize));
  view.setUint32(36, extraBytes);
  view.setBigUint64(FIXED, entry.vmStateSize);
  view.setBigUint64(FIXED + 8, entry.size);
  bytes.set(entry.extra, FIXED + 16);
  bytes.set(id, FIXED + extraBytes);
  bytes.set(name, FIXED + extraBytes + id.length);
  return bytes;
}

function exact(value: bigint): number | bigint {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? value : Number(value);
}
