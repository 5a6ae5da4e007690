/** Faults that a policy does not settle: those that a guest meets while its disk is backed up, and those that never end. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { IoError } from '../host/errno.ts';
import { FaultInjector } from '../testing/fault-injector.ts';
import { JobFixture } from '../testing/job-fixture.ts';

const CLUSTER = 65536;
const SIZE = 4 * CLUSTER;

let fixture: JobFixture;
let injector: FaultInjector;

beforeEach(async () => {
  injector = new FaultInjector();
  fixture = new JobFixture();
  for (const name of ['s', 't']) await fixture.qcow2(name, SIZE);
  await fixture.node('s').io.write(0, new Uint8Array(SIZE).fill(1));
});

afterEach(async () => {
  injector.end();
  await fixture.close();
});

const JOBS = {
  'blockdev-backup': { device: 's', target: 't', sync: 'full' },
  'blockdev-mirror': { device: 's', target: 't', sync: 'full', granularity: CLUSTER, 'buf-size': CLUSTER },
} as const;

describe.each(Object.keys(JOBS) as (keyof typeof JOBS)[])('%s', (command) => {
  test.each([
    ['source', 's read 1'],
    ['target', 't write 1'],
  ])('what fails for ever and is ignored lets others end it: %s', async (side, id) => {
    injector.arm(fixture, { id, code: 'EIO', lasts: true });
    await fixture.run(command, { 'job-id': 'j', ...JOBS[command], [`on-${side}-error`]: 'ignore' });
    await fixture.idle();
    await fixture.pass(30);
    const errors = fixture.told('BLOCK_JOB_ERROR').map(({ data }) => data);
    expect(errors.length).toBeGreaterThan(2);
    const operation = side === 'source' ? 'read' : 'write';
    for (const error of errors) expect(error).toEqual({ device: 'j', operation, action: 'ignore' });
    await fixture.run('block-job-cancel', { device: 'j' });
    await fixture.pass(10);
    expect(fixture.told('BLOCK_JOB_CANCELLED')).toHaveLength(1);
    expect(fixture.endpoint.jobs.all).toEqual([]);
  });
});

test.each(['ignore', 'stop'])(
  'a ready mirror that is told to stop ends, though what it copies fails for ever: %s',
  async (policy) => {
    await fixture.qcow2('u', CLUSTER);
    const args = { ...JOBS['blockdev-mirror'], sync: 'none', target: 'u', 'on-target-error': policy };
    await fixture.run('blockdev-mirror', { 'job-id': 'j', ...args });
    await fixture.pass(200);
    expect(fixture.told('BLOCK_JOB_READY')).toHaveLength(1);
    // Beyond the end of the target.
    await fixture.node('s').io.write(2 * CLUSTER, new Uint8Array(CLUSTER).fill(2));
    await fixture.pass(200);
    expect(fixture.told('BLOCK_JOB_ERROR').length).toBeGreaterThan(0);
    await fixture.run('block-job-cancel', { device: 'j', force: true });
    await fixture.pass(200);
    expect(fixture.told('BLOCK_JOB_CANCELLED')).toHaveLength(1);
    expect(fixture.endpoint.jobs.all).toEqual([]);
  },
);

/** What a write of the guest needs while a backup has not come to the cluster yet. */
test.each(['s read 2', 't write 2', 't-file write 5'])(
  'a write of the guest fails if what it overwrites cannot be saved: %s',
  async (id) => {
    await reopenWithNames();
    injector.arm(fixture, { id, code: 'ENOSPC' });
    await fixture.run('blockdev-backup', { 'job-id': 'j', ...JOBS['blockdev-backup'], speed: 1 });
    await fixture.idle();
    const { io } = fixture.node('s');
    const write = () => io.write(3 * CLUSTER, new Uint8Array(CLUSTER).fill(2));
    await expect(write()).rejects.toThrow(new IoError('ENOSPC'));
    expect(injector.failed?.id).toBe(id);
    await write();
    await fixture.run('block-job-set-speed', { device: 'j', speed: 0 });
    await fixture.idle();
    // The job itself has met no error.
    expect(fixture.events.map(({ event, data }) => [event, data.error])).toEqual([
      ['BLOCK_JOB_COMPLETED', undefined],
    ]);
    const shows = async (name: string) => (await fixture.contents(fixture.node(name))).toString('latin1');
    expect((await shows('t')) === '\x01'.repeat(SIZE)).toBe(true);
    expect((await shows('s')) === '\x01'.repeat(3 * CLUSTER) + '\x02'.repeat(CLUSTER)).toBe(true);
  },
);

/** With nothing of the images in memory, and nodes for their files that have names. */
async function reopenWithNames(): Promise<void> {
  for (const name of ['s', 't']) {
    await fixture.run('blockdev-del', { 'node-name': name });
    const filename = `${fixture.folder}/${name}.qcow2`;
    const file = { driver: 'file', 'node-name': `${name}-file`, filename };
    await fixture.run('blockdev-add', { driver: 'qcow2', 'node-name': name, file });
  }
}
