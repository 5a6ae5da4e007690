/**
 * The disk of an image whose clusters a `ClusterMap` places: reads, writes, and what there is.
 *
 * - Tables change under one lock; data moves outside it.
 * - A cluster that is being placed is busy: a second request to it waits, so that nobody copies half a cluster.
 * - Data is in the file before an entry refers to it; over a backing file it is on stable storage before, as what
 *   would show otherwise is neither old nor new.
 * - A write that fails may cost the image the place that it took, and nothing else.
 */

import type { BlockStatus, ChildHandle } from '../driver.ts';
import { Lock } from '../lock.ts';
import type { ClusterMap, Run, Taken } from './cluster-map.ts';

/** Clusters that get a place, and what they were before. */
type New = Taken & Pick<Run, 'kind'>;

/** Bytes that are copied at once. */
const PIECE = 2 ** 20;

/** The disk below. */
export interface Backing {
  length(): number;
  read(offset: number, buffer: Uint8Array): Promise<void>;
}

/** Reads and writes by a map; the format itself does the rest. */
export class ClusterDisk {
  readonly #map: ClusterMap;
  readonly #file: ChildHandle;
  readonly #backing: () => Backing | undefined;
  readonly #busy = new Map<number, Promise<void>>();
  /** Held by whoever changes tables. */
  readonly lock = new Lock();

  constructor(map: ClusterMap, file: ChildHandle, backing: () => Backing | undefined = () => undefined) {
    this.#map = map;
    this.#file = file;
    this.#backing = backing;
  }

  async read(offset: number, buffer: Uint8Array): Promise<void> {
    for (let done = 0; done < buffer.length; ) {
      const { run, length } = await this.#runAt(offset + done, buffer.length - done);
      await this.#readRun(run, offset + done, buffer.subarray(done, done + length));
      done += length;
    }
  }

  async blockStatus(offset: number, length: number): Promise<BlockStatus> {
    const { run, length: holds } = await this.#runAt(offset, length);
    if (run.kind === 'unallocated') return { length: holds, zero: !this.hasBacking, allocated: false };
    const status = { length: holds, zero: run.kind === 'zero', allocated: true };
    return run.kind === 'data'
      ? { ...status, offset: run.offset + (offset % this.#map.clusterSize) }
      : status;
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    const { clusterSize } = this.#map;
    for (let done = 0; done < data.length; ) {
      const at = offset + done;
      const first = Math.floor(at / clusterSize);
      const count = Math.ceil((offset + data.length) / clusterSize) - first;
      const { run, isNew, finish } = await this.#place(first, count);
      const piece = data.subarray(done, done + (first + run.count) * clusterSize - at);
      try {
        if (isNew) await this.#writeNew(first, run, at, piece);
        else await this.#writeData(run.offset + (at % clusterSize), piece);
      } finally {
        finish?.();
      }
      done += piece.length;
    }
  }

  /** Writes zeroes to clusters that have a place, or gives them one. */
  async writeZeroData(offset: number, length: number): Promise<void> {
    const zeroes = new Uint8Array(Math.min(PIECE, length));
    for (let done = 0; done < length; done += PIECE)
      await this.write(offset + done, zeroes.subarray(0, length - done));
  }

  /** Something shows through where nothing has a place. */
  get hasBacking(): boolean {
    return this.#backing() !== undefined;
  }

  /** Whether a cluster is being placed. */
  get isPlacing(): boolean {
    return this.#busy.size > 0;
  }

  async #runAt(offset: number, length: number): Promise<{ run: Run; length: number }> {
    const { clusterSize } = this.#map;
    const first = Math.floor(offset / clusterSize);
    const limit = Math.ceil((offset + length) / clusterSize) - first;
    const run = this.#map.peek(first, limit) ?? (await this.#map.lookup(first, limit));
    return { run, length: Math.min(length, (first + run.count) * clusterSize - offset) };
  }

  async #readRun(run: Run, offset: number, buffer: Uint8Array): Promise<void> {
    const within = offset % this.#map.clusterSize;
    switch (run.kind) {
      case 'unallocated':
        return this.#readBacking(offset, buffer);
      case 'data':
        await this.#file.debugEvent('read_aio');
        return this.#file.read(run.offset + within, buffer);
      case 'compressed': {
        await this.#file.debugEvent('read_compressed');
        const cluster = await this.#map.readCompressed!(run);
        buffer.set(cluster.subarray(within, within + buffer.length));
        return;
      }
      default:
        buffer.fill(0);
    }
  }

  async #readBacking(offset: number, buffer: Uint8Array): Promise<void> {
    const backing = this.#backing();
    const shown = buffer.subarray(0, Math.max(0, (backing?.length() ?? 0) - offset));
    if (backing !== undefined) {
      await this.#file.debugEvent('read_backing_aio');
      await backing.read(offset, shown);
    }
    buffer.fill(0, shown.length);
  }

  #underWay(first: number, count: number): Promise<void>[] {
    if (this.#busy.size === 0) return [];
    return [...this.#busy].flatMap(([cluster, done]) =>
      cluster >= first && cluster < first + count ? [done] : [],
    );
  }

  /** Where a write to these clusters begins to go, and how far that holds. */
  async #place(first: number, count: number): Promise<{ run: Run; isNew: boolean; finish?: () => void }> {
    for (;;) {
      const known = this.#map.peek(first, count);
      if (known?.kind === 'data') return { run: known, isNew: false };
      await Promise.all(this.#underWay(first, count));
      const placed = await this.lock.run(async () => {
        if (this.#underWay(first, count).length > 0) return undefined;
        const run = await this.#map.lookup(first, count);
        if (run.kind === 'data') return { run, isNew: false };
        const taken = await this.#map.take(first, run.count);
        const finish = this.#occupy(first, taken.count);
        return { run: { ...run, ...taken }, isNew: true, finish };
      });
      if (placed) return placed;
    }
  }

  #occupy(first: number, count: number): () => void {
    let finished!: () => void;
    const promise = new Promise<void>((resolve) => {
      finished = resolve;
    });
    for (let i = first; i < first + count; i++) this.#busy.set(i, promise);
    return () => {
      for (let i = first; i < first + count; i++) this.#busy.delete(i);
      finished();
    };
  }

  /** Writes whole clusters, with what surrounds the data in the first and last one; then refers to them. */
  async #writeNew(first: number, taken: New, at: number, data: Uint8Array): Promise<void> {
    try {
      await this.#fill(first, taken, at, data);
      if (this.hasBacking) await this.#file.flush();
    } catch (error) {
      this.#map.giveBack(taken);
      throw error;
    }
    await this.lock.run(() => this.#map.link(first, taken));
  }

  async #fill(first: number, taken: New, at: number, data: Uint8Array): Promise<void> {
    const { clusterSize } = this.#map;
    const whole = taken.count * clusterSize;
    if (data.length === whole) return this.#writeData(taken.offset, data);
    if (taken.isZero && (taken.kind === 'zero' || (taken.kind === 'unallocated' && !this.hasBacking)))
      return this.#writeData(taken.offset + at - first * clusterSize, data);
    const start = first * clusterSize;
    if (this.#map.takesZeroes) return this.#writeData(taken.offset + at - start, data);
    for (let done = 0; done < whole; done += PIECE) {
      const length = Math.min(PIECE, whole - done);
      await this.#writeData(taken.offset + done, await this.#surrounded(start + done, length, at, data));
    }
  }

  /** A range as it will be when `data` stands in it at `at`. */
  async #surrounded(from: number, length: number, at: number, data: Uint8Array): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    const clamp = (offset: number) => Math.min(length, Math.max(0, offset - from));
    const [head, tail] = [clamp(at), clamp(at + data.length)];
    // behind the end of the disk there are zeroes
    const end = Math.max(tail, clamp(this.#map.size()));
    await this.#file.debugEvent('cow_read');
    await this.read(from, bytes.subarray(0, Math.min(head, end)));
    await this.read(from + tail, bytes.subarray(tail, end));
    if (tail > head) bytes.set(data.subarray(from + head - at, from + tail - at), head);
    await this.#file.debugEvent('cow_write');
    return bytes;
  }

  async #writeData(host: number, data: Uint8Array): Promise<void> {
    await this.#file.debugEvent('write_aio');
    await this.#file.write(host, data);
  }
}
