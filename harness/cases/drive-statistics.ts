/** What query-blockstats counts of requests that reach a drive by the human monitor, without a guest device. */
import type { ImageSpec, Topology } from '../targets/target.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { shown } from './case-text.ts';
import { statistic, statsOf } from './helpers/device-info.ts';
import { hmpIo, qemuIo } from './helpers/human-monitor-io.ts';
import { KiB, needs } from './helpers/shared-setup.ts';

/** Nanoseconds that a request of `slow` takes. */
const LATENCY = 2_000_000;
const MILLISECOND = 1_000_000;
const FAILS = 'file.inject-error';

const images: readonly ImageSpec[] = ['quick', 'other', 'bad'].map((name) => ({
  path: `${name}.img`,
  format: 'raw',
  size: 64 * KiB,
}));

/** A drive over nothing, which fails requests of one kind. */
const failing = (name: string, event: string) =>
  `if=none,id=${name},driver=raw,file.driver=blkdebug,file.image.driver=null-co,file.image.size=${64 * KiB},` +
  `${FAILS}.0.event=${event}`;

/**
 * `quick` and `other` over files, `slow` whose requests take 2 ms, and `bad` which fails reads at sector 8 and writes at
 * 16. `useless` and `ignored` fail reads, which is no activity of `ignored`.
 */
const counted: Topology = {
  name: 'counted-drives',
  images,
  options: [
    'if=none,id=quick,file=@DIR@/quick.img,format=raw',
    'if=none,id=other,file=@DIR@/other.img,format=raw',
    `if=none,id=slow,driver=null-co,size=${64 * KiB},latency-ns=${LATENCY}`,
    'if=none,id=bad,driver=raw,file.driver=blkdebug,file.image.driver=file,file.image.filename=@DIR@/bad.img,' +
      `${FAILS}.0.event=read_aio,${FAILS}.0.sector=8,${FAILS}.1.event=write_aio,${FAILS}.1.sector=16`,
    failing('useless', 'read_aio'),
    `${failing('ignored', 'read_aio')},stats-account-failed=off`,
  ].flatMap((drive) => ['-drive', drive]),
  monitors: 1,
};

const common = {
  needs: needs(hmpIo, { commands: ['query-blockstats'], drivers: ['null-co', 'blkdebug'] }),
  topology: counted,
  fresh: true,
};

/** Requests that the drive counts, one after another, each with a flush, which waits for its end. */
async function requests(t: CaseContext, drive: string, commands: readonly string[]): Promise<void> {
  for (const command of commands.flatMap((request) => [request, 'aio_flush']))
    await qemuIo(t, drive, command);
}

export const driveStatistics: readonly CaseDefinition[] = [
  {
    id: 'query-blockstats/io-of-a-drive',
    title: 'Reads, writes and flushes of a drive are counted with their bytes, and not on other drives',
    requirements: ['query-blockstats/counts', 'BlockDeviceStats/flush'],
    ...common,
    async run(t: CaseContext) {
      const none = { rd_bytes: 0, wr_bytes: 0, rd_operations: 0, wr_operations: 0, flush_operations: 0 };
      const failed = { failed_rd_operations: 0, failed_wr_operations: 0, failed_flush_operations: 0 };
      await requests(t, 'quick', ['aio_read 4k 1k', 'aio_write 0 4k', 'aio_write 8k 8k', 'aio_write 1k 512']);
      t.contains(
        await statsOf(t, 'quick'),
        {
          ...failed,
          rd_bytes: KiB,
          rd_operations: 1,
          wr_bytes: 12 * KiB + 512,
          wr_operations: 3,
          flush_operations: 4,
        },
        'statistics must count a read of 1 KiB, three writes of 12.5 KiB, and four flushes',
      );
      t.contains(await statsOf(t, 'other'), { ...none, ...failed }, 'another drive must count nothing');
    },
  },
  {
    id: 'query-blockstats/times-of-a-drive',
    title: 'The times of reads and of writes are the sums of what each of these took, in nanoseconds',
    requirements: ['BlockDeviceStats/times'],
    ...common,
    async run(t: CaseContext) {
      const times = async (): Promise<number[]> => {
        const stats = await statsOf(t, 'slow');
        return [statistic(t, stats, 'rd_total_time_ns'), statistic(t, stats, 'wr_total_time_ns')];
      };
      t.equal(await times(), [0, 0], 'the times must be 0 at first');
      for (const [command, read, written] of [
        ['aio_read 0 512', 1, 0],
        ['aio_read 1k 512', 2, 0],
        ['aio_write 0 512', 2, 1],
      ] as const) {
        await qemuIo(t, 'slow', command);
        await t.elapse((2 * LATENCY) / MILLISECOND);
        await qemuIo(t, 'slow', 'aio_flush');
        const spent = [read * LATENCY, written * LATENCY];
        const now = await times();
        t.check(
          now.every((time, index) => {
            const least = spent[index]!;
            return least === 0 || t.virtualTime ? time === least : time >= least;
          }),
          `the times after ${command} must be ${shown(spent)}, or more where the endpoint took longer`,
          `they are ${shown(now)}`,
        );
      }
    },
  },
  {
    id: 'query-blockstats/idle-time-of-a-drive',
    title: 'The idle time of a drive is there from its first request on, and begins anew with each',
    requirements: ['query-blockstats/idle-time', 'BlockDeviceStats/idle-time'],
    ...common,
    async run(t: CaseContext) {
      await requests(t, 'other', ['aio_read 0 512']);
      t.check(
        !('idle_time_ns' in (await statsOf(t, 'quick'))),
        'idle_time_ns must be absent while nobody used the drive',
        'it is there',
      );
      await requests(t, 'quick', ['aio_read 0 512']);
      const first = statistic(t, await statsOf(t, 'quick'), 'idle_time_ns');
      await t.elapse(20);
      const second = statistic(t, await statsOf(t, 'quick'), 'idle_time_ns');
      t.check(
        second - first >= 20 * MILLISECOND,
        'idle_time_ns must have grown by the 20 ms that passed',
        `it is ${first}, then ${second}`,
      );
      await requests(t, 'quick', ['aio_write 0 512']);
      const third = statistic(t, await statsOf(t, 'quick'), 'idle_time_ns');
      t.check(third < second, 'idle_time_ns must begin anew with a request', `it is ${third}`);
      await t.elapse(100);
      await qemuIo(t, 'quick', 'aio_flush');
      const fourth = statistic(t, await statsOf(t, 'quick'), 'idle_time_ns');
      t.check(
        fourth < third + 100 * MILLISECOND,
        'idle_time_ns must begin anew with a flush',
        `it is ${fourth}, and was ${third} before 100 ms passed`,
      );
      await qemuIo(t, 'slow', 'aio_read 0 512');
      await t.elapse((3 * LATENCY) / MILLISECOND);
      const { idle_time_ns: afterSlow = null } = await statsOf(t, 'slow');
      if (t.virtualTime)
        t.equal(afterSlow, 2 * LATENCY, 'idle_time_ns must count from the end of a request, not its start');
    },
  },
  {
    id: 'query-blockstats/failures-of-a-drive',
    title: 'A read and a write that fail count as failed, by kind, and neither as done nor with their bytes',
    requirements: ['query-blockstats/failed-and-invalid', 'query-blockstats/counts'],
    ...common,
    async run(t: CaseContext) {
      const done = { rd_operations: 0, rd_bytes: 0, wr_operations: 0, wr_bytes: 0 };
      await requests(t, 'bad', ['aio_read 4k 512']);
      t.contains(
        await statsOf(t, 'bad'),
        { ...done, failed_rd_operations: 1, failed_wr_operations: 0 },
        'the read must count as failed, and as nothing else',
      );
      await requests(t, 'bad', ['aio_write 8k 512', 'aio_write 7k 2k']);
      t.contains(
        await statsOf(t, 'bad'),
        { ...done, failed_rd_operations: 1, failed_wr_operations: 2 },
        'the writes must count as failed, and as nothing else',
      );
      await requests(t, 'bad', ['aio_read 8k 512', 'aio_write 4k 512']);
      t.contains(
        await statsOf(t, 'bad'),
        {
          rd_operations: 1,
          rd_bytes: 512,
          wr_operations: 1,
          wr_bytes: 512,
          failed_rd_operations: 1,
          failed_wr_operations: 2,
        },
        'requests elsewhere must count as done',
      );
    },
  },
  {
    id: 'query-blockstats/failures-as-activity',
    title: 'A request that fails ends the idle time of a drive, but not where stats-account-failed is off',
    requirements: ['query-blockstats/account-flags', 'query-blockstats/idle-time'],
    ...common,
    async run(t: CaseContext) {
      for (const drive of ['useless', 'ignored']) {
        await qemuIo(t, drive, 'aio_read 0 512');
        let stats = await statsOf(t, drive);
        for (let tries = 0; stats.failed_rd_operations === 0 && tries < 50; tries += 1) {
          await t.elapse(2);
          stats = await statsOf(t, drive);
        }
        t.contains(
          stats,
          { failed_rd_operations: 1, account_failed: drive === 'useless' },
          `the read of ${drive} must count as failed`,
        );
        t.equal(
          'idle_time_ns' in stats,
          drive === 'useless',
          'an idle time must be there exactly where failures count as activity',
        );
      }
    },
  },
];
