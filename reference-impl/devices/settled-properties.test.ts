/** What devices say of themselves where nobody said it, and what they refuse: as QEMU 7.2 was seen to do. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../../spec/json.ts';
import { addDrive } from '../options/drive.ts';
import { testBlockLayer, testServices } from '../testing/test-services.ts';
import { DeviceRegistry } from './device-registry.ts';
import { QomTree } from './qom-tree.ts';
import { RunState } from './run-state.ts';

let devices: DeviceRegistry;

beforeEach(async () => {
  const services = testServices('/');
  devices = new DeviceRegistry(testBlockLayer(services), new RunState(services));
  await devices.block.add({ driver: 'null-co', 'node-name': 'n', size: 2 ** 30 });
  await devices.add({ driver: 'lsi53c895a', id: 's' });
  await devices.add({ driver: 'piix3-usb-uhci', id: 'u' });
});

const add = (options: string): Promise<void> =>
  devices.add({ id: 'd', ...Object.fromEntries(options.split(',').map((one) => one.split('='))) });
const told = (path: string, names: string): Json[] =>
  names.split(' ').map((name) => new QomTree(devices).get(path, name));

describe('told', () => {
  test.each<[string, string, Json[]]>([
    ['driver=ide-hd,drive=n', 'cyls heads secs bios-chs-trans', [2080, 16, 63, 'lba']],
    ['driver=ide-hd,drive=n', 'serial ver model discard_granularity', ['QM00003', '2.5+', '', 512]],
    ['driver=ide-hd,drive=n,bus=ide.0,unit=1,serial=', 'serial', ['']],
    ['driver=ide-hd,drive=n,bus=ide.0,unit=1', 'serial', ['QM00002']],
    ['driver=ide-hd,drive=n,cyls=5,heads=4,secs=3', 'cyls heads secs bios-chs-trans', [5, 4, 3, 'none']],
    ['driver=ide-hd,drive=n,bios-chs-trans=rechs', 'bios-chs-trans', ['rechs']],
    ['driver=ide-hd,drive=n,discard_granularity=0', 'discard_granularity', [0]],
    ['driver=ide-cd', 'serial ver discard_granularity', ['QM00003', '2.5+', 512]],
    ['driver=scsi-hd,drive=n', 'vendor product ver device_id', ['QEMU', 'QEMU HARDDISK', '2.5+', '']],
    ['driver=scsi-hd,drive=n,vendor=,product=,ver=', 'vendor product ver', ['', '', '']],
    ['driver=scsi-hd,drive=n', 'cyls heads secs discard_granularity', [2080, 16, 63, 4096]],
    ['driver=scsi-hd,drive=n,serial=123456789012345678901', 'device_id', ['12345678901234567890']],
    ['driver=scsi-hd,drive=n,serial=a,device_id=b', 'device_id', ['b']],
    [
      'driver=scsi-hd,drive=n,logical_block_size=8192,physical_block_size=8192',
      'discard_granularity',
      [8192],
    ],
    ['driver=scsi-cd', 'product discard_granularity', ['QEMU CD-ROM', 4096]],
    ['driver=virtio-blk-pci,drive=n', 'cyls heads secs discard_granularity', [2080, 16, 63, 2 ** 32 - 1]],
    ['driver=virtio-blk-pci,drive=n', 'vectors disable-legacy', [2, 'off']],
    ['driver=virtio-blk-pci,drive=n,num-queues=3', 'vectors', [4]],
    ['driver=virtio-blk-pci,drive=n,vectors=5,num-queues=3', 'vectors', [5]],
    ['driver=virtio-scsi-pci,num_queues=3', 'vectors', [6]],
    ['driver=virtio-scsi-pci,vectors=0', 'vectors', [0]],
    ['driver=usb-storage,drive=n,discard_granularity=8192', 'drive discard_granularity', ['', 8192]],
    ['driver=floppy', 'drive-type', ['288']],
    ['driver=floppy,drive-type=120', 'drive-type', ['120']],
    ['driver=ide-hd,drive=n,wwn=-1', 'wwn', [2n ** 64n - 1n]],
    ['driver=ide-hd,drive=n,wwn=010', 'wwn', [8n]],
    ['driver=ide-hd,drive=n,bootindex=-010', 'bootindex', [-8]],
  ])('%s: %s', async (options, names, values) => {
    await add(options);
    expect(told('d', names)).toEqual(values);
  });

  test('a part tells what it was given of the sizes of the device around it: nothing', async () => {
    await add('driver=usb-storage,drive=n,serial=x,logical_block_size=4096,physical_block_size=4096');
    const path = '/machine/peripheral/d/d.0/legacy[0]';
    expect(told(path, 'serial device_id logical_block_size drive cyls')).toEqual(['x', 'x', 512, 'n', 2080]);
  });

  test('the name of its drive is the id of a device without serial number', async () => {
    await addDrive('if=none,id=drv0,driver=null-co', devices.block);
    await add('driver=scsi-hd,drive=drv0');
    expect(told('d', 'device_id serial')).toEqual(['drv0', '']);
  });

  test.each([
    [1440, '144'],
    [1200, '120'],
    [2880, '288'],
    [1000, '288'],
  ])('a floppy drive for a disk of %d KiB', async (size, type) => {
    await devices.block.add({ driver: 'null-co', 'node-name': 'f', size: size * 1024 });
    await add('driver=floppy,drive=f');
    expect(told('d', 'drive-type')).toEqual([type]);
  });

  test('buses of IDE count on over all controllers', async () => {
    await devices.add({ driver: 'ich9-ahci', id: 'A' });
    await add('driver=ide-hd,drive=n,bus=A.2');
    expect(told('d', 'serial')).toEqual(['QM00009']);
  });
});

test('a first sector that cannot be read tells of no partitions', async () => {
  const image = { driver: 'null-co', size: 2 ** 30 } as const;
  const broken = { event: 'read_aio', errno: 5 } as const;
  await devices.block.add({ driver: 'blkdebug', 'node-name': 'b', image, 'inject-error': [broken] });
  await add('driver=ide-hd,drive=b');
  expect(told('d', 'cyls heads secs')).toEqual([2080, 16, 63]);
});

describe('refused', () => {
  test.each([
    ['driver=ide-hd,drive=n,cyls=5', 'heads must be between 1 and 16'],
    ['driver=ide-hd,drive=n,heads=4', 'cyls must be between 1 and 65535'],
    ['driver=ide-hd,drive=n,cyls=1,heads=17,secs=1', 'heads must be between 1 and 16'],
    ['driver=scsi-hd,drive=n,cyls=1,heads=256,secs=1', 'heads must be between 1 and 255'],
    ['driver=virtio-blk-pci,drive=n,cyls=1,heads=1,secs=256', 'secs must be between 1 and 255'],
    ['driver=ide-hd,drive=n,discard_granularity=1024', 'discard_granularity must be 512 for ide'],
    ['driver=ide-cd,discard_granularity=1', 'discard_granularity must be 512 for ide'],
    [
      'driver=ide-hd,drive=n,logical_block_size=1024,physical_block_size=1024',
      'discard_granularity must be a multiple of logical_block_size',
    ],
    [
      'driver=ide-hd,drive=n,discard_granularity=0,logical_block_size=1024,physical_block_size=1024',
      'logical_block_size must be 512 for IDE',
    ],
    [
      'driver=scsi-hd,drive=n,discard_granularity=513',
      'discard_granularity must be a multiple of logical_block_size',
    ],
    ['driver=usb-storage,drive=n,min_io_size=1', 'min_io_size must be a multiple of logical_block_size'],
    ['driver=virtio-blk-pci,drive=n,num-queues=0', 'num-queues property must be larger than 0'],
    ['driver=virtio-blk-pci,drive=n,queue-size=2', 'invalid queue-size property (2), must be > 2'],
    [
      'driver=virtio-blk-pci,drive=n,queue-size=100',
      'invalid queue-size property (100), must be a power of 2 (max 1024)',
    ],
    [
      'driver=virtio-blk-pci,drive=n,queue-size=2048',
      'invalid queue-size property (2048), must be a power of 2 (max 1024)',
    ],
    ['driver=virtio-blk-pci,drive=n,scsi=on', 'Please set scsi=off for virtio-blk devices'],
    [
      'driver=virtio-blk-pci,drive=n,disable-legacy=on,disable-modern=on',
      'Set either disable-modern or disable-legacy to off',
    ],
    ['driver=virtio-scsi-pci,num_queues=0', 'Invalid number of queues (= 0), must be a positive integer'],
    ['driver=virtio-scsi-pci,num_queues=1023', 'Invalid number of queues (= 1023)'],
    ['driver=virtio-scsi-pci,virtqueue_size=2', 'invalid virtqueue_size property (= 2), must be > 2'],
    ['driver=ide-hd,drive=n,cyls=08', "Parameter 'cyls' expects uint32_t"],
    ['driver=ide-hd,drive=n,wwn=18446744073709551616', "Parameter 'wwn' expects uint64"],
    ['driver=ide-hd,drive=n,wwn=-9223372036854775809', "Parameter 'wwn' expects uint64"],
  ])('%s', async (options, message) => {
    await expect(add(options)).rejects.toThrow(message);
    expect(devices.devices.map(({ id }) => id)).toEqual(['s', 'u']);
  });

  test('scsi=on is for virtio before its first version', async () => {
    await add('driver=virtio-blk-pci,drive=n,scsi=on,disable-modern=on');
    expect(told('d', 'scsi')).toEqual([true]);
  });
});
