/** Machines: the buses that they bring, and the devices that they have without being asked. */
import { CommandError } from '../qapi/command-error.ts';
import { Bus } from './bus.ts';
import type { BusModel } from './device-model.ts';

/** The kinds of interfaces that `-drive if=…` can put a drive on. */
export type DriveInterface = 'ide' | 'floppy' | 'virtio';

/** A machine as data. */
export interface MachineModel {
  /** Its QOM type. */
  readonly type: string;
  /** By name, in the order in which they are made. */
  readonly buses: Readonly<Record<string, MachineBus>>;
  /** Where `-drive if=…` finds its buses, one for each number. */
  readonly interfaces: Partial<Readonly<Record<DriveInterface, readonly string[]>>>;
  /** The number in `/machine/unattached` of the first device on an interface; later ones count on. */
  readonly firstDevice: Partial<Readonly<Record<DriveInterface, number>>>;
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
  interfaces: { ide: ['ide.0', 'ide.1'], floppy: ['floppy-bus.0'], virtio: ['pci.0'] },
  firstDevice: { floppy: 13, ide: 18 },
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
    'floppy-bus.0': FLOPPY,
    ...Object.fromEntries(Array.from({ length: 6 }, (_, port) => [`ide.${port}`, SATA])),
  },
  interfaces: {
    ide: Array.from({ length: 6 }, (_, port) => `ide.${port}`),
    floppy: ['floppy-bus.0'],
    virtio: ['pcie.0'],
  },
  firstDevice: { floppy: 12, ide: 18 },
};

/** No hardware at all. */
const none: MachineModel = {
  type: 'none-machine',
  buses: { 'main-system-bus': SYSTEM },
  interfaces: {},
  firstDevice: {},
};

const machines: Readonly<Record<string, MachineModel>> = { none, pc, q35 };

/** The machine of this type, of whichever version. Throws `CommandError`. */
export function machineModel(type: string): MachineModel {
  const name = type.replace(/^pc-i440fx-.*$/, 'pc').replace(/^pc-q35-.*$/, 'q35');
  if (!Object.hasOwn(machines, name)) throw new CommandError('unsupported machine type');
  return machines[name]!;
}

/** The buses of a machine that is made. */
export function machineBuses({ buses }: MachineModel): Bus[] {
  return Object.entries(buses).map(([name, model]) => new Bus(name, model, model.of));
}
