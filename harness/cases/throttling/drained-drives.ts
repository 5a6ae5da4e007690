/** Requests that limits hold back when the drive is drained. */
import type { Topology } from '../../targets/target.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { statistic, statsOf } from '../helpers/device-info.ts';
import { hmpIo, qemuIo } from '../helpers/human-monitor-io.ts';
import { KiB, needs } from '../helpers/shared-setup.ts';
import { limit, throttleNodes } from '../helpers/throttling.ts';
import { begin, checkHeld, release, throttles } from './drive-limits.ts';

const SIZE = 64 * KiB;

const held: Topology = {
  name: 'held-drive',
  images: [{ path: 'held.img', format: 'raw', size: SIZE }],
  options: ['-drive', 'if=none,id=held,file=@DIR@/held.img,format=raw'],
  monitors: 1,
};

/** The same with limits that are not the drive's, but those of a node in it. */
const heldBelow: Topology = {
  name: 'held-below-drive',
  images: [],
  options: [
    '-object',
    'throttle-group,id=slow,x-bps-read=8,x-bps-write=8',
    '-drive',
    'if=none,id=held,driver=throttle,throttle-group=slow,file.driver=null-co,file.size=64k',
  ],
  monitors: 1,
};

export const drainedDrives: readonly CaseDefinition[] = [
  {
    id: 'block_set_io_throttle/drained',
    title:
      'All that the limits of a drive hold back passes before a snapshot is taken; what comes later is held again',
    requirements: ['block_set_io_throttle/limits'],
    needs: needs(throttles, hmpIo, {
      commands: ['query-blockstats', 'blockdev-snapshot-sync'],
      drivers: ['file', 'raw', 'qcow2'],
      capabilities: ['sharedFiles'],
    }),
    topology: held,
    fresh: true,
    async run(t: CaseContext) {
      const done = async (): Promise<number[]> => {
        const stats = await statsOf(t, 'held');
        return [statistic(t, stats, 'rd_operations'), statistic(t, stats, 'wr_operations')];
      };
      // Not one more passes by itself within a minute.
      await limit(t, 'held', { bps_rd: 8, bps_wr: 8 });
      await begin(t, 'held', 'write', 4);
      await begin(t, 'held', 'read', 3);
      await t.roundTrip();
      const [read = 0, written = 0] = await done();
      t.check(
        read <= 1 && written <= 1,
        'limits must hold requests back',
        `${read} and ${written} have passed`,
      );
      await t.execute('blockdev-snapshot-sync', {
        device: 'held',
        'snapshot-file': `${t.dir}/above.qcow2`,
        format: 'qcow2',
      });
      t.equal(await done(), [3, 4], 'all requests must have passed when a snapshot is taken');
      await begin(t, 'held', 'write', 2);
      await begin(t, 'held', 'read', 2);
      await t.roundTrip();
      t.equal(await done(), [3, 4], 'the limits must hold again, and count what has passed');
      await release(t, 'held');
      await qemuIo(t, 'held', 'aio_flush');
      t.equal(await done(), [5, 6], 'without limits all must pass');
    },
  },
  {
    id: 'block_set_io_throttle/drained-for-resize',
    title:
      'All that the limits of a drive hold back passes before it is resized; what comes later is held again',
    requirements: ['block_set_io_throttle/limits', 'block_resize/guest-may-run'],
    needs: needs(throttles, hmpIo, {
      commands: ['block_resize', 'query-blockstats'],
      drivers: ['file', 'raw'],
      capabilities: ['sharedFiles'],
    }),
    topology: held,
    fresh: true,
    async run(t: CaseContext) {
      const done = async (): Promise<number> => statistic(t, await statsOf(t, 'held'), 'wr_operations');
      await limit(t, 'held', { bps_wr: 8 });
      for (const round of [1, 2]) {
        await checkHeld(t, 'held', 'write', 3);
        await t.execute('block_resize', { device: 'held', size: (round + 1) * SIZE });
        t.equal(await done(), round * 3, 'all requests must have passed when the drive is resized');
      }
      await release(t, 'held');
    },
  },
  {
    id: 'throttle/drained-below-drive',
    title:
      'A throttled node in a drive lets go what it holds when the drive is drained, or all are; what comes later is held',
    requirements: ['ThrottleLimits/bytes'],
    needs: needs(throttleNodes, hmpIo, {
      commands: ['query-blockstats', 'blockdev-snapshot-sync'],
      drivers: ['null-co', 'qcow2'],
      capabilities: ['drives', 'sharedFiles'],
    }),
    topology: heldBelow,
    fresh: true,
    async run(t: CaseContext) {
      let sent = 0;
      const done = async (): Promise<number> => statistic(t, await statsOf(t, 'held'), 'rd_operations');
      const checkHolds = async (when: string): Promise<void> => {
        await checkHeld(t, 'held', 'read', 3, `the node must hold requests back ${when}`);
        sent += 3;
      };
      await checkHolds('at first');
      for (let round = 1; round <= 2; round += 1) {
        await qemuIo(t, 'held', 'aio_flush');
        t.equal(await done(), sent, 'all requests must have passed when the drive is drained');
        await checkHolds(`after the drive was drained (${round})`);
      }
      await t.execute('blockdev-snapshot-sync', {
        device: 'held',
        'snapshot-file': `${t.dir}/above-held.qcow2`,
        format: 'qcow2',
      });
      t.equal(await done(), sent, 'all requests must have passed when a snapshot is taken');
      await checkHolds('below the snapshot');
      await qemuIo(t, 'held', 'aio_flush');
    },
  },
  {
    id: 'block_set_io_throttle/drained-for-nothing',
    title: 'The limits of a drive hold on after a transaction that was to take a snapshot of it has failed',
    requirements: ['block_set_io_throttle/limits', 'transaction/all-or-nothing'],
    needs: needs(throttles, hmpIo, {
      commands: ['query-blockstats', 'transaction', 'blockdev-snapshot-sync'],
      drivers: ['file', 'raw', 'qcow2'],
      capabilities: ['sharedFiles'],
    }),
    topology: held,
    fresh: true,
    async run(t: CaseContext) {
      for (const name of ['undone', 'undone-again']) {
        const data = { device: 'held', 'snapshot-file': `${t.dir}/${name}.qcow2`, format: 'qcow2' };
        const action = { type: 'blockdev-snapshot-sync', data };
        await limit(t, 'held', { bps_wr: 8 });
        await t.refused('transaction', { actions: [action, { type: 'abort', data: {} }] });
        await checkHeld(t, 'held', 'write', 3);
        await release(t, 'held');
        await qemuIo(t, 'held', 'aio_flush');
      }
    },
  },
];
