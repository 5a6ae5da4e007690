/** Jobs on disks of which there is much to look at let everyone else have a turn meanwhile. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { JobFixture } from '../testing/job-fixture.ts';

const LOOKED_AT_LONG = 2 ** 40;

test.each(['qcow2', 'raw'])(
  'a mirror rests when it is asked to while it looks at a %s target',
  async (format) => {
    const fixture = new JobFixture();
    try {
      await fixture.qcow2('source', LOOKED_AT_LONG);
      if (format === 'qcow2') await fixture.qcow2('target', LOOKED_AT_LONG);
      else {
        const file = { driver: 'file', filename: join(fixture.folder, 'target') };
        await fixture.run('x-blockdev-create', { ...file, size: LOOKED_AT_LONG });
        await fixture.run('blockdev-add', { driver: 'raw', 'node-name': 'target', file });
      }
      await fixture.run('blockdev-mirror', {
        'job-id': 'j',
        device: 'source',
        target: 'target',
        sync: 'full',
      });
      await fixture.run('block-job-pause', { device: 'j' });
      await fixture.endpoint.block.graph.drainAll();
      expect(fixture.endpoint.jobs.all[0]?.describe()).toMatchObject({
        busy: false,
        paused: true,
        ready: false,
      });
      await fixture.run('block-job-cancel', { device: 'j', force: true });
      await fixture.idle();
      expect(fixture.told('BLOCK_JOB_CANCELLED')).toHaveLength(1);
    } finally {
      await fixture.close();
    }
  },
);
