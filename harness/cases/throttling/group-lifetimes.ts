/** Which groups there are: those of drives come and go with their members, and share their names with objects. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { needs } from '../helpers/shared-setup.ts';
import { groupOf, limit, throttleNodes } from '../helpers/throttling.ts';
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
    },
  },
];
