/** How commands name devices, and how these come and go. */
import { beforeEach, describe, expect, test } from 'vitest';
import { addDrive } from '../options/drive.ts';
import { CommandError } from '../qapi/command-error.ts';
import { testBlockLayer, testServices } from '../testing/test-services.ts';
import { DeviceRegistry } from './device-registry.ts';
import { RunState } from './run-state.ts';

let devices: DeviceRegistry;

beforeEach(async () => {
  const services = testServices('/');
  devices = new DeviceRegistry(testBlockLayer(services), new RunState(services));
  devices.services.objects.add('g', { type: 'iothread' });
  devices.useMachine('pc');
  await devices.block.add({ driver: 'null-co', 'node-name': 'n0' });
});

const notFound = (id: string) => new CommandError(`Device '${id}' not found`, 'DeviceNotFound');

describe('names', () => {
  test.each([
    '/',
    '/machine',
    '//machine/',
    '/machine/peripheral',
    '/machine/peripheral-anon',
    '/machine/unattached',
    '/chardevs',
    '/objects',
    '/objects/g',
  ])('%j is no device', (id) => {
    expect(() => devices.find(id)).toThrow(new CommandError(`${id} is not a hotpluggable device`));
  });

  test.each([
    '',
    'g',
    'objects',
    '/backend',
    '/objects/none',
    '/machine/type',
    '/machine/peripheral/x',
    'machine',
  ])('%j is not there', (id) => {
    expect(() => devices.find(id)).toThrow(notFound(id));
  });

  test('a device has its id and its path, its part a path alone', async () => {
    await devices.add({ driver: 'virtio-blk-pci', id: 'v', drive: 'n0' });
    const [device] = devices.devices;
    for (const name of ['v', '/machine/peripheral/v', '//machine/peripheral//v/', 'v/'])
      expect(devices.find(name)).toBe(device);
    const part = devices.find('/machine/peripheral/v/virtio-backend');
    expect(part.backend).toBe(devices.block.backends.all[0]);
    expect(() => devices.backendOf('v')).toThrow('Device does not have a block device backend');
    expect(devices.backendOf('v/virtio-backend').node?.name).toBe('n0');
  });
});

describe('drives', () => {
  test('a node gets an anonymous drive, which goes with the device; a named one goes too', async () => {
    const { block } = devices;
    await addDrive('if=none,id=d0,driver=null-co,node-name=n1', block);
    await devices.add({ driver: 'virtio-scsi-pci', id: 's' });
    await devices.add({ driver: 'scsi-hd', id: 'h0', drive: 'n0' });
    await devices.add({ driver: 'scsi-hd', id: 'h1', drive: 'd0' });
    expect(block.backends.all.map((drive) => [drive.name, drive.userName()])).toEqual([
      ['d0', 'd0'],
      ['', 'h0'],
    ]);
    await devices.remove('h0');
    await devices.remove('h1');
    expect(block.backends.all).toEqual([]);
    expect(block.graph.nodes.map(({ name }) => name)).toEqual(['n0']);
  });

  test('a device says whether writes are cached, or leaves that to the drive', async () => {
    for (const [index, [cache, given, writeback]] of [
      ['writeback', 'auto', true],
      ['writeback', 'off', false],
      ['writethrough', 'auto', false],
      ['writethrough', 'on', true],
    ].entries()) {
      const id = `w${index}`;
      await addDrive(`if=none,id=${id},driver=null-co,cache=${cache}`, devices.block);
      await devices.add({ driver: 'virtio-blk-pci', drive: id, 'write-cache': String(given) });
      expect(devices.block.backends.find(id)!.settings.writeback).toBe(writeback);
    }
  });

  test('what is refused leaves nothing behind', async () => {
    await devices.add({ driver: 'virtio-scsi-pci' });
    await devices.add({ driver: 'scsi-hd', drive: 'n0' });
    await expect(devices.add({ driver: 'scsi-hd', id: 'h', drive: 'n0' })).rejects.toThrow(
      "Conflicts with use by /machine/peripheral-anon/device[1] as 'root', which does not allow 'write' on n0",
    );
    expect(devices.block.backends.all.length).toBe(1);
    expect(() => devices.find('h')).toThrow(notFound('h'));
    expect(devices.block.graph.find('n0')!.parents.length).toBe(1);
  });

  test('share-rw lets several write', async () => {
    await devices.add({ driver: 'virtio-scsi-pci' });
    await devices.add({ driver: 'scsi-hd', drive: 'n0', 'share-rw': 'on' });
    await devices.add({ driver: 'scsi-hd', drive: 'n0', 'share-rw': 'on' });
  });
});

describe('plugging in', () => {
  test.each([
    [{}, "Parameter 'driver' is missing"],
    [{ driver: 'nope' }, "'nope' is not a valid device model name"],
    [{ driver: 'scsi-cd' }, "No 'SCSI' bus found for device 'scsi-cd'"],
    [{ driver: 'ide-cd', bus: 'ide.2' }, "Bus 'ide.2' not found"],
    [{ driver: 'floppy', bus: 'ide.0' }, "Device 'floppy' can't go on IDE bus"],
    [{ driver: 'floppy', id: '1' }, "Parameter 'id' expects an identifier"],
    [{ driver: 'floppy', nope: '1' }, "Property '.nope' not found"],
    [{ driver: 'floppy', drive: 'nope' }, "Property 'floppy.drive' can't find value 'nope'"],
    [{ driver: 'ide-hd' }, 'No drive specified'],
    [{ driver: 'virtio-blk-pci' }, 'drive property not set'],
    [{ driver: 'ide-cd', unit: '2' }, "Can't create IDE unit 2, bus supports only 2 units"],
    [
      { driver: 'ide-cd', logical_block_size: '1024' },
      'logical_block_size > physical_block_size not supported',
    ],
    [
      { driver: 'floppy', logical_block_size: '1024', physical_block_size: '1024' },
      'Physical and logical block size must be 512 for floppy',
    ],
    [{ driver: 'virtio-scsi-pci', iothread: 'x' }, "Device 'x' not found"],
    [{ driver: 'ide-cd', rerror: 'maybe' }, "Invalid parameter 'maybe'"],
    [{ driver: 'ide-cd', 'share-rw': 'maybe' }, "Parameter 'share-rw' expects 'on' or 'off'"],
  ])('%o is refused', async (options: Record<string, string>, message) => {
    await expect(devices.add(options)).rejects.toThrow(message);
    expect(devices.devices).toEqual([]);
    expect(devices.block.backends.all).toEqual([]);
  });

  test('places are given in order, and each once', async () => {
    const cd = { driver: 'ide-cd', bus: 'ide.0' };
    await devices.add(cd);
    await devices.add(cd);
    expect(devices.devices.map(({ unit }) => unit)).toEqual([0, 1]);
    await expect(devices.add(cd)).rejects.toThrow('IDE unit 1 is in use');
    await devices.add({ driver: 'floppy' });
    await devices.add({ driver: 'floppy' });
    await expect(devices.add({ driver: 'floppy' })).rejects.toThrow(
      "Can't create floppy-bus unit 2, bus supports only 2 units",
    );
  });

  test('a SATA port has room for one', async () => {
    devices.useMachine('q35');
    await devices.add({ driver: 'ide-cd' });
    await expect(devices.add({ driver: 'ide-cd' })).rejects.toThrow(
      "Can't create IDE unit 1, bus supports only 1 units",
    );
  });

  test('drives of the machine come first, those with a device of their own last', async () => {
    const { block } = devices;
    const place = { bus: 0, unit: 0, media: 'disk' } as const;
    const drives = [];
    for (const [id, name] of [
      ['v', 'virtio'],
      ['i', 'ide'],
      ['f', 'floppy'],
    ] as const) {
      await addDrive(`if=none,id=${id},driver=null-co`, block);
      drives.push({ id, place: { ...place, interface: name } });
    }
    await devices.addDrivesOfTheMachine(drives);
    await devices.add({ driver: 'virtio-scsi-pci' });
    await devices.addDrivesOfTheirOwn(drives);
    expect(block.backends.all.map(({ name, device }) => [name, device?.name])).toEqual([
      ['v', '/machine/peripheral-anon/device[1]/virtio-backend'],
      ['i', '/machine/unattached/device[19]'],
      ['f', '/machine/unattached/device[13]'],
    ]);
  });

  test('on SCSI a device has a target, or a unit of one', async () => {
    await devices.add({ driver: 'virtio-scsi-pci', id: 's' });
    const cd = { driver: 'scsi-cd', bus: 's.0' };
    await devices.add({ ...cd, 'scsi-id': '3' });
    await devices.add(cd);
    await devices.add({ ...cd, id: 'x', 'scsi-id': '3' });
    await devices.add({ ...cd, lun: '5' });
    expect(devices.devices.slice(1).map(({ place }) => [place.scsi?.id, place.scsi?.lun])).toEqual([
      [3, 0],
      [0, 0],
      [3, 1],
      [0, 5],
    ]);
    for (const [more, message] of [
      [{ 'scsi-id': '3', lun: '1' }, "lun already used by 'x'"],
      [{ 'scsi-id': '256' }, 'bad scsi device id: 256'],
      [{ lun: '16384' }, 'bad scsi device lun: 16384'],
      [{ channel: '1' }, 'bad scsi channel id: 1'],
    ] as const)
      await expect(devices.add({ ...cd, ...more })).rejects.toThrow(message);
  });

  test('on PCI it has a slot', async () => {
    const controller = { driver: 'virtio-scsi-pci' };
    await devices.add(controller);
    await devices.add({ ...controller, addr: '5.1' });
    expect(devices.devices.map(({ place }) => place.devfn)).toEqual([2 << 3, (5 << 3) | 1]);
    for (const [addr, message] of [
      ['1', 'PCI: slot 1 function 0 not available for virtio-scsi-pci, in use by the machine'],
      ['02.0', 'PCI: slot 2 function 0 not available for virtio-scsi-pci, in use by virtio-scsi-pci'],
      ['x', "Property '.addr' doesn't take value 'x'"],
    ])
      await expect(devices.add({ ...controller, addr: addr! })).rejects.toThrow(message!);
  });

  test('a stick is a disk that may be told to be removable, and has no room for a second', async () => {
    await devices.add({ driver: 'piix3-usb-uhci', id: 'u' });
    await devices.add({ driver: 'usb-storage', id: 'us', drive: 'n0', removable: 'on' });
    const disk = devices.find('/machine/peripheral/us/us.0/legacy[0]');
    expect(disk).toMatchObject({ removable: true, modelName: 'scsi-disk' });
    expect(disk.tray).toBeDefined();
    await expect(devices.add({ driver: 'scsi-cd' })).rejects.toThrow('no free target');
    await devices.remove('us');
    expect(devices.devices.map(({ name }) => name)).toEqual(['u']);
  });

  test('devices that are nothing to disks are there, whatever is said of them', async () => {
    await devices.add({ driver: 'virtio-net-pci', id: 'net', netdev: 'n', mac: 'x' });
    expect(() => devices.backendOf('net')).toThrow('Device does not have a block device backend');
  });

  test('without bus a device gets the newest of its kind', async () => {
    await devices.add({ driver: 'virtio-scsi-pci' });
    await devices.add({ driver: 'virtio-scsi-pci', id: 's' });
    await devices.add({ driver: 'scsi-cd' });
    await devices.add({ driver: 'ide-cd' });
    expect(devices.devices.slice(2).map(({ bus }) => bus.name)).toEqual(['s.0', 'ide.1']);
    expect(devices.bus('scsi.0')).toBeDefined();
  });

  test('while the machine is there, only buses that bear it take devices', async () => {
    const placement = { hotplug: true };
    await expect(devices.add({ driver: 'floppy' }, placement)).rejects.toThrow(
      "Bus 'floppy-bus.0' does not support hotplugging",
    );
    await devices.add({ driver: 'virtio-blk-pci', drive: 'n0' }, placement);
  });
});

describe('permissions', () => {
  test.each([
    ['ide-cd', false],
    ['floppy', false],
    ['virtio-blk-pci', true],
    ['ide-hd', true],
  ])('below a %s a disk may be resized: %s', async (driver, may) => {
    await devices.add({ driver, drive: 'n0' });
    const resize = devices.block.resize(devices.block.graph.find('n0')!, 512);
    await (may
      ? resize.catch((error: Error) => expect(error.message).toContain('does not support resize'))
      : expect(resize).rejects.toThrow("which does not allow 'resize' on n0"));
  });

  test.each([
    ['ide-hd', 'Block node is read-only'],
    ['ide-cd', null],
    ['floppy', null],
    ['virtio-blk-pci', null],
  ])('a %s on a disk that cannot be written: %s', async (driver, refusal) => {
    await devices.block.add({ driver: 'null-co', 'node-name': 'ro', 'read-only': true });
    const added = devices.add({ driver, drive: 'ro' });
    await (refusal === null ? added : expect(added).rejects.toThrow(refusal));
  });
});

describe('unplugging', () => {
  test('an IDE drive stays, a PCI device waits for its guest', async () => {
    await devices.add({ driver: 'ide-cd', id: 'cd' });
    await devices.add({ driver: 'virtio-blk-pci', id: 'v', drive: 'n0' });
    await expect(devices.remove('cd')).rejects.toThrow("Bus 'ide.1' does not support hotplugging");
    await devices.remove('v');
    expect(devices.devices.length).toBe(2);
    await expect(devices.remove('v')).rejects.toThrow('Device v is already in the process of unplug');
    await devices.reset();
    expect(devices.devices.map(({ name }) => name)).toEqual(['cd']);
  });
});
