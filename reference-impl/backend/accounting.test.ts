/** Statistics of a drive: what counts as what. */
import { expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import { Accounting } from './accounting.ts';

const MS = 1_000_000n;

function accounting(countsFailed = true, intervals = [3]): Accounting {
  const made = new Accounting();
  made.configure({ countsInvalid: true, countsFailed, intervals }, 0n);
  return made;
}

function interval(made: Accounting, now: bigint, index = 0): JsonObject {
  return (made.describe(now).timed_stats as JsonObject[])[index]!;
}

test('each interval has the latencies of reads, writes and flushes apart', () => {
  const made = accounting(true, [3, 3600]);
  made.begin('rd', 512, 0n).done(4n * MS);
  made.begin('rd', 512, 0n).done(6n * MS);
  made.begin('wr', 512, 5n * MS).done(8n * MS);
  made.begin('flush', 0, 9n * MS).done(10n * MS);
  const latencies = {
    min_rd_latency_ns: 4_000_000,
    max_rd_latency_ns: 6_000_000,
    avg_rd_latency_ns: 5_000_000,
    min_wr_latency_ns: 3_000_000,
    max_wr_latency_ns: 3_000_000,
    avg_wr_latency_ns: 3_000_000,
    min_flush_latency_ns: 1_000_000,
    max_flush_latency_ns: 1_000_000,
    avg_flush_latency_ns: 1_000_000,
  };
  expect(interval(made, 10n * MS)).toMatchObject({ interval_length: 3, ...latencies });
  expect(interval(made, 10n * MS, 1)).toMatchObject({ interval_length: 3600, ...latencies });
  // The window of the shorter interval is over.
  expect(interval(made, 4000n * MS)).toMatchObject({ max_rd_latency_ns: 0 });
  expect(interval(made, 4000n * MS, 1)).toMatchObject(latencies);
});

test('the depth of a queue is the time of its requests over the time that the window has lasted', () => {
  const made = accounting();
  // Four at once, for half a second each, in a window that began 2 s before.
  const requests = Array.from({ length: 4 }, () => made.begin('wr', 512, 0n));
  for (const request of requests) request.done(500n * MS);
  const { avg_wr_queue_depth, avg_rd_queue_depth } = interval(made, 500n * MS);
  expect(avg_wr_queue_depth).toBeCloseTo(2 / 2.5, 10);
  expect(avg_rd_queue_depth).toBe(0);
});

test.each([true, false])(
  'failed requests count for times and intervals only where that is so: %j',
  (counts) => {
    const made = accounting(counts);
    made.begin('rd', 512, 0n).failed(7n * MS);
    expect(made.describe(9n * MS)).toMatchObject({
      failed_rd_operations: 1,
      rd_operations: 0,
      rd_bytes: 0,
      rd_total_time_ns: counts ? 7_000_000 : 0,
      account_failed: counts,
    });
    expect(made.describe(9n * MS).idle_time_ns).toBe(counts ? 2_000_000 : undefined);
    expect(interval(made, 9n * MS)).toMatchObject({ max_rd_latency_ns: counts ? 7_000_000 : 0 });
  },
);

test('invalid requests count for no time', () => {
  const made = accounting();
  made.invalid('wr', 5n * MS);
  expect(made.describe(6n * MS)).toMatchObject({
    invalid_wr_operations: 1,
    failed_wr_operations: 0,
    wr_total_time_ns: 0,
    idle_time_ns: 1_000_000,
  });
  expect(interval(made, 6n * MS)).toMatchObject({ max_wr_latency_ns: 0 });
});

test('a request that never ends counts nowhere', () => {
  const made = accounting();
  made.begin('rd', 512, 0n);
  expect(made.describe(5n * MS)).toEqual(accounting().describe(5n * MS));
});
