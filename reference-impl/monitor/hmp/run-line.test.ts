/** The human monitor by `human-monitor-command`: what it prints is as QEMU 7.2 prints it, but for what versions say otherwise. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createNamedImage } from '../../graph/named-image.ts';
import { addDrive } from '../../options/drive.ts';
import { ReferenceEndpoint } from '../../reference-endpoint.ts';
import { ManualClock } from '../../testing/test-services.ts';
import { humanSize } from './hmp-info-block.ts';

let folder: string;
let endpoint: ReferenceEndpoint;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'qmpcheck-hmp-'));
  endpoint = new ReferenceEndpoint({ cwd: folder, clock: new ManualClock() });
  const image = { format: 'qcow2', size: 1 << 20 };
  const { graph } = endpoint.block;
  await createNamedImage(graph, { ...image, filename: 'base' });
  await createNamedImage(graph, {
    ...image,
    filename: 'top',
    backing: { name: join(folder, 'base'), format: 'qcow2' },
  });
  await createNamedImage(graph, { ...image, format: 'raw', filename: 'raw' });
  await addDrive('if=none,id=d0,file=top,format=qcow2,node-name=n0', endpoint.block);
  await addDrive('if=none,id=d1', endpoint.block);
  await endpoint.block.add({ driver: 'null-co', 'node-name': 'nn', 'read-only': true });
});

afterEach(async () => {
  endpoint.shutdown();
  await endpoint.exited;
  rmSync(folder, { recursive: true });
});

const hmp = async (line: string) => {
  let printed = '';
  await endpoint.loop.exclusively(async () => {
    printed = await endpoint.humanLine(line);
  });
  expect(printed.replaceAll('\r\n', '')).not.toContain('\n');
  return printed.replaceAll('\r\n', '\n').replaceAll(folder, '@');
};
const block = (name: string) => endpoint.block.graph.find(name);
const usage = (command: string, message: string) =>
  `${message}\nTry "help ${command}" for more information\n`;

describe('info', () => {
  const d0 = `d0 (n0): top (qcow2)
    Removable device: not locked, tray closed
    Cache mode:       writeback
    Backing file:     @/base (chain depth: 1)
`;
  const d1 = `d1: [not inserted]
    Removable device: not locked, tray closed
`;
  const nn = `nn: null-co:// (null-co, read-only)
    Cache mode:       writeback
`;

  test.each([
    ['info block', `${d0}\n${d1}`],
    ['info block d0', d0],
    ['info block d1', `\n${d1}`],
    ['info block nn', nn],
    ['info block -n nn', nn],
    ['info block nope', ''],
    ['info block-jobs', 'No active jobs\n'],
    ['info status', 'VM status: paused (prelaunch)\n'],
    ['info version', '2.11.50\n'],
    ['info nope', "unknown command: 'info nope'\n"],
    ['info block d0 d1', usage('info block', 'info block: extraneous characters at the end of line')],
  ])('%s', async (line, printed) => {
    expect(await hmp(line)).toBe(printed);
  });

  test('-v shows the images, -n the nodes', async () => {
    const image = (name: string, backing: string) => `image: ${name}
file format: qcow2
virtual size: 1 MiB (1048576 bytes)
disk size: SIZE
cluster_size: 65536
${backing}Format specific information:
    compat: 1.1
    lazy refcounts: false
    refcount bits: 16
    corrupt: false
`;
    const images = `${image('top', 'backing file: @/base\nbacking file format: qcow2\n')}${image('@/base', '')}`;
    const printed = (await hmp('info block -v d0')).replaceAll(/disk size: .*/g, 'disk size: SIZE');
    expect(printed).toBe(`${d0}\nImages:\n${images}`);
    expect((await hmp('info block -n')).split('\n\n')).toHaveLength(5);
  });

  test('limits, cache modes, and what is asked of zeroes', async () => {
    const limits = 'throttling.bps-read=1000,throttling.iops-total=7,throttling.iops-total-max=20';
    await addDrive(`if=none,id=e,driver=null-co,cache=unsafe,detect-zeroes=on,${limits}`, endpoint.block);
    expect(await hmp('info block e')).toContain(`
    Cache mode:       writeback, ignore flushes
    Detect zeroes:    on
    I/O throttling:   bps=0 bps_rd=1000 bps_wr=0 bps_max=0 bps_rd_max=0 bps_wr_max=0 iops=7 iops_rd=0 iops_wr=0 iops_max=20 iops_rd_max=0 iops_wr_max=0 iops_size=0 group=e
`);
    await addDrive('if=none,id=f,driver=null-co,cache=directsync', endpoint.block);
    expect(await hmp('info block f')).toContain('Cache mode:       writethrough, direct\n');
  });

  test('statistics', async () => {
    await hmp('qemu-io d0 "aio_write 0 64k"');
    await endpoint.hostWork.idle();
    expect(await hmp('info blockstats')).toMatch(
      /^d0: rd_bytes=0 wr_bytes=65536 rd_operations=0 wr_operations=1 flush_operations=0 .* idle_time_ns=\d+\nd1: rd_bytes=0 /,
    );
  });

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '0.977 KiB'],
    [1024, '1 KiB'],
    [197120, '192 KiB'],
    [196096, '192 KiB'],
    [1.5 * 2 ** 30, '1.5 GiB'],
    [2 ** 60, '1 EiB'],
  ])('%d bytes are %s', (bytes, text) => expect(humanSize(bytes)).toBe(text));
});

describe('jobs', () => {
  const slow = () => addDrive('if=none,id=s,driver=null-co,size=4M,node-name=slow', endpoint.block);

  test('drive_mirror, and what is told of it and done with it', async () => {
    await slow();
    expect(await hmp('drive_mirror -f s out raw')).toBe('');
    await endpoint.hostWork.idle();
    expect(await hmp('info block-jobs')).toMatch(
      /^Type mirror, device s: Completed 0 of 0 bytes, speed limit 0 bytes\/s\n$/,
    );
    expect(await hmp('block_job_set_speed s 1')).toBe('');
    expect(await hmp('info block-jobs')).toContain('speed limit 1048576 bytes/s');
    expect(await hmp('block_job_pause s')).toBe('');
    expect(await hmp('block_job_pause s')).toBe('Job is already paused\n');
    expect(await hmp('block_job_cancel s')).toBe("The block job for device 's' is currently paused\n");
    expect(await hmp('drive_del s')).toMatch(/^Node 's' is busy: /);
    expect(await hmp('block_job_cancel -f s')).toBe('');
    await endpoint.hostWork.idle();
    expect(await hmp('info block-jobs')).toBe('No active jobs\n');
  });

  test('drive_backup and block_stream', async () => {
    expect(await hmp('drive_backup -f d0 out raw')).toBe('');
    await endpoint.hostWork.idle();
    await hmp('qemu-io d0 "write 0 64k"');
    expect(await hmp('block_stream d0 1')).toBe('');
    expect(await hmp('info block-jobs')).toMatch(/^Streaming device d0: Completed /);
    await endpoint.hostWork.idle();
    expect(block('n0')?.backing).toBeUndefined();
  });

  test.each([
    ['block_job_cancel nope', "Block job 'nope' not found\n"],
    ['block_job_complete nope', "Block job 'nope' not found\n"],
    ['block_job_resume', usage('block_job_resume', 'block_job_resume: block device name expected')],
    ['block_stream d1', "Device 'd1' has no medium\n"],
    ['block_stream nope', 'Cannot find device=nope nor node_name=nope\n'],
    ['block_resize d0 x', usage('block_resize', 'invalid size')],
    ['block_resize d0', usage('block_resize', 'invalid size')],
    ['block_set_io_throttle d0 1 2', usage('block_set_io_throttle', 'unexpected end of expression')],
    ['block_set_io_throttle d0 1 x', usage('block_set_io_throttle', "invalid char 'x' in expression")],
    [
      'block_set_io_throttle d0 1 2 3 0 0 0',
      'bps/iops/max total values and read/write values cannot be used at the same time\n',
    ],
    ['snapshot_blkdev d0', "Parameter 'snapshot-file' is missing\n"],
    ['nope', "unknown command: 'nope'\n"],
    ['', ''],
    ['   ', ''],
    ['help nope', "unknown command: 'nope'\n"],
    ['help block_resize', 'block_resize device size -- resize a block image\n'],
    ['help q', 'quit|q  -- quit the emulator\n'],
    ['help info status', 'info status  -- show the current VM status (running|paused)\n'],
  ])('%s', async (line, printed) => {
    expect(await hmp(line)).toBe(printed);
  });

  test('help lists every command, and info its topics', async () => {
    const names = (text: string) => text.split('\n').filter((line) => / -- /.test(line));
    expect(names(await hmp('help')).length).toBeGreaterThan(25);
    expect(names(await hmp('info'))).toHaveLength(5);
    expect(await hmp('help info')).toBe(await hmp('info'));
  });
});

describe('images and drives', () => {
  test('block_resize takes mebibytes, or a unit', async () => {
    await hmp('block_resize d0 2');
    expect(block('n0')!.io.length()).toBe(2 << 20);
    await hmp('block_resize d0 512K');
    expect(block('n0')!.io.length()).toBe(512 << 10);
  });

  test('block_set_io_throttle sets and takes back limits', async () => {
    await hmp('block_set_io_throttle d0 0 0x3e8 2000 0 10 20');
    expect(await hmp('info block d0')).toContain('bps_rd=1000 bps_wr=2000');
    await hmp('block_set_io_throttle d0 0 0 0 0 0 0');
    expect(await hmp('info block d0')).not.toContain('throttling');
  });

  test('commit writes down what an image holds', async () => {
    await hmp('qemu-io d0 "write -P 7 64k 64k"');
    expect(await hmp('commit d0')).toBe('');
    const byte = new Uint8Array(1);
    await block('n0')!.backing!.node.io.read(65536, byte);
    expect(byte[0]).toBe(7);
    expect(block('n0')!.backing!.node.readOnly).toBe(true);
    expect(await block('n0')!.io.blockStatus(0, 1 << 20)).toMatchObject({
      allocated: false,
      length: 1 << 20,
    });
    await block('n0')!.io.read(65536, byte);
    expect(byte[0]).toBe(7);
    expect(await hmp('commit all')).toBe('');
    expect(await hmp('commit nope')).toBe("Device 'nope' not found\n");
    expect(await hmp('commit d1')).toBe("'commit' error for 'd1': No medium found\n");
    await addDrive('if=none,id=r,file=raw,format=raw', endpoint.block);
    expect(await hmp('commit r')).toBe("'commit' error for 'r': Operation not supported\n");
    await hmp('block_stream d0 0');
  });

  test('drive_del leaves a device its drive without name and medium, and keeps the id', async () => {
    await addDrive('if=none,id=used,driver=null-co,size=65536,rerror=stop', endpoint.block);
    await endpoint.devices.add({ driver: 'ide-cd', id: 'cd', drive: 'used' });
    expect(endpoint.devices.find('cd').ioStatus).toBe('ok');
    expect(await hmp('drive_del used')).toBe('');
    const { backend, ioStatus } = endpoint.devices.find('cd');
    expect([backend?.name, backend?.node, ioStatus]).toEqual(['', undefined, undefined]);
    expect(await hmp('drive_del used')).toBe("Device 'used' not found\n");
    expect(await hmp('drive_add 0 if=none,id=used')).toBe("Duplicate ID 'used' for drive\n");
  });

  test('drive_add and drive_del', async () => {
    expect(await hmp('drive_add 0 if=none,id=x,file=raw,format=raw')).toBe('OK\n');
    expect(await hmp('drive_add 0 if=none,id=x,file=raw,format=raw')).toBe("Duplicate ID 'x' for drive\n");
    for (const name of ['none0', 'none1']) {
      expect(await hmp('drive_add dummy driver=null-co')).toBe('OK\n');
      expect(await hmp(`info block ${name}`)).toContain(`${name} (`);
    }
    expect(await hmp('drive_add -n 0 driver=null-co,node-name=node')).toBe('');
    expect(block('node')).toBeDefined();
    for (const name of ['x', 'none0', 'node']) expect(await hmp(`drive_del ${name}`)).toBe('');
    expect(block('node')).toBeUndefined();
    expect(await hmp('drive_del x')).toBe("Device 'x' not found\n");
  });

  test('media', async () => {
    expect(await hmp('change d1 raw raw')).toBe('');
    expect(await hmp('info block d1')).toContain(': raw (raw)');
    expect(await hmp('eject d1')).toBe('');
    expect(await hmp('info block d1')).toContain('[not inserted]');
    expect(await hmp('eject nope')).toBe("Device 'nope' not found\n");
    expect(await hmp('change d1 raw raw nope')).toBe('invalid parameter value: nope\n');
  });

  test('snapshots', async () => {
    expect(await hmp('snapshot_blkdev_internal d0 s1')).toBe('');
    expect(block('n0')!.state.snapshots!.list()).toHaveLength(1);
    expect(await hmp('snapshot_delete_blkdev_internal d0 s1')).toBe('');
    expect(await hmp('snapshot_delete_blkdev_internal d0 s1')).toMatch(
      /^Snapshot with id .* 's1' does not exist/,
    );
    expect(await hmp('snapshot_blkdev d0 over qcow2')).toBe('');
    expect(await hmp('info block d0')).toContain('(chain depth: 2)');
    expect(await hmp('snapshot_blkdev nope over qcow2')).toMatch(/^Cannot find device=nope/);
  });

  test('the NBD server', async () => {
    expect(await hmp('nbd_server_start localhost')).toBe("error parsing address 'localhost'\n");
    expect(await hmp('nbd_server_start -w 127.0.0.1:0')).toBe('-w only valid together with -a\n');
    expect(await hmp('nbd_server_start -a 127.0.0.1:0')).toBe('');
    expect(await hmp('nbd_server_add d0')).toMatch(/export named 'd0'/);
    expect(await hmp('nbd_server_remove d0')).toBe('');
    expect(await hmp('nbd_server_add -w d0 other')).toBe('');
    expect(await hmp('nbd_server_remove -f other')).toBe('');
    expect(await hmp('nbd_server_stop')).toBe('');
    expect(await hmp('nbd_server_stop')).toBe('NBD server not running\n');
  });

  test('the machine', async () => {
    const states: string[] = [];
    for (const line of ['cont', 'info status', 'stop', 'info status', 'c', 'info status', 's', 'q'])
      states.push(await hmp(line));
    expect(states.filter((printed) => printed !== '')).toEqual([
      'VM status: running\n',
      'VM status: paused\n',
      'VM status: running\n',
    ]);
    await endpoint.exited;
  });
});

describe('qemu-io', () => {
  test.each([
    ['qemu-io', usage('qemu-io', 'qemu-io: block device name expected')],
    ['qemu-io d0', usage('qemu-io', 'qemu-io: string expected')],
    ['qemu-io nope "read 0 64k"', 'Cannot find device= nor node_name=nope\n'],
    ['qemu-io d0 "read 0 64k', usage('qemu-io', 'unterminated string')],
    ['qemu-io d0 "nope"', ''],
    ['qemu-io d0 length', ''],
    ['qemu-io nn "write 0 64k"', 'Block node is read-only\n'],
  ])('%s', async (line, printed) => {
    expect(await hmp(line)).toBe(printed);
  });
});
