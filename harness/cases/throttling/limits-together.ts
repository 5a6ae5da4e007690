/** Several limits, several members, what was let go: the strictest limit holds, for all in the group, and counts all that passed. */
import type { JsonObject } from '../../../spec/json.ts';
import type { Topology } from '../../targets/target.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { statistic, statsOf } from '../helpers/device-info.ts';
import { hmpIo, qemuIo } from '../helpers/human-monitor-io.ts';
import { needs } from '../helpers/shared-setup.ts';
import { limit, limitsOf, NO_LIMIT } from '../helpers/throttling.ts';
import { begin, checkShown, drives, release, throttles } from './drive-limits.ts';

const LENIENT = 1_000_000_000;
const measured = needs(throttles, hmpIo, { commands: ['query-blockstats'] });

/** Two drives that start in one group, the second read-only, and a third in one of its own. */
const grouped: Topology = {
  name: 'drives-of-a-group',
  images: [],
  options: ['r0', 'r1', 'r2'].flatMap((id) => [
    '-drive',
    `if=none,id=${id},driver=null-co,size=1M,throttling.bps-total=1000` +
      (id === 'r2' ? '' : ',throttling.group=both') +
      (id === 'r1' ? ',read-only=on' : ''),
  ]),
  monitors: 1,
};

async function readsOf(t: CaseContext, device: string): Promise<number> {
  return statistic(t, await statsOf(t, device), 'rd_operations');
}

/** Cases of limits and members together. */
export const limitsTogether: readonly CaseDefinition[] = [
  {
    id: 'block_set_io_throttle/strictest-holds',
    title: 'Of limits of bytes and of operations the strictest holds, however short the requests are',
    requirements: ['ThrottleLimits/bytes', 'ThrottleLimits/operations', 'block_set_io_throttle/limits'],
    needs: measured,
    topology: drives,
    fresh: true,
    async run(t: CaseContext) {
      let done = 0;
      // Of none of these does one more pass by itself within ten seconds, the first apart.
      for (const [limits, length] of [
        [{ bps: 8, iops: LENIENT }, 512],
        [{ bps_rd: 8, iops: LENIENT }, 512],
        [{ bps: 8, iops_rd: LENIENT }, 512],
        [{ bps_rd: 8, iops_rd: LENIENT }, 100],
        [{ bps: LENIENT, iops: 1, iops_size: 16 }, 512],
        [{ bps_rd: LENIENT, iops_rd: 1, iops_size: 10 }, 100],
        [{ bps: 1, bps_max: 2 }, 100],
      ] as const) {
        await limit(t, 'd0', limits);
        for (let index = 0; index < 4; index += 1) await qemuIo(t, 'd0', `aio_read ${index * 512} ${length}`);
        await t.roundTrip();
        const passed = (await readsOf(t, 'd0')) - done;
        t.check(passed <= 1, 'the strictest limit must hold requests back', `${passed} of 4 have passed`);
        await release(t, 'd0');
        await qemuIo(t, 'd0', 'aio_flush');
        done += 4;
        t.equal(await readsOf(t, 'd0'), done, 'without limits all must pass');
      }
    },
  },
  {
    id: 'block_set_io_throttle/three-members',
    title: 'A group of three lets no more pass than a group of one, and the others go on when one has left',
    requirements: ['block_set_io_throttle/group-shares', 'block_set_io_throttle/disables-only-itself'],
    needs: measured,
    topology: drives,
    fresh: true,
    async run(t: CaseContext) {
      const members = ['d0', 'd1', 'd2'];
      for (const device of members) await limit(t, device, { bps_rd: 8, group: 'g' });
      for (const device of members) await begin(t, device, 'read', 3);
      await t.roundTrip();
      let passed = 0;
      for (const device of members) passed += await readsOf(t, device);
      t.check(passed <= 1, 'members must share the limit of their group', `${passed} of 9 have passed`);
      await release(t, 'd1');
      await t.elapse(20);
      t.equal(await readsOf(t, 'd1'), 3, 'what a member that leaves has waiting must pass');
      t.check((await readsOf(t, 'd2')) === 0, 'what the others have waiting must stay held', 'it passes');
      if (t.virtualTime) {
        await limit(t, 'd0', { iops_rd: 10 });
        await release(t, 'd0');
        await t.elapse(1000);
        t.equal(await readsOf(t, 'd2'), 3, 'what the others have waiting must pass in its time');
      }
      await release(t, 'd0', 'd2');
    },
  },
  {
    id: 'block_set_io_throttle/let-go-counts',
    title:
      'What passes because its drive is drained counts: what comes then waits until the limit has borne it',
    requirements: ['ThrottleLimits/operations', 'block_set_io_throttle/limits'],
    needs: needs(measured, { commands: ['transaction', 'block-dirty-bitmap-add'] }),
    topology: drives,
    fresh: true,
    async run(t: CaseContext) {
      const held = 7;
      await limit(t, 'd0', { iops_rd: 2 });
      await begin(t, 'd0', 'read', held);
      await t.roundTrip();
      const bitmap = { type: 'block-dirty-bitmap-add', data: { node: 'd0', name: t.name('bitmap') } };
      await t.execute('transaction', { actions: [bitmap] });
      t.equal(await readsOf(t, 'd0'), held, 'all requests must have passed when the drive was drained');
      await begin(t, 'd0', 'read', 2);
      await t.roundTrip();
      t.equal(await readsOf(t, 'd0'), held, 'what was let go must count against the limit');
      if (t.virtualTime) {
        await t.elapse(3500);
        t.equal(await readsOf(t, 'd0'), held + 1, 'the next request must pass in its time, and no other');
      }
      await release(t, 'd0');
    },
  },
  {
    id: 'drive-options/group-of-two',
    title: 'Drives that start in one group have its limits, which are those set last, read-only or not',
    requirements: ['BlockDeviceInfo/group', 'block_set_io_throttle/group-shares'],
    needs: throttles,
    topology: grouped,
    async run(t: CaseContext) {
      const told = async (device: string, expected: JsonObject): Promise<void> =>
        t.equal(
          await limitsOf(t, device),
          { ...NO_LIMIT, ...expected },
          'a drive must have the limits of its group',
        );
      await told('r2', { bps: 1000, group: 'r2' });
      for (const [device, bps] of [
        ['r0', 2000],
        ['r1', 3000],
      ] as const) {
        await limit(t, device, { bps });
        for (const member of ['r0', 'r1']) await told(member, { bps, group: 'both' });
      }
      await checkShown(t, 'r2', { bps: 1000, group: 'r2' }, 'in a group of its own');
      await limit(t, 'r2', { iops: 5, group: 'both' });
      for (const member of ['r0', 'r1', 'r2']) await told(member, { iops: 5, group: 'both' });
    },
  },
];
