/** Devices that scripts ask for and that use no drive, controllers by each of their names, and where a machine has its own drives. */
import type { Json } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { pc } from '../helpers/ide-guest.ts';
import { KiB, queryList } from '../helpers/shared-setup.ts';
import { plugMachine } from './scenes/topology.ts';

/** Options of devices, each with a name of its own, the model that comes of it, and the bus that it is on. */
const OTHERS: readonly (readonly [options: string, model: string, bus: string])[] = [
  ['qxl-vga', 'qxl-vga', 'pci.0'],
  ['cirrus-vga', 'cirrus-vga', 'pci.0'],
  ['VGA', 'VGA', 'pci.0'],
  ['qxl', 'qxl', 'pci.0'],
  ['virtio-vga', 'virtio-vga', 'pci.0'],
  ['virtio-gpu-pci', 'virtio-gpu-pci', 'pci.0'],
  ['AC97', 'AC97', 'pci.0'],
  ['intel-hda,debug=0', 'intel-hda', 'pci.0'],
  ['e1000,mac=52:54:00:12:34:01', 'e1000', 'pci.0'],
  ['e1000e,mac=52:54:00:12:34:02', 'e1000e', 'pci.0'],
  ['rtl8139,mac=52:54:00:12:34:03', 'rtl8139', 'pci.0'],
  ['vmxnet3,mac=52:54:00:12:34:04', 'vmxnet3', 'pci.0'],
  ['virtio-net-pci,mac=52:54:00:12:34:05', 'virtio-net-pci', 'pci.0'],
  ['virtio-net', 'virtio-net-pci', 'pci.0'],
  ['virtio-rng-pci', 'virtio-rng-pci', 'pci.0'],
  ['virtio-rng', 'virtio-rng-pci', 'pci.0'],
  ['virtio-serial-pci', 'virtio-serial-pci', 'pci.0'],
  ['virtio-serial', 'virtio-serial-pci', 'pci.0'],
  ['virtio-balloon', 'virtio-balloon-pci', 'pci.0'],
  ['virtio-keyboard-pci', 'virtio-keyboard-pci', 'pci.0'],
  ['virtio-mouse-pci', 'virtio-mouse-pci', 'pci.0'],
  ['virtio-tablet-pci', 'virtio-tablet-pci', 'pci.0'],
  ['i6300esb', 'i6300esb', 'pci.0'],
  ['pci-bridge,chassis_nr=1', 'pci-bridge', 'pci.0'],
  ['pcie-root-port', 'pcie-root-port', 'pci.0'],
  ['isa-serial,chardev=c0', 'isa-serial', 'isa.0'],
  ['isa-parallel,chardev=c1', 'isa-parallel', 'isa.0'],
  ['isa-debugcon,chardev=c2', 'isa-debugcon', 'isa.0'],
  ['pvpanic', 'pvpanic', 'isa.0'],
  ['piix3-usb-uhci', 'piix3-usb-uhci', 'pci.0'],
  ['usb-kbd', 'usb-kbd', 'd29.0'],
  ['usb-mouse', 'usb-mouse', 'd29.0'],
];

/** Controllers for disks, their models, and the buses that devices on them find. */
const CONTROLLERS: readonly (readonly [options: string, model: string, device: string, bus: string])[] = [
  ['megasas', 'megasas', 'scsi-cd', 'd0.0'],
  ['mptsas1068', 'mptsas1068', 'scsi-cd', 'd1.0'],
  ['pvscsi', 'pvscsi', 'scsi-cd', 'd2.0'],
  ['lsi', 'lsi53c895a', 'scsi-cd', 'd3.0'],
  ['virtio-scsi', 'virtio-scsi-pci', 'scsi-cd', 'd4.0'],
  ['ahci', 'ich9-ahci', 'ide-cd', 'd5.5'],
  ['usb-ehci', 'usb-ehci', 'usb-tablet', 'd6.0'],
  ['ich9-usb-ehci1', 'ich9-usb-ehci1', 'usb-tablet', 'd7.0'],
  ['nec-usb-xhci', 'nec-usb-xhci', 'usb-hub', 'd8.0'],
  ['qemu-xhci', 'qemu-xhci', 'usb-tablet', 'd9.0'],
  ['virtio-balloon-pci', 'virtio-balloon-pci', 'usb-tablet', 'd6.0'],
];

const identified = (devices: readonly string[]): string[] =>
  devices.flatMap((options, index) => ['-device', `${options},id=d${index}`]);

/** Controllers and devices of which few have ids, and where the latter are by that: a name of a bus, or a unit. */
const UNNAMED: readonly (readonly [options: string, where?: Json])[] = [
  ['virtio-scsi-pci'],
  ['lsi53c895a'],
  ['ich9-ahci'],
  ['piix3-usb-uhci'],
  ['ich9-ahci'],
  ['scsi-cd,bus=scsi.0', 'scsi.0'],
  ['scsi-cd,bus=scsi.1', 'scsi.1'],
  ['ide-cd,bus=ide.2', 'ide.2'],
  ['ide-cd,bus=ide.7', 'ide.7'],
  ['ide-cd,bus=ide.8', 'ide.8'],
  ['usb-tablet,bus=usb-bus.0', 'usb-bus.0'],
  ['scsi-cd', 'scsi.1'],
  ['ide-cd', 'ide.13'],
  ['ide-cd,bus=ide.1', 0],
  ['ide-cd,bus=ide.1', 1],
  ['floppy', 0],
  ['floppy', 1],
];

/** The model of a device, and the last name of the bus that it is on. */
async function found(t: CaseContext, id: string): Promise<Json[]> {
  const path = `/machine/peripheral/${id}`;
  const bus = await t.execute('qom-get', { path, property: 'parent_bus' });
  return [await t.execute('qom-get', { path, property: 'type' }), String(bus).split('/').at(-1)!];
}

const needs = { commands: ['qom-get'] };

/** Devices with a word for a property, and that word; those of a machine at a time. */
const WORDS: Readonly<
  Record<string, readonly (readonly [options: string, property: string, word: string])[]>
> = {
  'words-of-ide-disks': [
    ['ide-hd,bus=ide.0,unit=0', 'bios-chs-trans', 'none'],
    ['ide-hd,bus=ide.0,unit=1', 'bios-chs-trans', 'large'],
    ['ide-hd,bus=ide.1,unit=0', 'bios-chs-trans', 'rechs'],
    ['ide-hd,bus=ide.1,unit=1,bios-chs-trans=auto', 'write-cache', 'auto'],
    ['virtio-scsi-pci', 'disable-legacy', 'off'],
    ['floppy', 'drive-type', '144'],
    ['floppy', 'drive-type', '120'],
  ],
  'words-of-floppies': [
    ['floppy', 'drive-type', 'none'],
    ['floppy,drive-type=auto', 'write-cache', 'auto'],
  ],
};

/** What a property can be said in words is told as it was said; of some, `auto` becomes what the device has found. */
function words(id: string): CaseDefinition {
  const devices = WORDS[id]!;
  return {
    id: `qom-get/${id}`,
    title: `Each word that a property may be is taken, and told where nothing else comes of it (${id})`,
    requirements: ['guest-drives/properties'],
    needs,
    topology: pc(
      id,
      [],
      devices.flatMap(([options, property, word], index) => {
        const disk = options.startsWith('ide-hd');
        const node = disk ? ['-blockdev', `driver=null-co,size=1048576,node-name=n${index}`] : [];
        const drive = disk ? `,drive=n${index}` : '';
        return [...node, '-device', `${options}${drive},${property}=${word},id=d${index}`];
      }),
    ),
    async run(t: CaseContext) {
      const told: Json[] = [];
      for (const [index, [, property]] of devices.entries())
        told.push(await t.execute('qom-get', { path: `d${index}`, property }));
      t.equal(
        told,
        devices.map(([, , word]) => word),
        'a property must be the word that it was given',
      );
    },
  };
}

/** Files of disks and floppies in places of the machine itself. */
const DRIVES = ['hda', 'hdb', 'hdd', 'fda', 'fdb'] as const;

/** The machine's own drives are devices that nobody named: `numbers` of disks and CDs, then of floppies. */
function ownDrives(machine: 'pc' | 'q35', numbers: readonly number[]): CaseDefinition {
  return {
    id: `query-block/own-drives-of-${machine}`,
    title: `The disks and floppies of a machine (${machine}) are devices without names, which are counted`,
    requirements: ['query-block/every-device', 'guest-drives/properties'],
    needs: { commands: ['query-block', 'qom-get'] },
    topology: pc(
      `own-drives-of-${machine}`,
      DRIVES.map((name) => ({ path: `${name}.img`, format: 'raw', size: 64 * KiB })),
      DRIVES.flatMap((name) => [`-${name}`, `@DIR@/${name}.img`]),
      machine,
    ),
    async run(t: CaseContext) {
      const told = (await queryList(t, 'query-block')).map(({ qdev }) => qdev ?? null);
      t.equal(
        told,
        numbers.map((number) => `/machine/unattached/device[${number}]`),
        'query-block must tell which device each drive is',
      );
      const models = numbers.map((_, index) => (index < 3 ? 'ide-hd' : 'floppy'));
      const types: Json[] = [];
      for (const path of told) types.push(await t.execute('qom-get', { path, property: 'type' }));
      t.equal(types, models, 'each drive must be used by a device of its kind');
    },
  };
}

/** In the order of the themes. */
export const otherModels: readonly CaseDefinition[] = [
  {
    id: 'qom-get/models-without-drives',
    title:
      'Devices that use no drive are there by their model and on its bus, whatever they are told of themselves',
    requirements: ['guest-drives/properties'],
    needs,
    topology: pc(
      'other-models',
      [],
      [
        '-chardev',
        'socket,id=c0,host=127.0.0.1,port=0,to=9,ipv4=on,ipv6=off,nodelay=on,telnet=off,server=on,wait=off',
        ...['c1', 'c2'].flatMap((id) => ['-chardev', `null,id=${id}`]),
        ...identified(OTHERS.map(([options]) => options)),
      ],
    ),
    async run(t: CaseContext) {
      const seen: Json[] = [];
      for (const [index, [options]] of OTHERS.entries())
        seen.push([options, ...(await found(t, `d${index}`))]);
      t.equal(seen, OTHERS as unknown as Json, 'each device must be of its model and on the bus of its kind');
    },
  },
  {
    id: 'device_add/on-each-controller',
    title:
      'Each controller, by either of its names, brings buses that devices come to while the machine is there',
    requirements: ['guest-drives/plugging'],
    needs: { commands: ['qom-get', 'device_add'] },
    topology: pc('all-controllers', [], identified(CONTROLLERS.map(([options]) => options))),
    fresh: true,
    async run(t: CaseContext) {
      const seen: Json[] = [];
      for (const [index, [options, , driver, bus]] of CONTROLLERS.entries()) {
        const id = `on${index}`;
        if (driver === 'ide-cd') await t.refused('device_add', { driver, id, bus });
        else {
          await t.execute('device_add', { driver, id, bus });
          t.equal(await found(t, id), [driver, bus], 'a device must be on the bus that it asks for');
        }
        const [model = null] = await found(t, `d${index}`);
        seen.push([options, model, driver, bus]);
      }
      t.equal(seen, CONTROLLERS as unknown as Json, 'each controller must be of its model');
      await t.refused('device_add', { driver: 'isa-serial', id: 'late' });
      await t.execute('qom-get', { path: 'd5', property: 'd5.5' });
      await t.refused('qom-get', { path: 'd5', property: 'd5.6' });
    },
  },
  {
    id: 'qom-get/unnamed-controllers',
    title:
      'Buses of controllers without ids are counted by their kind; a device without one comes to the last',
    requirements: ['guest-drives/properties', 'guest-drives/plugging'],
    needs,
    topology: pc(
      'unnamed-controllers',
      [],
      UNNAMED.flatMap(([options, where], index) => [
        '-device',
        where === undefined ? options : `${options},id=d${index}`,
      ]),
    ),
    async run(t: CaseContext) {
      const expected = UNNAMED.map(([options, where = null]) => [options, where]);
      const seen: Json[] = [];
      for (const [index, [options, where]] of UNNAMED.entries()) {
        const path = where === undefined ? `/machine/peripheral-anon/device[${index}]` : `d${index}`;
        const [driver = ''] = options.split(',');
        const type = await t.execute('qom-get', { path, property: 'type' });
        t.equal(type, driver, `what is at ${path} must be of its model`);
        if (where === undefined) seen.push([options, null]);
        else if (typeof where === 'number')
          seen.push([options, await t.execute('qom-get', { path, property: 'unit' })]);
        else seen.push([options, (await found(t, `d${index}`))[1]!]);
      }
      t.equal(seen, expected, 'each device must be on the bus, or the unit, that is its own');
    },
  },
  {
    id: 'device_add/values-of-json',
    title: 'Numbers and switches of an option are taken as texts are; what is no scalar says nothing',
    requirements: ['guest-drives/plugging'],
    needs: { commands: ['qom-get', 'device_add'] },
    topology: plugMachine,
    fresh: true,
    async run(t: CaseContext) {
      const serials: readonly (readonly [Json, string])[] = [
        ['text', 'text'],
        [12, '12'],
        [true, 'on'],
        [false, 'off'],
        [{ a: 1 }, ''],
        [[1], ''],
        [null, ''],
      ];
      for (const [index, [serial, expected]] of serials.entries()) {
        const id = `cd${index}`;
        await t.execute('device_add', { driver: 'scsi-cd', id, bus: 'scsi.0', serial, bootindex: index + 3 });
        t.equal(
          await t.execute('qom-get', { path: id, property: 'serial' }),
          expected,
          'a device must have the serial that it was given as a scalar',
        );
        t.equal(
          await t.execute('qom-get', { path: id, property: 'bootindex' }),
          index + 3,
          'a device must have the number that it was given',
        );
      }
      for (const [id, given] of [
        ['on', true],
        ['off', false],
      ] as const) {
        await t.execute('device_add', { driver: 'scsi-cd', id, bus: 'scsi.0', 'share-rw': given });
        t.equal(
          await t.execute('qom-get', { path: id, property: 'share-rw' }),
          given,
          'a device must have the switch as it was given',
        );
      }
      // What the bus is to choose, said in numbers.
      const anywhere = { 'scsi-id': 2 ** 32 - 1, lun: 2 ** 32 - 1 };
      await t.execute('device_add', { driver: 'scsi-cd', id: 'placed', bus: 'scsi.0', ...anywhere });
      t.equal(
        await t.execute('qom-get', { path: 'placed', property: 'lun' }),
        0,
        'a device must be in a place that its bus has chosen',
      );
      await t.refused('device_add', { driver: 'scsi-cd', id: 'no', bus: 'scsi.0', lun: true });
    },
  },
  words('words-of-ide-disks'),
  words('words-of-floppies'),
  ownDrives('pc', [20, 21, 22, 13, 14]),
  ownDrives('q35', [19, 20, 21, 12, 13]),
];
