/**
 * The metadata of a disk image of macOS (UDIF): which runs of the disk lie where in the file, and how each is packed.
 *
 * 1. a trailer at the end of the file says where a property list or a resource fork is
 * 2. there, each partition of the disk has a table
 * 3. a table lists runs of sectors
 *
 * Source: public descriptions of the format; limits and texts of errors as observed.
 */
import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { ChildHandle } from '../driver.ts';

export const SECTOR = 512;
const TRAILER_BYTES = 512;
const TRAILER_MAGIC = Buffer.from('koly');
const TABLE_MAGIC = 'mish';
const TABLE_HEADER_BYTES = 204;
const RUN_BYTES = 40;
/** Of the property list, or the resource fork. */
const MAX_LIST_BYTES = 16 << 20;
const MAX_RUN_SECTORS = 131072;
const MAX_RUN_BYTES = 64 << 20;

/** How a run is packed. Of other kinds nothing can be read. */
export const RunKind = {
  zeroes: 0,
  plain: 1,
  unused: 2,
  adc: 0x80000004,
  zlib: 0x80000005,
  bzip2: 0x80000006,
} as const;
/** Runs that stand for no sector. */
const COMMENT = 0x7ffffffe;
const END = 0xffffffff;

/** Consecutive sectors of the disk. */
export interface DiskRun {
  /** Tells it from the others. */
  readonly index: number;
  /** `RunKind`, or one unknown to us. */
  readonly kind: number;
  readonly firstSector: number;
  readonly sectors: number;
  /** Bytes in the file. */
  readonly offset: number;
  readonly length: number;
}

/** Of a partition: its runs as they stand in the file, without those that stand for no sector. */
interface Table {
  readonly firstSector: number;
  readonly dataOffset: number;
  /** The index of its first run. */
  readonly firstIndex: number;
  readonly runs: DataView;
}

export class DiskRuns {
  /** Of the disk, in bytes. */
  readonly size: number;
  /** By their first sector. */
  readonly #tables: readonly Table[];

  private constructor(size: number, tables: readonly Table[]) {
    this.size = size;
    this.#tables = tables.toSorted((a, b) => a.firstSector - b.firstSector);
  }

  /** Throws `CommandError`, or `IoError`. */
  static async read(file: ChildHandle): Promise<DiskRuns> {
    const trailerAt = await findTrailer(file);
    const trailer = await readPart(file, trailerAt, TRAILER_BYTES);
    const [dataFork, forkOffset, forkLength, listOffset, listLength, sectors] = [
      24, 40, 48, 216, 224, 492,
    ].map((at) => number64(trailer, at)) as [number, number, number, number, number, number];
    const lists = { fork: [forkOffset, forkLength], list: [listOffset, listLength] } as const;
    for (const [offset, length] of Object.values(lists))
      if (offset >= trailerAt || length > trailerAt - offset) throw new IoError('EINVAL');
    const isFork = forkLength > 0;
    const [offset, length] = isFork ? lists.fork : lists.list;
    if (length === 0 || length > MAX_LIST_BYTES) throw new IoError('EINVAL');
    const bytes = Buffer.from((await readPart(file, offset, length)).buffer);
    const tables: Table[] = [];
    let runs = 0;
    for (const resource of isFork ? resourcesOf(bytes) : dataOf(bytes)) {
      const table = readTable(resource, dataFork, runs);
      if (!table) continue;
      tables.push(table);
      runs += table.runs.byteLength / RUN_BYTES;
    }
    return new DiskRuns(sectors * SECTOR, tables);
  }

  /** The run that holds a sector; none where the image says nothing of it. */
  find(sector: number): DiskRun | undefined {
    const table =
      this.#tables[lastWithin(this.#tables.length, (i) => this.#tables[i]!.firstSector <= sector)];
    if (!table) return undefined;
    const count = table.runs.byteLength / RUN_BYTES;
    const place = lastWithin(count, (i) => runAt(table, i).firstSector <= sector);
    if (place < 0) return undefined;
    const run = runAt(table, place);
    return sector < run.firstSector + run.sectors ? run : undefined;
  }
}

/** The greatest index below `count` that `holds`, where all up to it do; -1 if none. */
function lastWithin(count: number, holds: (index: number) => boolean): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function number64(view: DataView, at: number): number {
  return Number(view.getBigUint64(at));
}

async function readPart(file: ChildHandle, offset: number, length: number): Promise<DataView> {
  const bytes = new Uint8Array(length);
  await file.read(offset, bytes);
  return new DataView(bytes.buffer);
}

/** It ends in the last sector, which need not be a whole one. */
async function findTrailer(file: ChildHandle): Promise<number> {
  const length = file.length();
  if (length < TRAILER_BYTES) throw new CommandError('dmg file must be at least 512 bytes long');
  const start = Math.max(0, length - 2 * TRAILER_BYTES + 1);
  const end = await readPart(file, start, length - TRAILER_BYTES - start + TRAILER_MAGIC.length);
  const found = Buffer.from(end.buffer).indexOf(TRAILER_MAGIC);
  if (found < 0) throw new CommandError('Could not locate UDIF trailer in dmg file');
  return start + found;
}

/** What a property list has as data. */
function* dataOf(list: Buffer): Generator<Buffer> {
  for (let at = 0; ; ) {
    const start = list.indexOf('<data>', at);
    if (start < 0) return;
    const end = list.indexOf('</data>', start);
    if (end < 0) throw new IoError('EINVAL');
    yield Buffer.from(list.toString('latin1', start + '<data>'.length, end), 'base64');
    at = end;
  }
}

/** The data of a resource fork: a header says where they are, and each is behind its length. */
function* resourcesOf(fork: Buffer): Generator<Buffer> {
  if (fork.length < 16) throw new IoError('EINVAL');
  const start = fork.readUInt32BE(0);
  const end = start + fork.readUInt32BE(8);
  if (end > fork.length) throw new IoError('EINVAL');
  for (let at = start; at < end; ) {
    const length = at + 4 <= end ? fork.readUInt32BE(at) : 0;
    if (length === 0 || at + 4 + length > end) throw new IoError('EINVAL');
    yield fork.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
}

/** The table that a resource is, if it is one. `firstIndex`: how many runs others have. Throws `CommandError`. */
function readTable(resource: Buffer, dataFork: number, firstIndex: number): Table | undefined {
  if (resource.length < TABLE_HEADER_BYTES || resource.toString('latin1', 0, 4) !== TABLE_MAGIC)
    return undefined;
  const view = new DataView(resource.buffer, resource.byteOffset, resource.length);
  const present = Math.floor((resource.length - TABLE_HEADER_BYTES) / RUN_BYTES);
  const count = Math.min(view.getUint32(200), present);
  const kept = Buffer.alloc(count * RUN_BYTES);
  let length = 0;
  for (let i = 0; i < count; i++) {
    const at = TABLE_HEADER_BYTES + i * RUN_BYTES;
    const kind = view.getUint32(at);
    if (kind === COMMENT || kind === END || number64(view, at + 16) === 0) continue;
    length += resource.copy(kept, length, at, at + RUN_BYTES);
  }
  const table = {
    firstSector: number64(view, 8),
    dataOffset: dataFork + number64(view, 24),
    firstIndex,
    runs: new DataView(kept.buffer, kept.byteOffset, length),
  };
  for (let i = 0; i * RUN_BYTES < length; i++) checkRun(runAt(table, i));
  return table;
}

function runAt({ firstSector, dataOffset, firstIndex, runs }: Table, place: number): DiskRun {
  const at = place * RUN_BYTES;
  return {
    index: firstIndex + place,
    kind: runs.getUint32(at),
    firstSector: firstSector + number64(runs, at + 8),
    sectors: number64(runs, at + 16),
    offset: dataOffset + number64(runs, at + 24),
    length: number64(runs, at + 32),
  };
}

/** Zeroes take no memory. */
function checkRun({ index, kind, sectors, length }: DiskRun): void {
  if (kind === RunKind.zeroes || kind === RunKind.unused) return;
  if (sectors > MAX_RUN_SECTORS)
    throw new CommandError(
      `sector count ${sectors} for chunk ${index} is larger than max (${MAX_RUN_SECTORS})`,
    );
  if (length > MAX_RUN_BYTES)
    throw new CommandError(`length ${length} for chunk ${index} is larger than max (${MAX_RUN_BYTES})`);
}
