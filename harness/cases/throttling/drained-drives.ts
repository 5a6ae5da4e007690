/** Requests that limits hold back when the drive is drained. */
import type { Topology } from '../../targets/target.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { statistic, statsOf } from '../helpers/device-info.ts';
import { hmpIo, qemuIo } from '../helpers/human-monitor-io.ts';
import { KiB, needs } from '../helpers/shared-setup.ts';
import { limit, throttleNodes } from '../helpers/throttling.ts';
import { release, throttles } from './drive-limits.ts';

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
      const begin = async (kind: 'read' | 'write', count: number): Promise<void> => {
        for (let index = 0; index < count; index += 1)
          await qemuIo(t, 'held', `aio_${kind} ${index * 512} 512`);
      };
      // Not one more passes by itself within a minute.
      await limit(t, 'held', { bps_rd: 8, bps_wr: 8 });
      await begin('write', 4);
      await begin('read', 3);
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
      await begin('write', 2);
      await begin('read', 2);
      await t.roundTrip();
      t.equal(await done(), [3, 4], 'the limits must hold again, and count what has passed');
      await release(t, 'held');
      await qemuIo(t, 'held', 'aio_flush');
      t.equal(await done(), [5, 6], 'without limits all must pass');
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
        const before = await done();
        for (let index = 0; index < 3; index += 1) await qemuIo(t, 'held', `aio_read ${index * 512} 512`);
        sent += 3;
        await t.roundTrip();
        const passed = (await done()) - before;
        t.check(passed <= 1, `the node must hold requests back ${when}`, `${passed} of 3 have passed`);
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
      let written = 0;
      for (const name of ['undone', 'undone-again']) {
        const data = { device: 'held', 'snapshot-file': `${t.dir}/${name}.qcow2`, format: 'qcow2' };
        const action = { type: 'blockdev-snapshot-sync', data };
        await limit(t, 'held', { bps_wr: 8 });
        await t.refused('transaction', { actions: [action, { type: 'abort', data: {} }] });
        for (let index = 0; index < 3; index += 1) await qemuIo(t, 'held', `aio_write ${index * 512} 512`);
        await t.roundTrip();
        const passed = statistic(t, await statsOf(t, 'held'), 'wr_operations') - written;
        t.check(passed <= 1, 'the limits must hold requests back', `${passed} have passed`);
        await release(t, 'held');
        await qemuIo(t, 'held', 'aio_flush');
        written += 3;
      }
    },
  },
];
