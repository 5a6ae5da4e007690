/** block_set_io_throttle: what it reports, whom it concerns, and that the limits limit. */
import type { JsonObject } from '../../../spec/json.ts';
import type { Topology } from '../../targets/target.ts';
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import { type RequiredText, shown } from '../case-text.ts';
import { insertedIn, statistic, statsOf } from '../helpers/device-info.ts';
import { hmpIo, qemuIo } from '../helpers/human-monitor-io.ts';
import { KiB, needs } from '../helpers/shared-setup.ts';
import { checkTakes, checkUnlimited, LIMITS, limit, NO_LIMIT } from '../helpers/throttling.ts';

/** Three drives of 1 MiB. */
export const drives: Topology = {
  name: 'three-drives',
  images: [],
  options: ['d0', 'd1', 'd2'].flatMap((id) => ['-drive', `if=none,id=${id},driver=null-co,size=1M`]),
  monitors: 1,
};

/** A guest device `h` over drive `d0`. */
const guest: Topology = {
  name: 'throttled-guest',
  images: [],
  options: [
    '-machine',
    'pc',
    '-device',
    'virtio-scsi-pci',
    '-drive',
    'if=none,id=d0,driver=null-co,size=1M',
    '-device',
    'scsi-hd,drive=d0,id=h',
  ],
  monitors: 1,
};

export const throttles: Needs = { commands: ['block_set_io_throttle', 'query-block'], drivers: ['null-co'] };
const measured = needs(throttles, hmpIo);

/** What an endpoint takes at least. */
const HIGHEST = 10 ** 15;

/** States what query-block shows of a drive: these limits and no others, and the group. */
export async function checkShown(
  t: CaseContext,
  device: string,
  expected: JsonObject,
  why: string,
): Promise<void> {
  t.contains(
    await insertedIn(t, device),
    { ...NO_LIMIT, ...expected },
    `query-block must show the limits of ${device} ${why}`,
  );
}

async function checkFree(t: CaseContext, device: string): Promise<void> {
  const free = await insertedIn(t, device);
  t.contains(free, NO_LIMIT, `${device} must have no limits after all were set to zero`);
  t.check(!('group' in free), `${device} must be in no group`, `it is in ${shown(free.group)}`);
}

/** No device of the case stays limited. */
export async function release(t: CaseContext, ...devices: string[]): Promise<void> {
  for (const device of devices) await limit(t, device, {});
}

/** Sends so many requests of a sector each, and does not wait for what becomes of them. */
export async function begin(
  t: CaseContext,
  device: string,
  kind: 'read' | 'write',
  count: number,
): Promise<void> {
  for (let index = 0; index < count; index += 1) await qemuIo(t, device, `aio_${kind} ${index * 512} 512`);
}

/** States that of so many requests that are sent at most one passes: the others are held back. */
export async function checkHeld(
  t: CaseContext,
  device: string,
  kind: 'read' | 'write',
  count: number,
  required: RequiredText = 'limits must hold requests back',
): Promise<void> {
  const done = async (): Promise<number> =>
    statistic(t, await statsOf(t, device), kind === 'read' ? 'rd_operations' : 'wr_operations');
  const before = await done();
  await begin(t, device, kind, count);
  await t.roundTrip();
  const passed = (await done()) - before;
  t.check(passed <= 1, required, `${passed} of ${count} have passed`);
}

const PIECE = 64 * KiB;

async function io(
  t: CaseContext,
  device: string,
  kind: 'read' | 'write',
  count: number,
  length = PIECE,
): Promise<void> {
  for (let index = 0; index < count; index += 1)
    await qemuIo(t, device, `${kind} ${index * length} ${length}`);
}

export const driveLimits: readonly CaseDefinition[] = [
  {
    id: 'block_set_io_throttle/each-limit',
    title: "Each of the six limits, of their bursts and of the bursts' lengths is shown, and no other",
    requirements: [
      'BlockDeviceInfo/bursts',
      'block_set_io_throttle/sets',
      'BlockIOThrottle/burst-reported',
      'BlockIOThrottle/length-default',
    ],
    needs: throttles,
    topology: drives,
    async run(t: CaseContext) {
      for (const [index, name] of LIMITS.entries()) {
        const given = { [name]: 100 + index, [`${name}_max`]: 200 + index };
        await limit(t, 'd0', given);
        await checkShown(t, 'd0', { ...given, [`${name}_max_length`]: 1 }, 'with a burst of one second');
        const long = { ...given, [`${name}_max_length`]: 3 + index };
        await limit(t, 'd0', long);
        await checkShown(t, 'd0', long, 'with the length of the burst');
        const others = LIMITS.filter((other) => other !== name).map((other) => `${other}_max`);
        const inserted = await insertedIn(t, 'd0');
        const wrong = others.filter((other) => inserted[other] !== undefined && inserted[other] !== 0);
        t.check(
          wrong.length === 0,
          'query-block must show no burst that was not set',
          `it shows ${wrong.join(', ')}`,
        );
      }
      await release(t, 'd0');
    },
  },
  {
    id: 'block_set_io_throttle/highest-limits',
    title: 'Each limit may be as high as 10^15, and iops_size goes with each limit of operations',
    requirements: ['block_set_io_throttle/sets'],
    needs: throttles,
    topology: drives,
    async run(t: CaseContext) {
      for (const name of LIMITS) {
        await limit(t, 'd0', { [name]: HIGHEST, [`${name}_max`]: HIGHEST });
        await checkShown(
          t,
          'd0',
          { [name]: HIGHEST, [`${name}_max`]: HIGHEST },
          `after ${name} was set to the highest`,
        );
      }
      for (const name of ['iops', 'iops_rd', 'iops_wr']) {
        await limit(t, 'd0', { [name]: 5, iops_size: 512 });
        await checkShown(t, 'd0', { [name]: 5, iops_size: 512 }, `after ${name} was set with iops_size`);
      }
      await limit(t, 'd0', {});
    },
  },
  {
    id: 'block_set_io_throttle/length-needs-burst',
    title:
      'The length of a burst is refused without its burst limit, for each of the six, and the limits stay',
    requirements: ['BlockIOThrottle/length-needs-burst'],
    needs: throttles,
    topology: drives,
    async run(t: CaseContext) {
      await limit(t, 'd0', { bps: 77 });
      for (const name of LIMITS) {
        const wrong = { ...NO_LIMIT, [name]: 10, [`${name}_max_length`]: 5 };
        await t.refused('block_set_io_throttle', { device: 'd0', ...wrong });
        await checkShown(t, 'd0', { bps: 77 }, 'as they were before a refusal');
      }
      for (const name of LIMITS)
        await limit(t, 'd0', { [name]: 10, [`${name}_max`]: 20, [`${name}_max_length`]: 5 });
      await release(t, 'd0');
    },
  },
  {
    id: 'block_set_io_throttle/limits',
    title:
      'Writes to a limited drive take as long as the limit says, reads do not wait; without limits nothing waits',
    requirements: ['block_set_io_throttle/limits', 'block_set_io_throttle/disables'],
    needs: measured,
    topology: drives,
    async run(t: CaseContext) {
      await limit(t, 'd0', { bps_wr: 640 * KiB });
      await checkUnlimited(t, 'a read', () => io(t, 'd0', 'read', 9));
      await checkTakes(t, 'a row of writes', { units: 5 * PIECE, last: PIECE, rate: 640 * KiB }, () =>
        io(t, 'd0', 'write', 5),
      );
      await limit(t, 'd0', { iops_rd: 20 });
      await checkShown(t, 'd0', { iops_rd: 20 }, 'that were set last');
      await checkTakes(t, 'a row of reads', { units: 8, last: 1, rate: 20 }, () =>
        io(t, 'd0', 'read', 8, 512),
      );
      await release(t, 'd0');
      await checkUnlimited(t, 'a request to a drive without limits', async () => {
        await io(t, 'd0', 'write', 9);
        await io(t, 'd0', 'read', 9);
      });
    },
  },
  {
    id: 'block_set_io_throttle/group-shares',
    title: 'Drives of one group share its limit, which is the one that was set last for any of them',
    requirements: ['BlockDeviceInfo/group', 'block_set_io_throttle/group-shares'],
    needs: throttles,
    topology: drives,
    async run(t: CaseContext) {
      for (const device of ['d0', 'd1']) await limit(t, device, { bps: 1_000_000, group: 'g' });
      await limit(t, 'd1', { iops: 50, group: 'g' });
      for (const device of ['d0', 'd1'])
        await checkShown(t, device, { iops: 50, group: 'g' }, 'as set last for its group');
      await release(t, 'd0', 'd1');
    },
  },
  {
    id: 'block_set_io_throttle/group-together',
    title: 'The limit of a group holds for the requests of its drives together, and for no drive outside',
    requirements: ['block_set_io_throttle/group-shares', 'block_set_io_throttle/limits'],
    needs: measured,
    topology: drives,
    async run(t: CaseContext) {
      for (const device of ['d0', 'd1']) await limit(t, device, { bps: 640 * KiB, group: 'g' });
      await checkShown(t, 'd1', { bps: 640 * KiB, group: 'g' }, 'in its group');
      await checkTakes(
        t,
        'a row of writes to both drives',
        { units: 6 * PIECE, last: PIECE, rate: 640 * KiB },
        async () => {
          await io(t, 'd0', 'write', 3);
          await io(t, 'd1', 'write', 3);
        },
      );
      await checkUnlimited(t, 'a write to a drive outside of the group', () => io(t, 'd2', 'write', 6));
      await release(t, 'd0', 'd1');
    },
  },
  {
    id: 'block_set_io_throttle/group-kept',
    title: 'Without group a drive stays in its group; one that is in none gets a group of its own name',
    requirements: ['block_set_io_throttle/group'],
    needs: throttles,
    topology: drives,
    async run(t: CaseContext) {
      await limit(t, 'd0', { bps: 100 });
      await checkShown(t, 'd0', { bps: 100, group: 'd0' }, 'in the group of its name');
      await limit(t, 'd0', { bps: 200, group: 'g' });
      await limit(t, 'd0', { bps: 300 });
      await checkShown(t, 'd0', { bps: 300, group: 'g' }, 'in the group that it was in');
      await release(t, 'd0');
      await limit(t, 'd0', { bps: 400 });
      await checkShown(
        t,
        'd0',
        { bps: 400, group: 'd0' },
        'in the group of its name, after it had left its group',
      );
      await release(t, 'd0');
    },
  },
  {
    id: 'block_set_io_throttle/moves',
    title: 'A drive that moves to another group takes no limit along and leaves the others as they are',
    requirements: ['block_set_io_throttle/moves'],
    needs: throttles,
    topology: drives,
    async run(t: CaseContext) {
      for (const device of ['d0', 'd1']) await limit(t, device, { bps: 100, group: 'g' });
      await limit(t, 'd2', { iops: 7, group: 'h' });
      await limit(t, 'd0', { iops: 9, group: 'h' });
      await checkShown(t, 'd0', { iops: 9, group: 'h' }, 'in its new group');
      await checkShown(t, 'd1', { bps: 100, group: 'g' }, 'in the group that another left');
      await checkShown(t, 'd2', { iops: 9, group: 'h' }, 'in the group that another joined');
      await release(t, 'd0', 'd1', 'd2');
    },
  },
  {
    id: 'block_set_io_throttle/disables-only-itself',
    title:
      'A drive whose limits are all set to zero leaves its group, whatever group says; the other members stay limited',
    requirements: ['block_set_io_throttle/disables-only-itself'],
    needs: throttles,
    topology: drives,
    async run(t: CaseContext) {
      for (const device of ['d0', 'd1']) await limit(t, device, { bps: 100, group: 'g' });
      await limit(t, 'd2', { iops: 7, group: 'h' });
      await limit(t, 'd0', { group: 'h' });
      await checkFree(t, 'd0');
      await checkShown(t, 'd1', { bps: 100, group: 'g' }, 'after another member left');
      await checkShown(t, 'd2', { iops: 7, group: 'h' }, 'in a group that is named where it is ignored');
      await release(t, 'd1', 'd2');
    },
  },
  {
    id: 'block_set_io_throttle/device-and-id',
    title: 'A call that names neither a drive nor a guest device, or both, is refused',
    requirements: ['block_set_io_throttle/device-unknown'],
    needs: throttles,
    topology: drives,
    async run(t: CaseContext) {
      const given = { ...NO_LIMIT, bps: 100 };
      await t.refused('block_set_io_throttle', given);
      await t.refused('block_set_io_throttle', { ...given, device: 'd0', id: 'd0' });
      await checkFree(t, 'd0');
      await t.execute('block_set_io_throttle', { ...given, device: 'd0' });
      await checkShown(t, 'd0', { bps: 100 }, 'after a call that names it');
      await release(t, 'd0');
    },
  },
  {
    id: 'block_set_io_throttle/guest-device',
    title:
      'id is the id of a guest device, or its QOM path; one that does not exist is refused as DeviceNotFound',
    requirements: ['BlockIOThrottle/id'],
    needs: needs(throttles, { capabilities: ['guestDevices'] }),
    topology: guest,
    async run(t: CaseContext) {
      for (const [id, bps] of [
        ['h', 100],
        ['/machine/peripheral/h', 200],
      ] as const) {
        await t.execute('block_set_io_throttle', { id, ...NO_LIMIT, bps });
        await checkShown(t, 'd0', { bps }, 'as set through its guest device');
      }
      const id = t.name('nothing');
      await t.refused('block_set_io_throttle', { id, ...NO_LIMIT, bps: 300 }, { class: 'DeviceNotFound' });
      await checkShown(t, 'd0', { bps: 200 }, 'as they were before a refusal');
      await t.execute('block_set_io_throttle', { id: 'h', ...NO_LIMIT });
    },
  },
];
