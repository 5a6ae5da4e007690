/**
 * The block I/O layer that every request to a node crosses, and the one home of the rules that all drivers share: bounds,
 * alignment with read-modify-write, order among overlapping requests, splitting, zero detection and the write-zeroes
 * fallback, discard and flush policy, refusal on read-only nodes, dirty bitmaps and the highest write.
 *
 * What it promises to drivers stands in `drivers/driver.ts`; `#assertTransfer` and `#assertAligned` hold it to that.
 */
import assert from 'node:assert/strict';
import {
  type BlockStatus,
  type DriverState,
  type Limits,
  NO_LIMITS,
  type WriteFlags,
  type ZeroFlags,
} from '../drivers/driver.ts';
import { IoError } from '../host/errno.ts';
import { isZero } from '../host/zero.ts';
import type { DirtyBitmaps } from './dirty-bitmap.ts';
import { TrackedRequests } from './tracked-requests.ts';

export const SECTOR = 512;
/** Zeroes are written as data in pieces of this size. */
const ZERO_CHUNK = 0x100000;

export interface RequestPolicy {
  readonly readOnly: boolean;
  readonly discard: 'ignore' | 'unmap';
  readonly detectZeroes: 'off' | 'on' | 'unmap';
  /** `cache.no-flush`: flushes are dropped. */
  readonly noFlush: boolean;
}

/** Told how many bytes a write ends behind the threshold. */
export type ThresholdExceeded = (amount: number, threshold: number | bigint) => void;

function wholeSectors(bytes: number): number {
  return Math.ceil(bytes / SECTOR) * SECTOR;
}

export class BlockIo {
  readonly #state: DriverState;
  #policy: RequestPolicy;
  readonly #bitmaps: DirtyBitmaps;
  /** The requests in flight. */
  readonly requests = new TrackedRequests();
  readonly limits: Limits;
  /** Bytes, whole sectors. */
  #length: number;
  /** Stands for what has been changed so far, and for what of that is on stable storage. */
  #changes = {};
  #flushed = this.#changes;
  #highestWrite = 0;
  #writeThreshold: number | bigint = 0;
  readonly #thresholdExceeded: ThresholdExceeded;
  #dead = false;
  #copiesOnRead = false;
  /** Called, and waited for, before anything is changed in the range; what they throw fails the request. */
  readonly beforeWrite = new Set<(offset: number, length: number) => Promise<void>>();

  constructor(
    state: DriverState,
    policy: RequestPolicy,
    bitmaps: DirtyBitmaps,
    thresholdExceeded: ThresholdExceeded = () => {},
  ) {
    this.#thresholdExceeded = thresholdExceeded;
    this.#state = state;
    this.#policy = policy;
    this.#bitmaps = bitmaps;
    this.limits = { ...NO_LIMITS, ...state.limits };
    this.#length = wholeSectors(state.length());
  }

  /** For requests from now on. */
  setPolicy(policy: RequestPolicy): void {
    this.#policy = policy;
  }

  /** The driver is out of use: every request from now on fails. */
  kill(): void {
    this.#dead = true;
  }

  /** From now on, what is read is first copied into the node, whoever reads it. */
  enableCopyOnRead(): void {
    this.#copiesOnRead = true;
  }

  get copiesOnRead(): boolean {
    return this.#copiesOnRead;
  }

  /** End of the farthest write so far, in bytes. */
  get highestWrite(): number {
    return this.#highestWrite;
  }

  /** Bytes: the first write that passes this is told, once. 0: none is. */
  get writeThreshold(): number | bigint {
    return this.#writeThreshold;
  }

  setWriteThreshold(bytes: number | bigint): void {
    this.#writeThreshold = bytes;
  }

  /** Bytes: the driver's length in whole sectors, as it was when it was last asked. */
  length(): number {
    return this.#state.variableLength ? wholeSectors(this.#state.length()) : this.#length;
  }

  /** Fills `buffer`; zeroes beyond the end. */
  async read(offset: number, buffer: Uint8Array): Promise<void> {
    this.#assertAlive();
    if (this.#copiesOnRead && !this.#policy.readOnly) await this.#copyClusters(offset, buffer.length);
    await this.requests.inOrder(...this.#aligned(offset, offset + buffer.length), false, async () => {
      const available = Math.max(0, Math.min(buffer.length, this.length() - offset));
      buffer.fill(0, available);
      if (available === 0) return;
      const [start, end] = this.#aligned(offset, offset + available);
      await this.#readAligned(start, end, offset, buffer, available);
    });
  }

  async write(offset: number, data: Uint8Array, flags: WriteFlags = {}): Promise<void> {
    this.#mayWrite(offset, data.length);
    if (data.length === 0) return;
    if (this.#policy.detectZeroes !== 'off' && isZero(data)) {
      await this.#zero(offset, data.length, { ...flags, mayUnmap: this.#policy.detectZeroes === 'unmap' });
      return;
    }
    await this.#modify(offset, data.length, (start, end) => this.#writeAligned(start, end, offset, data));
    if (flags.fua) await this.flush();
  }

  async writeZeroes(offset: number, length: number, flags: ZeroFlags = {}): Promise<void> {
    this.#mayWrite(offset, length);
    if (length > 0) await this.#zero(offset, length, flags);
  }

  /** Drops the whole aligned blocks in the range, if the node's `discard` option lets it. */
  async discard(offset: number, length: number): Promise<void> {
    this.#mayWrite(offset, length);
    const unit = this.limits.requestAlignment;
    const start = Math.ceil(offset / unit) * unit;
    const end = Math.floor((offset + length) / unit) * unit;
    if (this.#policy.discard === 'ignore' || !this.#state.discard || start >= end) return;
    const { discardAlignment, maxDiscard } = this.limits;
    const [from, to] = alignedWithin(start, end, discardAlignment);
    const discard = async () => {
      for (const [at, size] of pieces(from, to, wholeUnits(maxDiscard, discardAlignment)))
        await this.#state.discard?.(at, size);
    };
    await this.#modify(start, end - start, discard, { discards: true });
  }

  /** Brings what was written to stable storage; does nothing where nothing was written since the last time. */
  async flush(): Promise<void> {
    if (this.#dead || this.#policy.noFlush || this.#changes === this.#flushed) return;
    const upTo = this.#changes;
    await this.#state.flush?.();
    this.#flushed = upTo;
  }

  /** Writes whole clusters in compressed form, where the driver can; else throws `ENOTSUP`. */
  async writeCompressed(offset: number, data: Uint8Array): Promise<void> {
    this.#mayWrite(offset, data.length);
    const compress = this.#state.writeCompressed;
    if (!compress) throw new IoError('ENOTSUP');
    await this.#modify(offset, data.length, () => compress.call(this.#state, offset, data));
  }

  /**
   * Gives the node a copy of its own of what shows through it in the range; guests see no difference, and nothing counts
   * as written by them.
   */
  async copyOnRead(offset: number, length: number): Promise<void> {
    const [start, end] = this.#aligned(offset, offset + length);
    await this.requests.inOrder(start, end, true, async () => {
      this.#mayWrite(offset, length);
      for (let at = start; at < end; ) {
        const status = await this.blockStatus(at, end - at);
        const size = Math.min(end - at, this.#aligned(0, status.length)[1]);
        if (!status.allocated) {
          const data = new Uint8Array(size);
          await this.#readAligned(at, at + size, at, data, size);
          if (isZero(data)) await this.#zeroAligned(at, at + size, {});
          else await this.#writeAligned(at, at + size, at, data);
          this.#changes = {};
        }
        at += size;
      }
    });
  }

  /** `copyOnRead` of all clusters that the range touches. */
  async #copyClusters(offset: number, length: number): Promise<void> {
    const unit = this.#state.info?.()?.clusterSize || 1;
    const start = Math.floor(offset / unit) * unit;
    const end = Math.min(Math.ceil((offset + length) / unit) * unit, this.length());
    if (start < end) await this.copyOnRead(start, end - start);
  }

  /** Runs `resize` with no other request in flight, then lets the bitmaps follow the new length. */
  async truncate(resize: () => Promise<void>): Promise<void> {
    await this.requests.serialise(() =>
      resize().finally(() => {
        this.#length = wholeSectors(this.#state.length());
      }),
    );
    this.#changes = {};
    this.#bitmaps.resize(this.length());
  }

  async blockStatus(offset: number, length: number): Promise<BlockStatus> {
    const available = this.length() - offset;
    if (available <= 0) return { length, zero: true, allocated: false };
    const asked = Math.min(length, available);
    if (!this.#state.blockStatus) return { length: asked, zero: false, allocated: true };
    return this.#state.blockStatus(offset, asked);
  }

  /** Asked when a write comes, and again when its turn does: a resize may have come between. */
  #mayWrite(offset: number, length: number): void {
    this.#assertAlive();
    if (this.#policy.readOnly) throw new IoError('EPERM');
    if (!this.#state.growable && offset + length > this.length()) throw new IoError('EIO');
  }

  #checkThreshold(end: number): void {
    const threshold = this.#writeThreshold;
    if (!threshold || end <= threshold) return;
    this.#writeThreshold = 0;
    this.#thresholdExceeded(end - Number(threshold), threshold);
  }

  #assertAlive(): void {
    if (this.#dead) throw new IoError('ENOMEDIUM');
  }

  #aligned(start: number, end: number): [start: number, end: number] {
    const unit = this.limits.requestAlignment;
    return [Math.floor(start / unit) * unit, Math.ceil(end / unit) * unit];
  }

  /** A write of any kind: in order, then recorded in the bitmaps whether or not all of it arrived. */
  async #modify(
    offset: number,
    length: number,
    work: (start: number, end: number) => Promise<void>,
    options: { discards?: boolean } = {},
  ) {
    const [start, end] = this.#aligned(offset, offset + length);
    const lengthBefore = this.length();
    for (const prepare of this.beforeWrite) await prepare(offset, length);
    this.#bitmaps.announce(offset, length);
    try {
      await this.requests.inOrder(start, end, true, async () => {
        this.#mayWrite(offset, length);
        if (!options.discards) this.#checkThreshold(offset + length);
        await work(start, end);
      });
      if (end > this.#length) this.#length = wholeSectors(this.#state.length());
    } finally {
      this.#changes = {};
      if (offset + length > lengthBefore) this.#bitmaps.resize(this.length());
      if (!options.discards) this.#highestWrite = Math.max(this.#highestWrite, offset + length);
      this.#bitmaps.mark(offset, length);
    }
  }

  async #zero(offset: number, length: number, flags: ZeroFlags): Promise<void> {
    await this.#modify(offset, length, async () => {
      const end = offset + length;
      const unit = this.limits.requestAlignment;
      const from = Math.min(end, Math.ceil(offset / unit) * unit);
      const to = Math.max(from, Math.floor(end / unit) * unit);
      await this.#zeroWithin(offset, from);
      await this.#zeroAligned(from, to, flags);
      await this.#zeroWithin(to, end);
    });
    if (flags.fua) await this.flush();
  }

  /** Writes the zeroes of a range within one unit. */
  async #zeroWithin(offset: number, end: number): Promise<void> {
    if (offset === end) return;
    await this.#writeAligned(...this.#aligned(offset, end), offset, new Uint8Array(end - offset));
  }

  /** What the driver does not zero by itself is written as data. */
  async #zeroAligned(start: number, end: number, flags: ZeroFlags): Promise<void> {
    const { zeroAlignment, maxZero } = this.limits;
    const [from, to] = this.#state.writeZeroes ? alignedWithin(start, end, zeroAlignment) : [start, start];
    await this.#writeZeroData(start, from);
    for (const [at, size] of pieces(from, to, wholeUnits(maxZero, zeroAlignment))) {
      this.#assertAligned(at, size);
      await this.#state.debugEvent?.('pwritev_zero');
      await this.#state.writeZeroes?.(at, size, flags);
      await this.#state.debugEvent?.('pwritev_done');
    }
    await this.#writeZeroData(to, end);
  }

  async #writeZeroData(start: number, end: number): Promise<void> {
    const { maxTransfer, requestAlignment } = this.limits;
    const chunk = Math.max(ZERO_CHUNK, requestAlignment);
    const zeroes = new Uint8Array(Math.min(end - start, chunk, maxTransfer || chunk));
    for (const [at, size] of pieces(start, end, zeroes.length)) {
      await this.#state.debugEvent?.('pwritev_zero');
      await this.#driverWrite(at, zeroes.subarray(0, size));
    }
  }

  async #readAligned(start: number, end: number, offset: number, buffer: Uint8Array, available: number) {
    const exact = start === offset && end === offset + available;
    const target = exact ? buffer.subarray(0, available) : new Uint8Array(end - start);
    for (const [at, length] of pieces(start, end, this.limits.maxTransfer)) {
      this.#assertTransfer(at, length);
      await this.#state.read(at, target.subarray(at - start, at - start + length));
    }
    if (!exact) buffer.set(target.subarray(offset - start, offset - start + available));
  }

  async #writeAligned(start: number, end: number, offset: number, data: Uint8Array): Promise<void> {
    const source = end - start === data.length ? data : await this.#padded(start, end, offset, data);
    for (const [at, length] of pieces(start, end, this.limits.maxTransfer)) {
      await this.#state.debugEvent?.('pwritev');
      await this.#driverWrite(at, source.subarray(at - start, at - start + length));
    }
  }

  async #driverWrite(at: number, data: Uint8Array): Promise<void> {
    this.#assertTransfer(at, data.length);
    await this.#state.write(at, data);
    await this.#state.debugEvent?.('pwritev_done');
  }

  /** Read-modify-write: the bytes of the aligned range with `data` laid over them. */
  async #padded(start: number, end: number, offset: number, data: Uint8Array): Promise<Uint8Array> {
    const bounce = new Uint8Array(end - start);
    const present = Math.min(end, this.#aligned(0, this.length())[1]) - start;
    if (present > 0) {
      const part = offset > start ? 'head' : 'tail';
      await this.#state.debugEvent?.(`pwritev_rmw_${part}`);
      await this.#readAligned(start, start + present, start, bounce, present);
      await this.#state.debugEvent?.(`pwritev_rmw_after_${part}`);
    }
    bounce.set(data, offset - start);
    return bounce;
  }

  #assertTransfer(offset: number, length: number): void {
    this.#assertAligned(offset, length);
    const { maxTransfer } = this.limits;
    assert(maxTransfer === 0 || length <= maxTransfer, 'requests are no longer than the limit');
  }

  #assertAligned(offset: number, length: number): void {
    const { requestAlignment } = this.limits;
    assert(length > 0 && offset >= 0, 'a request is never empty');
    assert(offset % requestAlignment === 0 && length % requestAlignment === 0, 'requests are aligned');
  }
}

/** The whole units of this size (0: no matter) in the range; an empty range at its start if there are none. */
function alignedWithin(start: number, end: number, unit: number): [start: number, end: number] {
  if (unit === 0) return [start, end];
  const from = Math.ceil(start / unit) * unit;
  const to = Math.floor(end / unit) * unit;
  return to > from ? [from, to] : [start, start];
}

/** The limit in whole units. */
function wholeUnits(limit: number, unit: number): number {
  return unit > 0 ? limit - (limit % unit) : limit;
}

function* pieces(start: number, end: number, limit: number): Generator<[offset: number, length: number]> {
  const step = limit || end - start;
  for (let at = start; at < end; at += step) yield [at, Math.min(step, end - at)];
}
