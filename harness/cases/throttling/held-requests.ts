/** Requests that limits hold back when the limits change. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { statistic, statsOf } from '../helpers/device-info.ts';
import { hmpIo, qemuIo } from '../helpers/human-monitor-io.ts';
import { needs } from '../helpers/shared-setup.ts';
import { limit } from '../helpers/throttling.ts';
import { drives, release, throttles } from './drive-limits.ts';

const HELD = 4;

export const heldRequests: readonly CaseDefinition[] = [
  {
    id: 'block_set_io_throttle/held-requests',
    title: 'Requests that limits hold back pass as soon as higher limits, others or none let them',
    requirements: ['block_set_io_throttle/limits', 'block_set_io_throttle/disables'],
    needs: needs(throttles, hmpIo, { commands: ['query-blockstats'] }),
    topology: drives,
    fresh: true,
    async run(t: CaseContext) {
      const done = async (device: string): Promise<number> =>
        statistic(t, await statsOf(t, device), 'rd_operations');
      const hold = async (device: string): Promise<void> => {
        const before = await done(device);
        for (let index = 0; index < HELD; index += 1) await qemuIo(t, device, `aio_read ${index * 512} 512`);
        await t.roundTrip();
        const passed = (await done(device)) - before;
        t.check(passed <= 1, 'limits must hold requests back', `${passed} have passed`);
      };
      const passes = async (device: string, count: number): Promise<void> => {
        await t.elapse(20);
        t.equal(await done(device), count, 'requests must pass as soon as higher limits let them');
      };
      // Of these not one more passes by itself within a minute.
      await limit(t, 'd0', { bps: 8 });
      await hold('d0');
      await limit(t, 'd0', { bps: 1_000_000_000 });
      await passes('d0', HELD);
      await limit(t, 'd1', { bps_rd: 8 });
      await hold('d1');
      await limit(t, 'd1', { iops: 1_000_000 });
      await passes('d1', HELD);
      await limit(t, 'd2', { bps_rd: 8 });
      await hold('d2');
      await limit(t, 'd2', {});
      await passes('d2', HELD);
      await release(t, 'd0', 'd1', 'd2');
    },
  },
];
