/**
 * The copying of a mirror: keeps track of what the target lacks, and copies it with several requests in flight.
 *
 * What the guest writes is told by the source's observers before and after each write, so that nothing that is copied
 * meanwhile is taken for done.
 */
import type { BlockdevOnError } from '../../spec/generated/qmp.ts';
import { contents } from '../graph/backing-chain.ts';
import type { Node } from '../graph/node.ts';
import { IoError } from '../host/errno.ts';
import { isZero } from '../host/zero.ts';
import { DirtyBlocks } from './dirty-blocks.ts';
import type { Job } from './job.ts';

const MOST_IN_FLIGHT = 16;
/** Bytes of the largest request. */
const REQUEST = 1 << 20;

export interface CopyOptions {
  readonly granularity: number;
  /**
   * Bytes of a cluster of a target without the backing file that it will have: what a first write leaves out of a cluster
   * would be zeroes. Absent where the target fills its clusters itself.
   */
  readonly wholeClusters?: number | undefined;
  /** Bytes that may be in flight. */
  readonly bufferSize: number;
  /** Zeroes may lose their allocation. */
  readonly unmap: boolean;
  readonly onSourceError: BlockdevOnError;
  readonly onTargetError: BlockdevOnError;
}

/** What a stretch holds; undefined where that is read to be known. */
type Kind = Awaited<ReturnType<typeof contents>>['kind'] | undefined;

export class MirrorCopy {
  /** What the target lacks. */
  readonly dirty: DirtyBlocks;
  readonly #source: Node;
  readonly #target: Node;
  readonly #options: CopyOptions;
  readonly #length: number;
  /** The clusters that have to be copied as a whole, as nothing of them has been copied. */
  readonly #unfilled: DirtyBlocks | undefined;
  readonly #inFlight = new Set<{ start: number; end: number; done: Promise<void> }>();
  #bytesInFlight = 0;
  /** Where the last stretch ended; at first, so that the search begins anew, the end of the disk. */
  #cursor: number;
  /** A failure that ends the job. */
  #fatal: IoError | undefined;

  constructor(source: Node, target: Node, options: CopyOptions) {
    this.#source = source;
    this.#target = target;
    this.#options = options;
    this.#length = source.io.length();
    this.#cursor = this.#length;
    this.dirty = new DirtyBlocks(options.granularity, this.#length);
    if (options.wholeClusters === undefined) return;
    this.#unfilled = new DirtyBlocks(options.wholeClusters, this.#length);
    this.#unfilled.markAll();
  }

  get onSourceError(): BlockdevOnError {
    return this.#options.onSourceError;
  }

  get onTargetError(): BlockdevOnError {
    return this.#options.onTargetError;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Bytes that are being or have to be copied. */
  get left(): number {
    return this.dirty.bytes + this.#bytesInFlight;
  }

  /** No further request can be sent now. */
  get saturated(): boolean {
    return (
      this.#inFlight.size >= MOST_IN_FLIGHT ||
      (this.#inFlight.size > 0 && (this.dirty.count === 0 || this.#bytesInFlight >= this.#options.bufferSize))
    );
  }

  /** Makes a stretch of the target read as zeroes. Rejects with `IoError`. */
  clear(offset: number, length: number): Promise<void> {
    return this.#target.io.writeZeroes(offset, length, { mayUnmap: this.#options.unmap });
  }

  throwIfFailed(): void {
    if (this.#fatal) throw this.#fatal;
  }

  /** Waits until a request ends. */
  async oneDone(): Promise<void> {
    await Promise.race([...this.#inFlight].map(({ done }) => done));
  }

  async allDone(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all([...this.#inFlight].map(({ done }) => done));
  }

  /** Sends requests for the next stretch that is dirty; the nanoseconds to wait before any more. */
  async iterate(job: Job): Promise<bigint> {
    const first = this.dirty.next(this.#cursor) ?? this.dirty.next(0);
    if (first === undefined) return 0n;
    await this.#overlapping(first);
    const [start, end] = this.#filling(first, this.#stretchEnd(first));
    this.#cursor = end;
    this.dirty.clear(start, end - start);
    let delay = 0n;
    for (let at = start; at < Math.min(end, this.#length); ) {
      while (this.#inFlight.size >= MOST_IN_FLIGHT) await this.oneDone();
      if (this.#fatal) {
        this.dirty.mark(at, end - at);
        return 0n;
      }
      const most = Math.min(end, this.#length) - at;
      at += await this.#send(job, at, most, (bytes) => {
        delay = job.limit.account(bytes);
      });
    }
    return delay;
  }

  /** Dirty blocks from `start` on without a gap, as many as the buffer holds. */
  #stretchEnd(start: number): number {
    const { granularity } = this.dirty;
    let end = start + granularity;
    while (end - start < this.#options.bufferSize && this.dirty.has(end) && !this.#isBusy(end))
      end += granularity;
    return end;
  }

  /** The stretch and the rest of clusters of which nothing has been copied, and so nothing is in flight. */
  #filling(start: number, end: number): [start: number, end: number] {
    const unfilled = this.#unfilled;
    if (unfilled === undefined) return [start, end];
    const cluster = unfilled.granularity;
    const from = unfilled.has(start) ? Math.floor(start / cluster) * cluster : start;
    const to = unfilled.has(end - 1) ? Math.ceil(end / cluster) * cluster : end;
    unfilled.clear(start, end - start);
    return [from, to];
  }

  /** Something is in flight in the block, or in the cluster where these are filled. */
  #isBusy(offset: number): boolean {
    const unit = this.#unfilled?.granularity ?? this.dirty.granularity;
    const from = Math.floor(offset / unit) * unit;
    for (const { start, end } of this.#inFlight) if (start < from + unit && from < end) return true;
    return false;
  }

  async #overlapping(offset: number): Promise<void> {
    while (this.#isBusy(offset)) await this.oneDone();
  }

  /** Begins to copy at most `most` bytes; resolves with how many when it is known what they are. */
  async #send(job: Job, offset: number, most: number, account: (bytes: number) => void): Promise<number> {
    let part: { readonly kind: Kind; readonly length: number };
    try {
      part = await contents(this.#source, offset, most);
    } catch {
      // The request itself tells what is wrong.
      part = { kind: undefined, length: most };
    }
    const whole = Math.min(part.length, REQUEST);
    // Smaller stretches than a block of the target are copied together, block by block.
    const { granularity } = this.dirty;
    const isShort = whole < most && whole % granularity !== 0;
    const length = isShort ? Math.min(most, Math.ceil(whole / granularity) * granularity) : whole;
    const kind = isShort ? undefined : part.kind;
    account(length);
    this.#bytesInFlight += length;
    const request = { start: offset, end: offset + length, done: Promise.resolve() };
    request.done = this.#copy(job, offset, kind, length).finally(() => {
      this.#bytesInFlight -= length;
      this.#inFlight.delete(request);
    });
    this.#inFlight.add(request);
    return length;
  }

  async #copy(job: Job, offset: number, kind: Kind, length: number): Promise<void> {
    let operation: 'read' | 'write' = 'write';
    const { io } = this.#target;
    try {
      if (kind === 'zero') await this.clear(offset, length);
      else if (kind === 'nothing') await io.discard(offset, length);
      else {
        const data = new Uint8Array(length);
        operation = 'read';
        await this.#source.io.read(offset, data);
        operation = 'write';
        if (isZero(data)) await this.clear(offset, length);
        else await io.write(offset, data);
      }
      job.progress.advance(length);
    } catch (error) {
      if (!(error instanceof IoError)) throw error;
      this.dirty.mark(offset, length);
      this.#unfilled?.mark(offset, length);
      const { onSourceError, onTargetError } = this.#options;
      const policy = operation === 'read' ? onSourceError : onTargetError;
      const action = job.failed(operation, policy, error);
      // A ready job that is told to stop would try for ever, as nobody can help it any more.
      if (action === 'report' || (job.cancelled && job.ready)) this.#fatal ??= error;
    }
  }
}
