/**
 * Reads of a remote file: each is answered from what was fetched, is being fetched, or is fetched for it together with some
 * bytes more. As in QEMU there are so many transfers at once and no more; the ranges fetched last are kept.
 */
import type { Waiting } from '../../host/patience.ts';
import { FetchedRange } from './fetched-range.ts';
import type { RemoteFile } from './remote-file.ts';
import { TransferError } from './transfer-error.ts';
import { within } from './transfer-time.ts';

/** Transfers at once, and ranges that are kept. */
const MOST = 8;

export interface ReadAheadOptions {
  /** Bytes of the file. */
  readonly length: number;
  /** Bytes that are fetched beyond those that are read. */
  readonly readahead: number;
  /** Seconds that a transfer may take. */
  readonly timeout: number;
}

interface Transfer {
  readonly ending: AbortController;
  readonly ended: Promise<void>;
}

/** Reads one file of a server. */
export class ReadAhead {
  readonly #file: RemoteFile;
  readonly #options: ReadAheadOptions;
  readonly #waiting: Waiting;
  /** The one used last is the last. */
  readonly #ranges: FetchedRange[] = [];
  readonly #transfers = new Map<FetchedRange, Transfer>();
  readonly #queue: (() => void)[] = [];

  constructor(file: RemoteFile, options: ReadAheadOptions, waiting: Waiting) {
    this.#file = file;
    this.#options = options;
    this.#waiting = waiting;
  }

  /** Fills `target`; zeroes beyond the end of the file. Throws `IoError`. */
  async read(offset: number, target: Uint8Array): Promise<void> {
    const length = Math.max(0, Math.min(target.length, this.#options.length - offset));
    target.fill(0, length);
    if (length > 0) await (await this.#rangeOf(offset, length)).read(offset, target.subarray(0, length));
  }

  /** Ends all transfers. */
  async close(): Promise<void> {
    const transfers = [...this.#transfers.values()];
    for (const { ending } of transfers) ending.abort(new TransferError('Callback aborted'));
    await Promise.all(transfers.map(({ ended }) => ended));
    await this.#file.close();
  }

  async #rangeOf(offset: number, length: number): Promise<FetchedRange> {
    for (;;) {
      const found = this.#ranges.find((range) => range.covers({ offset, length }));
      if (found) return this.#use(found);
      if (this.#transfers.size < MOST) return this.#use(this.#fetch(offset, length));
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    }
  }

  #use(range: FetchedRange): FetchedRange {
    this.#forget(range);
    this.#ranges.push(range);
    return range;
  }

  #forget(range: FetchedRange): void {
    const at = this.#ranges.indexOf(range);
    if (at !== -1) this.#ranges.splice(at, 1);
  }

  #fetch(offset: number, length: number): FetchedRange {
    const { length: whole, readahead } = this.#options;
    const range = new FetchedRange({ offset, length: Math.min(length + readahead, whole - offset) });
    if (this.#ranges.length >= MOST) this.#forgetOldest();
    const ending = new AbortController();
    // Also what nobody waits for is in flight: time must not pass it by.
    const ended = this.#waiting.hostWork.trackPeer(() => this.#transfer(range, ending));
    this.#transfers.set(range, { ending, ended });
    return range;
  }

  /** There are as many ranges as there may be, and fewer transfers. */
  #forgetOldest(): void {
    this.#forget(this.#ranges.find((range) => !this.#transfers.has(range))!);
  }

  async #transfer(range: FetchedRange, ending: AbortController): Promise<void> {
    try {
      const fetch = (signal: AbortSignal) => this.#file.fetch(range, range.add, signal);
      await within(this.#waiting, this.#options.timeout, fetch, ending);
      if (!range.isWhole) throw new TransferError('transfer closed with outstanding read data remaining');
    } catch (error) {
      if (range.isWhole) return;
      range.fail(error);
      this.#forget(range);
    } finally {
      this.#transfers.delete(range);
      // What has come may be what several wait for.
      for (const goOn of this.#queue.splice(0)) goOn();
    }
  }
}
