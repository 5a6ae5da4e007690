/** Statistics are those of the drive, whatever medium is in it. */
import type { Topology } from '../targets/target.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { intervalOf, statistic, statsOf } from './helpers/device-info.ts';
import { hmpIo, qemuIo } from './helpers/human-monitor-io.ts';
import { KiB, needs } from './helpers/shared-setup.ts';

const exchanged: Topology = {
  name: 'exchanged-medium',
  images: [{ path: 'second.img', format: 'raw', size: 64 * KiB }],
  options: ['-drive', `if=none,id=d0,driver=null-co,size=${64 * KiB},stats-intervals.0=3600`],
  monitors: 1,
};

export const statisticsOverMedia: readonly CaseDefinition[] = [
  {
    id: 'query-blockstats/over-media',
    title: 'A drive counts on, its intervals too, when its medium is exchanged for another or taken out',
    requirements: ['query-blockstats/counts', 'query-blockstats/timed-stats'],
    needs: needs(hmpIo, {
      commands: ['query-blockstats', 'blockdev-change-medium', 'eject'],
      drivers: ['null-co', 'file', 'raw'],
      capabilities: ['sharedFiles'],
    }),
    topology: exchanged,
    fresh: true,
    async run(t: CaseContext) {
      const counted = async (operations: number, bytes: number, why: string): Promise<void> => {
        const stats = await statsOf(t, 'd0');
        t.contains(
          stats,
          { rd_operations: operations, rd_bytes: bytes },
          `query-blockstats must count all reads of the drive ${why}`,
        );
        const interval = intervalOf(t, stats, 3600);
        t.check(
          statistic(t, interval, 'max_rd_latency_ns') > 0,
          `the interval must know of the reads ${why}`,
          'it does not',
        );
      };
      const highest = async (offset: number, why: string): Promise<void> =>
        t.contains(
          await statsOf(t, 'd0'),
          { wr_highest_offset: offset, wr_bytes: 2 * KiB },
          `wr_highest_offset must be that of the medium, and all bytes be counted, ${why}`,
        );
      for (const command of ['aio_read 0 4k', 'aio_flush', 'aio_write 6k 2k', 'aio_flush'])
        await qemuIo(t, 'd0', command);
      await counted(1, 4 * KiB, 'at first');
      await highest(8 * KiB, 'at first');
      const medium = { device: 'd0', filename: `${t.dir}/second.img`, format: 'raw' };
      await t.execute('blockdev-change-medium', medium);
      await counted(1, 4 * KiB, 'when its medium was exchanged');
      await highest(0, 'when it has another medium');
      for (const command of ['aio_read 0 1k', 'aio_flush']) await qemuIo(t, 'd0', command);
      await counted(2, 5 * KiB, 'of both media');
      await t.execute('eject', { device: 'd0' });
      await counted(2, 5 * KiB, 'when its medium was taken out');
      await highest(0, 'when it has no medium');
      await t.execute('blockdev-change-medium', medium);
      await counted(2, 5 * KiB, 'when it has a medium again');
    },
  },
];
