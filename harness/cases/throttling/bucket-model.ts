/**
 * Limits held to a model of leaky buckets, request by request: at each instant so many must have passed, and the times that
 * they waited must add up to what the statistics tell.
 */
import type { JsonObject } from '../../../spec/json.ts';
import type { Topology } from '../../targets/target.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { statistic, statsOf } from '../helpers/device-info.ts';
import { hmpIo, qemuIo } from '../helpers/human-monitor-io.ts';
import { needs } from '../helpers/shared-setup.ts';
import { LIMITS, limit } from '../helpers/throttling.ts';
import { throttles } from './drive-limits.ts';

/** Two drives that take no time by themselves. */
const prompt: Topology = {
  name: 'prompt-drives',
  images: [],
  options: ['p0', 'p1'].flatMap((id) => ['-drive', `if=none,id=${id},driver=null-co,size=16M,latency-ns=0`]),
  monitors: 1,
};

interface Request {
  readonly drive: 'p0' | 'p1';
  readonly kind: 'read' | 'write';
  readonly bytes: number;
}

/** A bucket that leaks `rate` a second. It takes more while it holds no more than `size`. */
interface Bucket {
  readonly rate: number;
  readonly size: number;
  /** What it is filled with by a request; 0 for one that does not concern it. */
  units(request: Request): number;
}

/** The buckets of these limits: for each its own, and one that keeps a burst to its rate. */
function bucketsOf(limits: Readonly<Record<string, number>>): Bucket[] {
  const buckets: Bucket[] = [];
  for (const name of LIMITS) {
    const rate = limits[name];
    if (rate === undefined) continue;
    const [kind, direction] = name.split('_');
    const units = ({ kind: what, bytes }: Request): number => {
      if (direction !== undefined && direction !== (what === 'read' ? 'rd' : 'wr')) return 0;
      if (kind === 'bps') return bytes;
      const size = limits.iops_size ?? 0;
      return size > 0 ? Math.max(1, bytes / size) : 1;
    };
    const burst = limits[`${name}_max`];
    const seconds = limits[`${name}_max_length`] ?? 1;
    buckets.push({ rate, size: burst === undefined ? rate / 10 : burst * seconds, units });
    if (burst !== undefined && seconds > 1) buckets.push({ rate: burst, size: burst / 10, units });
  }
  return buckets;
}

/** When each of a row of requests passes, in seconds, all being there from the beginning on. */
function passes(limits: Readonly<Record<string, number>>, row: readonly Request[]): number[] {
  const buckets = bucketsOf(limits).map((bucket) => ({ bucket, level: 0 }));
  let now = 0;
  return row.map((request) => {
    const concerned = buckets.filter(({ bucket }) => bucket.units(request) > 0);
    const wait = Math.max(0, ...concerned.map(({ bucket, level }) => (level - bucket.size) / bucket.rate));
    now += wait;
    for (const one of buckets) {
      one.level = Math.max(0, one.level - one.bucket.rate * wait);
      one.level += one.bucket.units(request);
    }
    return now;
  });
}

const PARTS = 4;
/** Nanoseconds that the time of one request may be off: times are rounded, and nothing takes none. */
const ROUNDING = 3;

/** The row must pass as the model says, at some instants between its beginning and its end. */
async function checkRow(t: CaseContext, limits: JsonObject, row: readonly Request[]): Promise<void> {
  const drives = [...new Set(row.map(({ drive }) => drive))];
  for (const drive of drives) await limit(t, drive, limits);
  const times = passes(limits as Readonly<Record<string, number>>, row);
  const before = new Map<string, JsonObject>();
  for (const drive of drives) before.set(drive, await statsOf(t, drive));
  for (const { drive, kind, bytes } of row) await qemuIo(t, drive, `aio_${kind} 0 ${bytes}`);
  const end = Math.ceil(times.at(-1)! * 1000) + 1;
  let now = 0;
  for (let part = 1; part <= PARTS; part += 1) {
    const instant = part === PARTS ? end : Math.floor((end * part) / PARTS);
    await t.elapse(instant - now);
    now = instant;
    for (const drive of drives) {
      const after = await statsOf(t, drive);
      const grown = (member: string): number =>
        statistic(t, after, member) - statistic(t, before.get(drive)!, member);
      for (const [kind, name] of [
        ['read', 'rd'],
        ['write', 'wr'],
      ] as const) {
        const passed = row.flatMap((request, index) =>
          request.drive === drive && request.kind === kind && times[index]! * 1000 <= now
            ? [{ bytes: request.bytes, seconds: times[index]! }]
            : [],
        );
        const sum = (of: 'bytes' | 'seconds') => passed.reduce((all, one) => all + one[of], 0);
        t.equal(
          [grown(`${name}_operations`), grown(`${name}_bytes`)],
          [passed.length, sum('bytes')],
          `after ${now} ms so many ${kind}s of ${drive} must have passed`,
        );
        const off = Math.abs(grown(`${name}_total_time_ns`) - sum('seconds') * 1e9);
        t.check(
          off <= ROUNDING * passed.length,
          `after ${now} ms the ${kind}s of ${drive} must have waited as long as the limits hold them`,
          `the times are off by ${Math.round(off)} ns`,
        );
      }
    }
  }
  for (const drive of drives) {
    await qemuIo(t, drive, 'aio_flush');
    await limit(t, drive, {});
  }
}

const reads = (count: number, bytes: number): Request[] =>
  Array.from({ length: count }, () => ({ drive: 'p0', kind: 'read', bytes }));
const writes = (count: number, bytes: number): Request[] =>
  Array.from({ length: count }, () => ({ drive: 'p0', kind: 'write', bytes }));
/** One of each in turn. */
const inTurn = (count: number, ...kinds: readonly Request[]): Request[] =>
  Array.from({ length: count }, (_, index) => kinds[index % kinds.length]!);

function modelled(
  what: string,
  title: string,
  requirement: 'ThrottleLimits/bytes' | 'ThrottleLimits/operations' | 'ThrottleLimits/burst',
  rows: readonly (readonly [JsonObject, readonly Request[]])[],
): CaseDefinition {
  return {
    id: `block_set_io_throttle/${what}`,
    title,
    requirements: [requirement],
    needs: needs(throttles, hmpIo, { commands: ['query-blockstats'] }),
    topology: prompt,
    fresh: true,
    async run(t: CaseContext) {
      if (!t.virtualTime)
        t.skip('only an endpoint whose time is ours tells at which instant a request passes');
      for (const [limits, row] of rows) {
        await checkRow(t, limits, row);
        await t.elapse(1000);
      }
    },
  };
}

const PAIR: readonly Request[] = [
  { drive: 'p0', kind: 'write', bytes: 1024 },
  { drive: 'p1', kind: 'write', bytes: 1024 },
];

export const bucketModel: readonly CaseDefinition[] = [
  modelled(
    'bytes-by-the-model',
    'So many bytes pass at each instant as a bucket lets through that holds a tenth of a second of its limit',
    'ThrottleLimits/bytes',
    [
      [{ bps_wr: 7000 }, writes(9, 1536)],
      [{ bps_rd: 5000 }, reads(11, 512)],
      [{ bps: 9000 }, inTurn(12, reads(1, 1024)[0]!, writes(1, 512)[0]!)],
      [{ bps: 11000, group: 'shared' }, inTurn(10, ...PAIR)],
    ],
  ),
  modelled(
    'operations-by-the-model',
    'So many requests pass at each instant, long ones counting as several, and the strictest limit counts',
    'ThrottleLimits/operations',
    [
      [{ iops_wr: 30 }, writes(13, 512)],
      [{ iops_rd: 17, iops_size: 1024 }, [...reads(4, 512), ...reads(5, 2560), ...reads(3, 1024)]],
      [{ iops: 23 }, inTurn(12, reads(1, 512)[0]!, writes(1, 512)[0]!)],
      [{ iops_wr: 19, bps_wr: 10000 }, [...writes(6, 512), ...writes(6, 2048), ...writes(6, 512)]],
    ],
  ),
  modelled(
    'bursts-by-the-model',
    'A burst passes at its own rate for as long as it may last, and then the limit holds',
    'ThrottleLimits/burst',
    [
      [{ bps_wr: 2000, bps_wr_max: 6000 }, writes(16, 512)],
      [{ iops_rd: 3, iops_rd_max: 9, iops_rd_max_length: 2 }, reads(24, 512)],
      [{ bps: 1500, bps_max: 5000, bps_max_length: 3 }, inTurn(20, reads(1, 1024)[0]!, writes(1, 1024)[0]!)],
    ],
  ),
];
