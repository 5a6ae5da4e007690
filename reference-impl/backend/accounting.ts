/** What a drive's user did: `BlockDeviceStats`, less what belongs to the node. */
import type { JsonObject } from '../../spec/json.ts';
import { TimedAverage } from './timed-average.ts';

const operations = ['rd', 'wr', 'flush'] as const;

export type Operation = (typeof operations)[number];

/** A request that is under way. One of its methods is called, with the time of its end. */
export interface AccountedRequest {
  done(ended: bigint): void;
  failed(ended: bigint): void;
}

/** What counts, as `-drive` says. */
export interface AccountingSettings {
  /** Whether invalid and failed requests count as activity; failed ones then count for the times too. */
  readonly countsInvalid: boolean;
  readonly countsFailed: boolean;
  /** Seconds that statistics are kept of apart. */
  readonly intervals: readonly number[];
}

interface Interval {
  readonly seconds: number;
  readonly latencies: Readonly<Record<Operation, TimedAverage>>;
}

interface Counter {
  operations: number;
  bytes: number;
  nanoseconds: bigint;
  failed: number;
  invalid: number;
}

/** Times are those of the clock. */
export class Accounting {
  #countsInvalid = false;
  #countsFailed = false;
  #intervals: readonly Interval[] = [];
  readonly #counters: Readonly<Record<Operation, Counter>> = {
    rd: emptyCounter(),
    wr: emptyCounter(),
    flush: emptyCounter(),
  };
  /** 0: none yet, or none that a clock tells which has not begun to go. */
  #lastAccess = 0n;

  /** Called with the drive's first medium; without one nothing but success counts. */
  configure({ countsInvalid, countsFailed, intervals }: AccountingSettings, now: bigint): void {
    this.#countsInvalid = countsInvalid;
    this.#countsFailed = countsFailed;
    const average = (seconds: number) => new TimedAverage(seconds, now);
    this.#intervals = intervals.map((seconds) => ({
      seconds,
      latencies: { rd: average(seconds), wr: average(seconds), flush: average(seconds) },
    }));
  }

  /** A request that is never told to have ended counts nowhere. */
  begin(operation: Operation, bytes: number, began: bigint): AccountedRequest {
    return {
      done: (ended) => this.#succeeded(operation, bytes, began, ended),
      failed: (ended) => this.#unsuccessful(operation, began, ended),
    };
  }

  /** A request that cannot be: beyond the end, say. */
  invalid(operation: Operation, now: bigint): void {
    this.#counters[operation].invalid += 1;
    if (this.#countsInvalid) this.#lastAccess = now;
  }

  describe(now: bigint): JsonObject {
    const { rd, wr, flush } = this.#counters;
    const stats: JsonObject = {
      rd_bytes: rd.bytes,
      wr_bytes: wr.bytes,
      rd_operations: rd.operations,
      wr_operations: wr.operations,
      flush_operations: flush.operations,
      rd_total_time_ns: Number(rd.nanoseconds),
      wr_total_time_ns: Number(wr.nanoseconds),
      flush_total_time_ns: Number(flush.nanoseconds),
      // No device merges requests: of QEMU's, only virtio-blk does, whose queue no guest can reach here.
      rd_merged: 0,
      wr_merged: 0,
      failed_rd_operations: rd.failed,
      failed_wr_operations: wr.failed,
      failed_flush_operations: flush.failed,
      invalid_rd_operations: rd.invalid,
      invalid_wr_operations: wr.invalid,
      invalid_flush_operations: flush.invalid,
      account_invalid: this.#countsInvalid,
      account_failed: this.#countsFailed,
      timed_stats: this.#intervals.map((interval) => describeInterval(interval, now)),
    };
    if (this.#lastAccess !== 0n) stats.idle_time_ns = Number(now - this.#lastAccess);
    return stats;
  }

  #succeeded(operation: Operation, bytes: number, began: bigint, ended: bigint): void {
    const counter = this.#counters[operation];
    counter.operations += 1;
    counter.bytes += bytes;
    this.#took(operation, began, ended);
  }

  #unsuccessful(operation: Operation, began: bigint, ended: bigint): void {
    this.#counters[operation].failed += 1;
    if (!this.#countsFailed) return;
    this.#took(operation, began, ended);
  }

  #took(operation: Operation, began: bigint, ended: bigint): void {
    // A clock that is moved by hand may have stood meanwhile; nothing takes no time.
    const time = ended > began ? ended - began : 1n;
    this.#counters[operation].nanoseconds += time;
    for (const { latencies } of this.#intervals) latencies[operation].add(time, ended);
    this.#lastAccess = ended;
  }
}

function emptyCounter(): Counter {
  return { operations: 0, bytes: 0, nanoseconds: 0n, failed: 0, invalid: 0 };
}

/** The depth of a queue on average: how long requests took together, in how long a time. */
function describeInterval({ seconds, latencies }: Interval, now: bigint): JsonObject {
  const stats: Record<string, number> = { interval_length: seconds };
  for (const operation of operations) {
    const { min, max, average, sum, elapsed } = latencies[operation].summary(now);
    stats[`min_${operation}_latency_ns`] = Number(min);
    stats[`max_${operation}_latency_ns`] = Number(max);
    stats[`avg_${operation}_latency_ns`] = Number(average);
    if (operation !== 'flush') stats[`avg_${operation}_queue_depth`] = Number(sum) / Number(elapsed);
  }
  return stats;
}
