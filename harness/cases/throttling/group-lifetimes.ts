/** Which groups there are: those of drives come and go with their members, and share their names with objects. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import type { RequiredText } from '../case-text.ts';
import { dataSource, needs } from '../helpers/shared-setup.ts';
import { addGroup, addThrottled, groupOf, limit, throttleNodes } from '../helpers/throttling.ts';
import { checkShown, drives, throttles } from './drive-limits.ts';

/** The cases of the lives of groups. */
export const groupLifetimes: readonly CaseDefinition[] = [
  {
    id: 'block_set_io_throttle/group-gone',
    title:
      'The group of drives is there until its last member leaves it; then its name is free for an object',
    requirements: ['block_set_io_throttle/group', 'block_set_io_throttle/disables'],
    needs: needs(throttles, throttleNodes),
    topology: drives,
    async run(t: CaseContext) {
      const group = t.name('group');
      for (const device of ['d0', 'd1']) await limit(t, device, { bps: 1_000_000, group });
      const object = groupOf(t, group, { 'iops-total': 50 });
      await t.refused('object-add', object);
      await limit(t, 'd0', {});
      await t.refused('object-add', object);
      await checkShown(t, 'd1', { bps: 1_000_000, group }, 'in the group that another drive has left');
      await limit(t, 'd1', {});
      await t.execute('object-add', object);
      await t.execute('object-del', { id: group });
      // Nodes join it, too, and may be the last to leave.
      await limit(t, 'd0', { bps: 1_000_000, group });
      const node = await addThrottled(t, group);
      await limit(t, 'd0', {});
      await t.refused('object-add', object);
      await limit(t, 'd1', { bps: 2_000_000, group });
      await limit(t, 'd1', {});
      await t.execute('blockdev-del', { 'node-name': node });
      const refused = { driver: 'throttle', 'node-name': node, 'throttle-group': group };
      await t.refused('blockdev-add', { ...refused, file: await dataSource(t) });
      await t.execute('object-add', object);
      await t.execute('object-del', { id: group });
    },
  },
  {
    id: 'block_set_io_throttle/group-object',
    title:
      'A group that was made holds drives and nodes alike: its limits are theirs, and it stays when they leave',
    requirements: [
      'BlockdevOptionsThrottle/shares-group',
      'BlockdevOptionsThrottle/group-exists',
      'block_set_io_throttle/group-shares',
    ],
    needs: needs(throttles, throttleNodes, { commands: ['qom-get', 'qom-set'] }),
    topology: drives,
    async run(t: CaseContext) {
      const group = await addGroup(t, { 'iops-total': 50 });
      const limits = { path: group, property: 'limits' };
      const has = async (expected: JsonObject, why: RequiredText): Promise<void> =>
        t.contains(await t.execute('qom-get', limits), { 'iops-total': 0, ...expected }, why);
      await limit(t, 'd0', { bps: 1000, group });
      await has({ 'bps-total': 1000 }, 'the limits of a drive must be those of the group that it joins');
      await t.execute('qom-set', { ...limits, value: { 'bps-total': 2000 } });
      await checkShown(t, 'd0', { bps: 2000, group }, 'as set for its group');
      await t.refused('object-del', { id: group });
      const node = await addThrottled(t, group);
      await limit(t, 'd0', {});
      await has({ 'bps-total': 2000 }, 'a group must keep its limits when a drive leaves it');
      await t.refused('object-del', { id: group });
      await limit(t, 'd1', { bps: 3000, group });
      await t.execute('blockdev-del', { 'node-name': node });
      await t.refused('object-del', { id: group });
      await limit(t, 'd1', {});
      await has({ 'bps-total': 3000 }, 'a group must keep its limits when its last drive leaves it');
      const again = await addThrottled(t, group);
      await t.execute('blockdev-del', { 'node-name': again });
      await t.execute('object-del', { id: group });
    },
  },
];
