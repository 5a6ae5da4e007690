/** What query-blockstats counts of a guest's I/O. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import { intervalOf, statistic, statsOf } from '../helpers/device-info.ts';
import { IdeDrive, pc } from '../helpers/ide-guest.ts';
import { MiB } from '../helpers/shared-setup.ts';
import { diskImage, FAILS, failingDrive, start } from './failing-disks.ts';

const LATENCY = 2_000_000;
/** Sectors of an IDE disk of 64 KiB end before this one. */
const BEYOND = 0xffffff;

/**
 * `slow`: each request takes 2 ms; statistics of the last second and hour, failed and invalid requests left out. `quick`:
 * an image that counts all. `strict`, `lax`: images that fail, failed requests counted for latency or not.
 */
const counted = pc('statistics', ['quick', 'strict', 'lax'].map(diskImage), [
  '-drive',
  `if=none,id=slow,driver=null-co,size=${MiB},latency-ns=${LATENCY},node-name=slow-node,` +
    'stats-account-invalid=off,stats-account-failed=off,stats-intervals.0=1,stats-intervals.1=3600',
  '-device',
  'ide-hd,id=hd0,drive=slow,bus=ide.0,unit=0',
  '-drive',
  'if=none,id=quick,file=@DIR@/quick.img,format=raw,stats-account-invalid=on,stats-account-failed=on',
  '-device',
  'ide-hd,id=hd1,drive=quick,bus=ide.0,unit=1',
  '-drive',
  failingDrive('strict', 'strict-node', 'stats-account-failed=on,stats-intervals.0=3600'),
  '-device',
  'ide-hd,id=hd2,drive=strict,bus=ide.1,unit=0,rerror=report,werror=report',
  '-drive',
  failingDrive('lax', 'lax-node', 'stats-account-failed=off,stats-intervals.0=3600'),
  '-device',
  'ide-hd,id=hd3,drive=lax,bus=ide.1,unit=1,rerror=report,werror=report',
]);

const stats: Needs = { commands: ['query-blockstats', 'query-status', 'cont'], drivers: ['null-co'] };
const common = { needs: stats, topology: counted, fresh: true };

const slow = (t: CaseContext) => new IdeDrive(t, 'ide.0', 0);
const quick = (t: CaseContext) => new IdeDrive(t, 'ide.0', 1);

function atLeast(t: CaseContext, from: JsonObject, member: string, least: number): void {
  const value = statistic(t, from, member);
  t.check(value >= least, `${member} must be at least ${least}`, `it is ${value}`);
}

export const statistics: readonly CaseDefinition[] = [
  {
    id: 'query-blockstats/guest-operations',
    title:
      'Reads, writes and flushes of the guest are counted exactly, with their bytes, and nothing else is',
    requirements: ['query-blockstats/counts', 'BlockDeviceStats/flush', 'query-blockstats/merged'],
    ...common,
    async run(t: CaseContext) {
      await start(t);
      const before = await statsOf(t, 'quick');
      const guest = quick(t);
      await guest.read(1);
      for (const sector of [2, 9]) await guest.write(sector, 1);
      await guest.flush();
      const after = await statsOf(t, 'quick');
      const grown = Object.fromEntries(
        Object.entries(after).flatMap(([member, value]) =>
          typeof value === 'number' && !member.endsWith('_ns') && !member.includes('highest')
            ? [[member, value - statistic(t, before, member)]]
            : [],
        ),
      );
      t.contains(
        grown,
        {
          ...Object.fromEntries(Object.keys(grown).map((member) => [member, 0])),
          rd_bytes: 512,
          rd_operations: 1,
          wr_bytes: 1024,
          wr_operations: 2,
          flush_operations: 1,
        },
        'statistics must count one read, two writes and a flush, and nothing else',
      );
      t.contains(
        await statsOf(t, 'slow'),
        { rd_operations: 0, wr_operations: 0, flush_operations: 0 },
        'statistics of another device must stay as they were',
      );
    },
  },
  {
    id: 'query-blockstats/total-times',
    title: 'The times of reads, writes and flushes grow by at least what the node takes for each',
    requirements: ['BlockDeviceStats/times'],
    ...common,
    async run(t: CaseContext) {
      await start(t);
      const guest = slow(t);
      const none = { rd_total_time_ns: 0, wr_total_time_ns: 0, flush_total_time_ns: 0 };
      t.contains(await statsOf(t, 'slow'), none, 'times must be 0 at first');
      await guest.read(1);
      await guest.read(2);
      const read = await statsOf(t, 'slow');
      atLeast(t, read, 'rd_total_time_ns', 2 * LATENCY);
      t.contains(read, { wr_total_time_ns: 0 }, 'a read must not count as a write');
      await guest.write(1, 1);
      const written = await statsOf(t, 'slow');
      t.contains(written, { flush_total_time_ns: 0 }, 'a write must not count as a flush');
      await guest.flush();
      const all = await statsOf(t, 'slow');
      t.contains(all, { wr_total_time_ns: written.wr_total_time_ns! }, 'a flush must not count as a write');
      for (const member of ['wr_total_time_ns', 'flush_total_time_ns']) atLeast(t, all, member, LATENCY);
      t.contains(
        all,
        { rd_total_time_ns: read.rd_total_time_ns! },
        'the time of reads must stay as it was while there are none',
      );
    },
  },
  {
    id: 'query-blockstats/intervals',
    title:
      'Each interval that was asked for has its length, latencies of its requests, and the depth of the queue',
    requirements: [
      'query-blockstats/timed-stats',
      'BlockDeviceTimedStats/interval',
      'BlockDeviceTimedStats/latency',
      'BlockDeviceTimedStats/queue-depth',
    ],
    ...common,
    async run(t: CaseContext) {
      await start(t);
      t.contains(await statsOf(t, 'quick'), { timed_stats: [] }, 'without intervals there must be none');
      const first = await statsOf(t, 'slow');
      const untouched = {
        min_rd_latency_ns: 0,
        max_rd_latency_ns: 0,
        avg_rd_latency_ns: 0,
        min_wr_latency_ns: 0,
        min_flush_latency_ns: 0,
        avg_rd_queue_depth: 0,
      };
      for (const seconds of [1, 3600])
        t.contains(intervalOf(t, first, seconds), untouched, 'latencies must be 0 without requests');
      await slow(t).read(1);
      await slow(t).read(2);
      const hour = intervalOf(t, await statsOf(t, 'slow'), 3600);
      atLeast(t, hour, 'min_rd_latency_ns', LATENCY);
      atLeast(t, hour, 'avg_rd_latency_ns', statistic(t, hour, 'min_rd_latency_ns'));
      atLeast(t, hour, 'max_rd_latency_ns', statistic(t, hour, 'avg_rd_latency_ns'));
      t.contains(hour, { max_wr_latency_ns: 0 }, 'a read must not count as a write');
      t.check(
        statistic(t, hour, 'avg_rd_queue_depth') > 0,
        'the average depth of the queue must be positive after reads',
        'it is 0',
      );
      t.contains(hour, { avg_wr_queue_depth: 0 }, 'the depth must be 0 without writes');
      await slow(t).write(1, 1);
      await slow(t).flush();
      const later = intervalOf(t, await statsOf(t, 'slow'), 3600);
      for (const kind of ['wr', 'flush']) {
        atLeast(t, later, `min_${kind}_latency_ns`, LATENCY);
        atLeast(t, later, `avg_${kind}_latency_ns`, statistic(t, later, `min_${kind}_latency_ns`));
        atLeast(t, later, `max_${kind}_latency_ns`, statistic(t, later, `avg_${kind}_latency_ns`));
      }
    },
  },
  {
    id: 'query-blockstats/idle-time',
    title: 'The time since the last operation is there from the first on, and grows until the next',
    requirements: ['query-blockstats/idle-time'],
    ...common,
    async run(t: CaseContext) {
      await start(t);
      t.check(!('idle_time_ns' in (await statsOf(t, 'quick'))), 'it must be absent at first', 'it is there');
      await quick(t).read(1);
      const first = statistic(t, await statsOf(t, 'quick'), 'idle_time_ns');
      await slow(t).read(1);
      const second = statistic(t, await statsOf(t, 'quick'), 'idle_time_ns');
      t.check(
        second - first >= LATENCY,
        'the idle time must grow by what another device takes',
        `it is ${first} ns, then ${second} ns`,
      );
    },
  },
  {
    id: 'query-blockstats/invalid-operations',
    title:
      'A read and a write beyond the end of the disk count as invalid; as an access only where that is asked for',
    requirements: ['BlockDeviceStats/invalid', 'query-blockstats/account-flags'],
    ...common,
    async run(t: CaseContext) {
      await start(t);
      for (const [guest, name, counts] of [
        [quick(t), 'quick', true],
        [slow(t), 'slow', false],
      ] as const) {
        const { ok } = await guest.read(BEYOND);
        t.check(!ok, 'a read beyond the end must fail', 'it succeeds');
        const read = await statsOf(t, name);
        t.contains(
          read,
          { invalid_rd_operations: 1, invalid_wr_operations: 0, failed_rd_operations: 0, rd_operations: 0 },
          'the read must count as invalid, and as nothing else',
        );
        t.contains(read, { account_invalid: counts }, 'account_invalid must be as it was asked for');
        t.check(
          'idle_time_ns' in read === counts,
          `an invalid request must ${counts ? 'count' : 'not count'} as an access`,
          'the idle time tells otherwise',
        );
        await t.elapse(20);
        const { idle_time_ns: idle = null } = await statsOf(t, name);
        await guest.write(BEYOND, 1);
        const written = await statsOf(t, name);
        t.contains(
          written,
          { invalid_rd_operations: 1, invalid_wr_operations: 1, wr_operations: 0 },
          'the write must count as invalid',
        );
        t.check(
          counts ? Number(written.idle_time_ns) < Number(idle) : !('idle_time_ns' in written),
          `an invalid write must ${counts ? 'count' : 'not count'} as an access`,
          'the idle time tells otherwise',
        );
      }
    },
  },
  {
    id: 'query-blockstats/account-failed',
    title: 'Failed requests count for the times and as an access only where that is asked for',
    requirements: ['query-blockstats/account-flags', 'query-blockstats/failed-and-invalid'],
    ...common,
    async run(t: CaseContext) {
      await start(t);
      for (const [unit, name, counts] of [
        [0, 'strict', true],
        [1, 'lax', false],
      ] as const) {
        const guest = new IdeDrive(t, 'ide.1', unit);
        await guest.read(FAILS.read);
        const after = await statsOf(t, name);
        t.contains(
          after,
          { failed_rd_operations: 1, account_failed: counts, account_invalid: true },
          'the read must count as failed, and account_failed be as it was asked for, and nothing else',
        );
        t.check(
          'idle_time_ns' in after === counts,
          `a failed request must ${counts ? 'count' : 'not count'} as an access`,
          'the idle time tells otherwise',
        );
        t.check(
          statistic(t, after, 'rd_total_time_ns') > 0 === counts,
          `a failed request must ${counts ? 'count' : 'not count'} for the time of reads`,
          `that is ${statistic(t, after, 'rd_total_time_ns')} ns`,
        );
        await guest.write(FAILS.write, 1);
        const written = await statsOf(t, name);
        t.contains(written, { failed_wr_operations: 1, wr_operations: 0 }, 'the write must count as failed');
        t.check(
          'idle_time_ns' in written === counts,
          'a failed write must count as a failed read does',
          'it does not',
        );
        const interval = intervalOf(t, written, 3600);
        for (const time of [
          statistic(t, written, 'wr_total_time_ns'),
          statistic(t, interval, 'max_rd_latency_ns'),
          statistic(t, interval, 'max_wr_latency_ns'),
        ])
          t.check(
            time > 0 === counts,
            `a failed request must ${counts ? 'count' : 'not count'} for times and latencies`,
            `one is ${time} ns`,
          );
      }
    },
  },
];
