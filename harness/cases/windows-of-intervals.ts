/** When what an interval tells begins and ends, where time is ours: two windows take turns, each of four thirds of the interval. */
import type { JsonObject } from '../../spec/json.ts';
import type { Topology } from '../targets/target.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { intervalOf, statistic, statsOf } from './helpers/device-info.ts';
import { hmpIo, qemuIo } from './helpers/human-monitor-io.ts';
import { KiB, needs } from './helpers/shared-setup.ts';

/** Milliseconds that a request takes. */
const LATENCY = 5;
const NS = 1_000_000;
/** The interval, and half of a window: every so often the one that is told ends. */
const INTERVAL = 3;
const HALF = (INTERVAL * 1000 * 2) / 3;

const windowedDrive: Topology = {
  name: 'windowed-drive',
  images: [],
  options: [
    '-drive',
    `if=none,id=windowed,driver=null-co,size=${64 * KiB},latency-ns=${LATENCY * NS},stats-intervals.0=${INTERVAL}`,
  ],
  monitors: 1,
};

/** The statistics of the interval. */
const interval = async (t: CaseContext): Promise<JsonObject> =>
  intervalOf(t, await statsOf(t, 'windowed'), INTERVAL);

/** Makes a request, and has it end. */
async function request(t: CaseContext, command: string): Promise<void> {
  await qemuIo(t, 'windowed', command);
  await t.elapse(LATENCY);
  await qemuIo(t, 'windowed', 'aio_flush');
}

/** Passes time until no write is told of any more, in steps; gives the milliseconds. */
async function untilForgotten(t: CaseContext, step: number): Promise<number> {
  for (let passed = 0; passed <= 3 * HALF; passed += step) {
    const { max_wr_latency_ns: latency } = await interval(t);
    if (latency === 0) return passed;
    await t.elapse(step);
  }
  return t.fail('an interval must forget what is over', 'it does not');
}

export const windowsOfIntervals: readonly CaseDefinition[] = [
  {
    id: 'query-blockstats/windows-of-an-interval',
    title:
      'A request is told for between two and four thirds of the interval, to the millisecond by its place in it',
    requirements: [
      'BlockDeviceTimedStats/latency',
      'BlockDeviceTimedStats/queue-depth',
      'query-blockstats/timed-stats',
    ],
    needs: needs(hmpIo, { commands: ['query-blockstats'], drivers: ['null-co'] }),
    topology: windowedDrive,
    fresh: true,
    async run(t: CaseContext) {
      if (!t.virtualTime) t.skip('only an endpoint whose time is ours tells when an interval ends');
      await request(t, 'aio_write 0 512');
      await t.elapse(HALF - LATENCY);
      await untilForgotten(t, 40);
      // A window ended within the last 40 ms, and its next end but one is to be met.
      await request(t, 'aio_write 0 512');
      await t.elapse(2 * HALF - LATENCY - 50);
      const left = await untilForgotten(t, 1);
      t.check(
        left > 10 && left <= 51,
        'a window must last four thirds of the interval',
        `it is off by ${left} ms`,
      );
      // Windows that nobody looked at have passed all the same.
      await t.elapse(10 * HALF);
      // At the end of a window by a millisecond: what comes is told until the second end from here.
      for (const wait of [1, 400, HALF - 20]) {
        await t.elapse(wait);
        await request(t, 'aio_write 0 512');
        const least = 2 * HALF - wait - LATENCY - 2;
        await t.elapse(least);
        const { max_wr_latency_ns: still } = await interval(t);
        t.equal(
          still ?? null,
          LATENCY * NS,
          `a write ${wait} ms into a window must be told ${least} ms later`,
        );
        const kept = await untilForgotten(t, 1);
        t.check(
          kept <= 3,
          `a write ${wait} ms into a window must be told no longer`,
          `it is for ${kept} ms more`,
        );
      }
      // The depth is the time of requests by the time of the window, which began half of one before.
      await t.elapse(300);
      for (const command of ['aio_read 0 512', 'aio_read 0 512', 'aio_write 0 1k', 'aio_flush'])
        await request(t, command);
      const told = await interval(t);
      const elapsed = HALF + 300 + 4 * LATENCY;
      for (const [kind, requests] of [
        ['rd', 2],
        ['wr', 1],
      ] as const) {
        const depth = statistic(t, told, `avg_${kind}_queue_depth`);
        const expected = (requests * LATENCY) / elapsed;
        t.check(
          Math.abs(depth / expected - 1) < 0.002,
          `the depth of ${kind} must be the time of its requests by that of the window`,
          `it is ${depth} instead of ${expected}`,
        );
        for (const which of ['min', 'max', 'avg'])
          t.equal(
            statistic(t, told, `${which}_${kind}_latency_ns`),
            LATENCY * NS,
            'the latency must be what a request takes',
          );
      }
    },
  },
];
