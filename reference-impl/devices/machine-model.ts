/**
 * Machines: the buses that they bring, the devices that they have without being asked, and what `-drive` may connect to
 * them. Facts of QEMU's `pc`, `q35` and `none`.
 */
import { CommandError } from '../qapi/command-error.ts';
import { Bus } from './bus.ts';
import type { BusModel } from './device-model.ts';
import { USB_BUS } from './models/usb.ts';

/** The kinds of interfaces that `-drive if=…` can put a drive on. */
export type DriveInterface = 'ide' | 'floppy' | 'virtio';

/** A machine as data. */
export interface MachineModel {
  /** Its QOM type. */
  readonly type: string;
  /** By name, in the order in which they are made. */
  readonly buses: Readonly<Record<string, MachineBus>>;
  /** What it brings beside them when it is to have USB. */
  readonly usb: Readonly<Record<string, MachineBus>>;
  /** Where `-drive if=…` finds its buses, one for each number. */
  readonly interfaces: Partial<Readonly<Record<DriveInterface, readonly string[]>>>;
  /** The number in `/machine/unattached` of the first device on an interface; later ones count on. */
  readonly firstDevice: Partial<Readonly<Record<DriveInterface, number>>>;
  readonly drives: MachineDrives;
}

/** A machine as `-drive` sees it, by the names of interfaces. */
export interface MachineDrives {
  /** The interface of a drive that names none. */
  readonly defaultInterface: string;
  /** How many drives of an interface are connected. */
  readonly connects: Readonly<Record<string, number>>;
  /** Units of a bus, where that is limited. */
  readonly unitsOfBus: Readonly<Record<string, number>>;
  /** Whether it comes with an empty CD-ROM, floppy and SD card drive. */
  readonly defaults: boolean;
}

/** A bus that comes with a machine. */
export interface MachineBus extends BusModel {
  /** The object that brings it. */
  readonly of: string;
}

const UNATTACHED = '/machine/unattached';
const SYSTEM: MachineBus = { type: 'System', hotplug: false, of: UNATTACHED };

const IDE: MachineBus = {
  of: `${UNATTACHED}/device[17]`,
  type: 'IDE',
  hotplug: false,
  units: 2,
};

const FLOPPY: MachineBus = {
  of: `${UNATTACHED}/device[12]`,
  type: 'floppy-bus',
  hotplug: false,
  units: 2,
};

const pc: MachineModel = {
  type: 'pc-i440fx-2.12-machine',
  buses: {
    'main-system-bus': SYSTEM,
    'pci.0': { type: 'PCI', hotplug: true, of: '/machine/i440fx' },
    'isa.0': { type: 'ISA', hotplug: false, of: `${UNATTACHED}/device[2]` },
    'floppy-bus.0': FLOPPY,
    'ide.0': IDE,
    'ide.1': IDE,
  },
  usb: { 'usb-bus.0': { ...USB_BUS, of: `${UNATTACHED}/device[18]` } },
  interfaces: { ide: ['ide.0', 'ide.1'], floppy: ['floppy-bus.0'], virtio: ['pci.0'] },
  firstDevice: { floppy: 13, ide: 18 },
  drives: {
    defaultInterface: 'ide',
    connects: { ide: 4, floppy: 2, pflash: 2 },
    unitsOfBus: { ide: 2, scsi: 7 },
    defaults: true,
  },
};

const SATA: MachineBus = {
  of: `${UNATTACHED}/device[4]`,
  type: 'IDE',
  hotplug: false,
  units: 1,
};

const q35: MachineModel = {
  type: 'pc-q35-2.12-machine',
  buses: {
    'main-system-bus': SYSTEM,
    'pcie.0': { type: 'PCI', hotplug: false, of: '/machine/q35' },
    'isa.0': { type: 'ISA', hotplug: false, of: `${UNATTACHED}/device[2]` },
    'floppy-bus.0': { ...FLOPPY, of: `${UNATTACHED}/device[11]` },
    ...Object.fromEntries(Array.from({ length: 6 }, (_, port) => [`ide.${port}`, SATA])),
  },
  usb: { 'usb-bus.0': { ...USB_BUS, of: `${UNATTACHED}/device[5]` } },
  interfaces: {
    ide: Array.from({ length: 6 }, (_, port) => `ide.${port}`),
    floppy: ['floppy-bus.0'],
    virtio: ['pcie.0'],
  },
  firstDevice: { floppy: 12, ide: 17 },
  drives: {
    ...pc.drives,
    connects: { ...pc.drives.connects, ide: 6 },
    unitsOfBus: { ...pc.drives.unitsOfBus, ide: 1 },
  },
};

/** No hardware at all. */
const none: MachineModel = {
  type: 'none-machine',
  buses: { 'main-system-bus': SYSTEM },
  usb: {},
  interfaces: {},
  firstDevice: {},
  drives: { defaultInterface: 'none', connects: {}, unitsOfBus: pc.drives.unitsOfBus, defaults: false },
};

/** The names of machines, without those of versions. */
export const MACHINES: readonly string[] = ['none', 'pc', 'q35'];

/** The machine of this type, of whichever version. Throws `CommandError`. */
export function machineModel(type: string): MachineModel {
  if (type === 'none') return none;
  if (/^(q35|pc-q35-[\d.]+)$/.test(type)) return q35;
  if (/^(pc|pc-i440fx-[\d.]+|pc-\d[\d.]*)$/.test(type)) return pc;
  throw new CommandError('unsupported machine type\nUse -machine help to list supported machines');
}

/** The buses of a machine that is made. */
export function machineBuses({ buses, usb }: MachineModel, hasUsb = false): Bus[] {
  return Object.entries({ ...buses, ...(hasUsb ? usb : {}) }).map(
    ([name, model]) => new Bus(name, model, model.of),
  );
}
