/** What a drive's user did: `BlockDeviceStats`, less what belongs to the node. */
import type { JsonObject } from '../../spec/json.ts';

export type Operation = 'rd' | 'wr' | 'flush';

/** A request that is under way. One of its methods is called, with the time of its end. */
export interface AccountedRequest {
  done(ended: bigint): void;
  failed(ended: bigint): void;
  /** It comes to no end that counts. */
  givenUp(ended: bigint): void;
}

export class Accounting {
  /** Whether invalid and failed requests count as activity; decided with the first medium. */
  countsInvalid = false;
  countsFailed = false;
  readonly #done: Record<Operation, { operations: number; bytes: number; nanoseconds: bigint }> = {
    rd: { operations: 0, bytes: 0, nanoseconds: 0n },
    wr: { operations: 0, bytes: 0, nanoseconds: 0n },
    flush: { operations: 0, bytes: 0, nanoseconds: 0n },
  };
  readonly #failed: Record<Operation, number> = { rd: 0, wr: 0, flush: 0 };
  readonly #invalid: Record<Operation, number> = { rd: 0, wr: 0, flush: 0 };
  #lastAccess: bigint | undefined;

  /** Times are those of the clock. */
  begin(operation: Operation, bytes: number, began: bigint): AccountedRequest {
    return {
      done: (ended) => this.#succeeded(operation, bytes, began, ended),
      failed: (ended) => this.#unsuccessful(operation, began, ended),
      givenUp: () => {},
    };
  }

  /** A request that cannot be: beyond the end, say. */
  invalid(operation: Operation, now: bigint): void {
    this.#invalid[operation] += 1;
    if (this.countsInvalid) this.#lastAccess = now;
  }

  #succeeded(operation: Operation, bytes: number, began: bigint, ended: bigint): void {
    const counter = this.#done[operation];
    counter.operations += 1;
    counter.bytes += bytes;
    counter.nanoseconds += ended - began;
    this.#lastAccess = ended;
  }

  #unsuccessful(operation: Operation, began: bigint, ended: bigint): void {
    this.#failed[operation] += 1;
    if (!this.countsFailed) return;
    this.#done[operation].nanoseconds += ended - began;
    this.#lastAccess = ended;
  }

  describe(now: bigint): JsonObject {
    const { rd, wr, flush } = this.#done;
    return {
      rd_bytes: rd.bytes,
      wr_bytes: wr.bytes,
      rd_operations: rd.operations,
      wr_operations: wr.operations,
      flush_operations: flush.operations,
      rd_total_time_ns: Number(rd.nanoseconds),
      wr_total_time_ns: Number(wr.nanoseconds),
      flush_total_time_ns: Number(flush.nanoseconds),
      rd_merged: 0,
      wr_merged: 0,
      failed_rd_operations: this.#failed.rd,
      failed_wr_operations: this.#failed.wr,
      failed_flush_operations: this.#failed.flush,
      invalid_rd_operations: this.#invalid.rd,
      invalid_wr_operations: this.#invalid.wr,
      invalid_flush_operations: this.#invalid.flush,
      account_invalid: this.countsInvalid,
      account_failed: this.countsFailed,
      timed_stats: [],
      ...(this.#lastAccess === undefined ? {} : { idle_time_ns: Number(now - this.#lastAccess) }),
    };
  }
}
