/** Who may stand on the filter that a job puts above a node. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { chainNodes, makeEmpty } from '../helpers/backing-chains.ts';
import { sizesOf } from '../helpers/image-files.ts';
import { endedReady, mirrorJobs } from '../helpers/job-steps.ts';
import { addRaw, needs } from '../helpers/shared-setup.ts';

export const aboveFilters: readonly CaseDefinition[] = [
  {
    id: 'blockdev-mirror/no-growth-above-filter',
    title:
      'Above the filter of a mirror a format is let in that only reads, and none that could grow its file',
    requirements: ['blockdev-add/users-agree'],
    needs: needs(chainNodes, mirrorJobs, { members: ['blockdev-mirror.filter-node-name'] }),
    async run(t: CaseContext) {
      const image = await makeEmpty(t);
      const [device, filter, id] = [t.name('file'), t.name('filter'), t.name('job')];
      await t.execute('blockdev-add', { driver: 'file', 'node-name': device, filename: image.path });
      const { name: target } = await addRaw(t, (await sizesOf(t, image.local)).size);
      const args = { 'job-id': id, device, target, sync: 'full', 'filter-node-name': filter };
      await t.execute('blockdev-mirror', args);
      await t.event('BLOCK_JOB_READY', { device: id });
      const format = (file: string) => ({ driver: 'qcow2', 'node-name': t.name('format'), file });
      await t.refused('blockdev-add', format(filter));
      const reader = { ...format(filter), 'read-only': true };
      await t.execute('blockdev-add', reader);
      await t.execute('blockdev-del', { 'node-name': reader['node-name'] });
      await endedReady(t, id);
      await t.execute('blockdev-add', format(device));
    },
  },
];
