/** Requests that limits hold back when the limits change. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { statistic, statsOf } from '../helpers/device-info.ts';
import { hmpIo } from '../helpers/human-monitor-io.ts';
import { needs } from '../helpers/shared-setup.ts';
import { limit } from '../helpers/throttling.ts';
import { checkHeld, drives, release, throttles } from './drive-limits.ts';

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
      // Of the first limits not one more passes by itself within a minute.
      for (const [device, low, high] of [
        ['d0', { bps: 8 }, { bps: 1_000_000_000 }],
        ['d1', { bps_rd: 8 }, { iops: 1_000_000 }],
        ['d2', { bps_rd: 8 }, {}],
      ] as const) {
        await limit(t, device, low);
        await checkHeld(t, device, 'read', HELD);
        await limit(t, device, high);
        await t.elapse(20);
        t.equal(
          statistic(t, await statsOf(t, device), 'rd_operations'),
          HELD,
          'requests must pass as soon as higher limits let them',
        );
      }
      await release(t, 'd0', 'd1', 'd2');
    },
  },
];
