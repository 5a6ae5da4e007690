/** Jobs on disks of which there is much to look at let everyone else have a turn meanwhile. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Bench } from '../testing/job-fixture.ts';

const LOOKED_AT_LONG = 2 ** 40;

test.each(['qcow2', 'raw'])(
  'a mirror rests when it is asked to while it looks at a %s target',
  async (format) => {
    const bench = new Bench();
    try {
      await bench.qcow2('source', LOOKED_AT_LONG);
      if (format === 'qcow2') await bench.qcow2('target', LOOKED_AT_LONG);
      else {
        const file = { driver: 'file', filename: join(bench.folder, 'target') };
        await bench.run('x-blockdev-create', { ...file, size: LOOKED_AT_LONG });
        await bench.run('blockdev-add', { driver: 'raw', 'node-name': 'target', file });
      }
      await bench.run('blockdev-mirror', { 'job-id': 'j', device: 'source', target: 'target', sync: 'full' });
      await bench.run('block-job-pause', { device: 'j' });
      await bench.machine.block.graph.drain();
      expect(bench.machine.jobs.all[0]?.describe()).toMatchObject({
        busy: false,
        paused: true,
        ready: false,
      });
      await bench.run('block-job-cancel', { device: 'j', force: true });
      await bench.idle();
      expect(bench.told('BLOCK_JOB_CANCELLED')).toHaveLength(1);
    } finally {
      await bench.close();
    }
  },
);
