/** Statistics of the last seconds, which a drive keeps where `stats-intervals` asks for them. */
import type { JsonObject } from '../../spec/json.ts';
import type { Topology } from '../targets/target.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { shown } from './case-text.ts';
import { intervalOf, statistic, statsOf } from './helpers/device-info.ts';
import { hmpIo, qemuIo } from './helpers/human-monitor-io.ts';
import { KiB, needs } from './helpers/shared-setup.ts';
import { limit } from './helpers/throttling.ts';

/** Nanoseconds that a request takes. */
const LATENCY = 2_000_000;
const MILLISECOND = 1_000_000;
/** Bytes a second: behind a write of 512 bytes the next one waits for 70 ms. */
const RATE = 3000;
const HELD_MS = 70;

const KINDS = ['rd', 'wr', 'flush'] as const;

/** `timed`: statistics of the last second, and of the last hour; each request takes 2 ms. */
const timedDrive: Topology = {
  name: 'timed-drive',
  images: [],
  options: [
    '-drive',
    `if=none,id=timed,driver=null-co,size=${64 * KiB},latency-ns=${LATENCY},` +
      'stats-intervals.0=1,stats-intervals.1=3600',
  ],
  monitors: 1,
};

const common = {
  needs: needs(hmpIo, { commands: ['query-blockstats', 'block_set_io_throttle'], drivers: ['null-co'] }),
  topology: timedDrive,
  fresh: true,
};

/** Makes a request, and has it end. */
async function request(t: CaseContext, command: string): Promise<void> {
  await qemuIo(t, 'timed', command);
  await t.elapse((2 * LATENCY) / MILLISECOND);
  await qemuIo(t, 'timed', 'aio_flush');
}

/** The statistics of an interval of so many seconds. */
const interval = async (t: CaseContext, seconds: number): Promise<JsonObject> =>
  intervalOf(t, await statsOf(t, 'timed'), seconds);

/** Lowest, average and highest latency of a kind of request. */
function latencies(t: CaseContext, from: JsonObject, kind: (typeof KINDS)[number]): number[] {
  return ['min', 'avg', 'max'].map((which) => statistic(t, from, `${which}_${kind}_latency_ns`));
}

export const statisticsOfIntervals: readonly CaseDefinition[] = [
  {
    id: 'query-blockstats/latencies-of-a-drive',
    title: 'An interval has the lowest, average and highest latency of each kind of request, in this order',
    requirements: ['BlockDeviceTimedStats/latency', 'BlockDeviceTimedStats/interval'],
    ...common,
    async run(t: CaseContext) {
      const before = await interval(t, 3600);
      for (const kind of KINDS)
        t.equal(latencies(t, before, kind), [0, 0, 0], `latencies of ${kind} must be 0 without requests`);
      await request(t, 'aio_read 0 512');
      // The second of these waits for the limit, which counts.
      await limit(t, 'timed', { bps_wr: RATE });
      const since = performance.now();
      await qemuIo(t, 'timed', 'aio_write 0 512');
      await qemuIo(t, 'timed', 'aio_write 0 512');
      const held = HELD_MS - (t.virtualTime ? 0 : performance.now() - since);
      await t.elapse(1.2 * HELD_MS + (2 * LATENCY) / MILLISECOND);
      await qemuIo(t, 'timed', 'aio_flush');
      const after = await interval(t, 3600);
      const read = latencies(t, after, 'rd');
      t.check(
        read[0]! >= LATENCY && read[0] === read[1] && read[1] === read[2],
        'all latencies of one read must be the same, and at least what it takes',
        `they are ${shown(read)}`,
      );
      const written = latencies(t, after, 'wr');
      const [least, average, most] = written as [number, number, number];
      t.check(
        least >= LATENCY && least < average && average < most,
        'the average latency of two writes must lie between theirs',
        `they are ${shown(written)}`,
      );
      t.check(
        most >= 0.9 * held * MILLISECOND,
        'the time that a limit holds a write back must count for its latency',
        `they are ${shown(written)}`,
      );
      t.check(
        Math.abs(average - (least + most) / 2) <= 1,
        'the average of two latencies must be half of their sum',
        `they are ${shown(written)}`,
      );
    },
  },
  {
    id: 'query-blockstats/depth-of-a-queue',
    title: 'The queue of an interval is deeper the more requests are under way together, by their kind',
    requirements: ['BlockDeviceTimedStats/queue-depth'],
    ...common,
    async run(t: CaseContext) {
      const depth = async (kind: 'rd' | 'wr') =>
        statistic(t, await interval(t, 3600), `avg_${kind}_queue_depth`);
      await request(t, 'aio_read 0 512');
      const one = await depth('rd');
      t.check(one > 0 && one < 1, 'one read must make a queue of less than one', `it is ${one}`);
      t.equal(await depth('wr'), 0, 'a read must be in no queue of writes');
      for (let count = 0; count < 4; count += 1) await qemuIo(t, 'timed', 'aio_read 0 512');
      await t.elapse((2 * LATENCY) / MILLISECOND);
      await qemuIo(t, 'timed', 'aio_flush');
      const five = await depth('rd');
      t.check(five > 2 * one, 'four more reads must make the queue deeper', `it was ${one} and is ${five}`);
    },
  },
  {
    id: 'query-blockstats/interval-ends',
    title: 'A request is in the statistics of an interval while that lasts; where time is virtual, no longer',
    requirements: ['BlockDeviceTimedStats/latency', 'query-blockstats/timed-stats'],
    ...common,
    async run(t: CaseContext) {
      await request(t, 'aio_write 0 512');
      await t.elapse(200);
      const during = await interval(t, 1);
      t.check(
        statistic(t, during, 'max_wr_latency_ns') >= LATENCY,
        'a write of 200 ms before must count for the last second',
        `the latency is ${shown(during.max_wr_latency_ns ?? null)}`,
      );
      if (!t.virtualTime) return;
      await t.elapse(2000);
      const later = await interval(t, 1);
      for (const kind of KINDS)
        t.equal(latencies(t, later, kind), [0, 0, 0], `latencies of ${kind} of 2 s before must be gone`);
      t.contains(later, { avg_wr_queue_depth: 0 }, 'the queue of 2 s before must be gone');
      t.check(
        statistic(t, await interval(t, 3600), 'max_wr_latency_ns') >= LATENCY,
        'a write of 2 s before must count for the last hour',
        'it does not',
      );
    },
  },
];
