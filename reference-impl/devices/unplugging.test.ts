/** Devices that go while something works on their drives, and what a reset lets go. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { GuestResult } from '../backend/guest-requests.ts';
import { addDrive } from '../options/drive.ts';
import { JobFixture } from '../testing/job-fixture.ts';

let fixture: JobFixture;

beforeEach(async () => {
  fixture = new JobFixture();
  const { devices, block } = fixture.endpoint;
  await addDrive('if=none,id=d0,driver=null-co,size=1M,node-name=n0', block);
  for (const name of ['n1', 'target'])
    await fixture.run('blockdev-add', { driver: 'null-co', 'node-name': name, size: 2 ** 20 });
  await devices.add({ driver: 'virtio-scsi-pci' });
  await devices.add({ driver: 'scsi-hd', id: 'h0', drive: 'd0' });
  await devices.add({ driver: 'scsi-hd', id: 'h1', drive: 'n1' });
});

afterEach(async () => {
  fixture.endpoint.shutdown();
  await fixture.endpoint.exited;
  await rm(fixture.folder, { recursive: true });
});

const nodes = () => fixture.endpoint.block.graph.nodes.map(({ name }) => name);
const names = () => fixture.events.map(({ event }) => event);

async function imageFile(): Promise<string> {
  const filename = join(fixture.folder, 'image');
  await writeFile(filename, Buffer.alloc(4096));
  return filename;
}

async function mirror(device: string): Promise<void> {
  await fixture.run('blockdev-mirror', { 'job-id': 'j', device, target: 'target', sync: 'full' });
  await fixture.idle();
}

test('a named drive takes its job and its node with it', async () => {
  await mirror('d0');
  await fixture.run('device_del', { id: 'h0' });
  await fixture.idle();
  expect(await fixture.run('query-block-jobs')).toEqual([]);
  expect(nodes()).toEqual(['n1', 'target']);
  expect(names()).toEqual(['BLOCK_JOB_READY', 'DEVICE_DELETED', 'BLOCK_JOB_COMPLETED']);
});

test('a job on a node that has a name of its own goes on', async () => {
  await mirror('n1');
  await fixture.run('device_del', { id: 'h1' });
  await fixture.idle();
  expect(await fixture.run('query-block-jobs')).toMatchObject([{ device: 'j', ready: true }]);
  expect(nodes()).toContain('n1');
});

/** A disk of which every write fails, which stops the machine. */
async function failingWrite(): Promise<{ readonly result: Promise<GuestResult> }> {
  const { devices, run } = fixture.endpoint;
  await fixture.run('blockdev-add', {
    driver: 'raw',
    'node-name': 'bad',
    file: {
      driver: 'blkdebug',
      image: { driver: 'file', filename: await imageFile() },
      'inject-error': [{ event: 'write_aio' }],
    },
  });
  await devices.add({ driver: 'scsi-hd', id: 'bad', drive: 'bad', werror: 'stop' });
  run.cont();
  const result = devices.find('bad').io!.write(0, Buffer.alloc(512));
  await fixture.idle();
  return { result };
}

test('a reset lets go what waits for the guest, and gives up the requests that wait for the machine', async () => {
  const { devices } = fixture.endpoint;
  await devices.add({ driver: 'virtio-blk-pci', id: 'v', drive: 'target' });
  const { result } = await failingWrite();
  await fixture.run('device_del', { id: 'v' });
  await fixture.run('system_reset');
  expect(await result).toEqual({ ok: false, errno: 'EIO' });
  expect(names()).toEqual(['RESUME', 'BLOCK_IO_ERROR', 'STOP', 'RESET', 'DEVICE_DELETED', 'DEVICE_DELETED']);
  expect(() => devices.find('v')).toThrow("Device 'v' not found");
});

test('a device that goes gives up the requests that wait for the machine', async () => {
  const { result } = await failingWrite();
  await fixture.run('device_del', { id: 'bad' });
  expect(await result).toEqual({ ok: false, errno: 'EIO' });
});

test('a controller takes the devices on its bus with it', async () => {
  const { devices } = fixture.endpoint;
  const [controller] = devices.devices;
  await fixture.run('device_del', { id: controller!.qomPath });
  await fixture.run('system_reset');
  expect(devices.devices).toEqual([]);
  expect(fixture.events.map(({ data }) => data.device ?? data.path)).toEqual([
    undefined,
    'h0',
    'h1',
    '/machine/peripheral-anon/device[0]/virtio-backend',
    '/machine/peripheral-anon/device[0]',
  ]);
});
