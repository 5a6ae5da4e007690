/** Limits at their bounds: the least and the greatest of each, and how long a burst may be. */
import type { JsonObject } from '../../../spec/json.ts';
import type { Topology } from '../../targets/target.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  GROUP_LIMITS,
  groupOf,
  LIMITS,
  limit,
  limitsOf,
  NO_LIMIT,
  throttleNodes,
} from '../helpers/throttling.ts';

/** No limit is greater. */
const GREATEST = 1e15;
/** No burst lasts longer, in seconds. */
const LONGEST = 2 ** 32 - 1;

const drive: Topology = {
  name: 'bounded-drive',
  images: [],
  options: ['-drive', 'if=none,id=d0,driver=null-co,size=1M'],
  monitors: 1,
};

export const boundsOfLimits: readonly CaseDefinition[] = [
  {
    id: 'block_set_io_throttle/bounds',
    title: 'Each limit of a drive may be 1 and 10 to the 15th, alone; beyond and below it is refused',
    requirements: ['block_set_io_throttle/limits', 'BlockDeviceInfo/group'],
    needs: {
      commands: ['block_set_io_throttle', 'query-block'],
      drivers: ['null-co'],
      capabilities: ['drives'],
    },
    topology: drive,
    fresh: true,
    async run(t: CaseContext) {
      const told = () => limitsOf(t, 'd0');
      const refused = (limits: JsonObject) =>
        t.refused('block_set_io_throttle', { device: 'd0', ...NO_LIMIT, ...limits });
      for (const name of LIMITS) {
        for (const value of [1, 2, GREATEST]) {
          await limit(t, 'd0', { [name]: value });
          t.equal(
            await told(),
            { ...NO_LIMIT, [name]: value, group: 'd0' },
            `a limit ${name} of ${value} must be told, and no other`,
          );
        }
        for (const value of [-1, GREATEST + 1, -GREATEST]) await refused({ [name]: value });
        t.equal(
          await told(),
          { ...NO_LIMIT, [name]: GREATEST, group: 'd0' },
          'a limit that is refused must change nothing',
        );
        const burst = { [name]: 1, [`${name}_max`]: GREATEST, [`${name}_max_length`]: 1 };
        await limit(t, 'd0', burst);
        t.equal(await told(), { ...NO_LIMIT, ...burst, group: 'd0' }, 'a burst must be told with its length');
        await limit(t, 'd0', { [name]: 5, [`${name}_max`]: 5 });
        t.equal(
          await told(),
          { ...NO_LIMIT, [name]: 5, [`${name}_max`]: 5, [`${name}_max_length`]: 1, group: 'd0' },
          'a burst may be as low as its limit, and must last a second by default',
        );
        for (const wrong of [
          { [`${name}_max`]: 5 },
          { [name]: 5, [`${name}_max`]: -1 },
          { [name]: 1, [`${name}_max`]: 5, [`${name}_max_length`]: -1 },
          { [name]: 5, [`${name}_max`]: 4 },
          { [name]: 1, [`${name}_max`]: GREATEST + 1 },
          { [name]: 1, [`${name}_max`]: 1e14, [`${name}_max_length`]: 11 },
          { [name]: 1, [`${name}_max`]: 5, [`${name}_max_length`]: 0 },
          { [name]: 1, [`${name}_max_length`]: 2 },
        ])
          await refused(wrong);
        await limit(t, 'd0', { [name]: 1, [`${name}_max`]: 1e14, [`${name}_max_length`]: 10 });
      }
      for (const wrong of [{ iops_size: 1 }, { bps: 1, iops_size: 512 }]) await refused(wrong);
      for (const name of ['iops', 'iops_rd', 'iops_wr']) {
        await limit(t, 'd0', { [name]: 1, iops_size: 1 });
        t.equal(
          await told(),
          { ...NO_LIMIT, [name]: 1, iops_size: 1, group: 'd0' },
          'iops_size must be told as it was set',
        );
      }
      await limit(t, 'd0', {});
      t.check(!('group' in (await told())), 'a drive without limits must be in no group', 'it is in one');
    },
  },
  {
    id: 'throttle-group/bounds',
    title: 'Each limit of a group may be 1 and 10 to the 15th; beyond it makes no group',
    requirements: ['ThrottleLimits/combinations', 'ThrottleLimits/burst'],
    needs: throttleNodes,
    async run(t: CaseContext) {
      const id = t.name('group');
      for (const name of GROUP_LIMITS) {
        for (const wrong of [
          { [name]: GREATEST + 1 },
          { [name]: 1, [`${name}-max`]: GREATEST + 1 },
          { [name]: 1, [`${name}-max`]: -1 },
          { [name]: 1, [`${name}-max`]: 1e14, [`${name}-max-length`]: 11 },
          { [name]: 1, [`${name}-max`]: 2, [`${name}-max-length`]: 0 },
          { [name]: 1, [`${name}-max`]: 2, [`${name}-max-length`]: LONGEST + 1 },
        ])
          await t.refused('object-add', groupOf(t, id, wrong));
        for (const right of [
          { [name]: 1 },
          { [name]: GREATEST },
          { [name]: 1, [`${name}-max`]: GREATEST },
          { [name]: 7, [`${name}-max`]: 7 },
          { [name]: 1, [`${name}-max`]: 1e14, [`${name}-max-length`]: 10 },
          { [name]: 1, [`${name}-max`]: 2, [`${name}-max-length`]: LONGEST },
        ]) {
          await t.execute('object-add', groupOf(t, id, right));
          await t.refused('object-add', groupOf(t, id, right));
          await t.execute('object-del', { id });
        }
      }
      for (const limits of [{ 'iops-size': 512 }, { 'bps-total': 1, 'iops-size': 512 }])
        await t.refused('object-add', groupOf(t, id, limits));
      for (const name of ['iops-total', 'iops-read', 'iops-write']) {
        await t.execute('object-add', groupOf(t, id, { [name]: 1, 'iops-size': 512 }));
        await t.execute('object-del', { id });
      }
      await t.refused('object-del', { id });
    },
  },
];
