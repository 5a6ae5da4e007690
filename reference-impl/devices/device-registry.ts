/** The devices and buses of the machine: how commands find them, how they come and go. */
import type { Json } from '../../spec/json.ts';
import type { BlockBackend } from '../backend/block-backend.ts';
import type { BlockLayer } from '../backend/block-layer.ts';
import type { GuestMachine } from '../backend/guest-requests.ts';
import type { JobRegistry } from '../jobs/job-registry.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { Services } from '../services/services.ts';
import type { Bus } from './bus.ts';
import type { BusType } from './device-model.ts';
import { type InterfaceDrive, interfaceDevice } from './drive-interface.ts';
import type { NamedDrive } from './exchange-media.ts';
import type { GuestDevice } from './guest-device.ts';
import { type MachineModel, machineBuses, machineModel } from './machine-model.ts';
import { PlugIn } from './plug-in.ts';

/** Objects that every endpoint has and that are no devices. */
const CONTAINERS = [
  'chardevs',
  'machine',
  'machine/peripheral',
  'machine/peripheral-anon',
  'machine/unattached',
  'objects',
];

/** The options of `-device` and `device_add`, all of them texts. */
export type DeviceOptions = Readonly<Record<string, string>>;

/** How a device comes to be, beside its options. */
export interface Placement {
  /** The machine is there already. */
  readonly hotplug?: boolean;
  /** Where it is if it has no id. */
  readonly qomPath?: string;
}

/** The guest devices of one endpoint. Methods throw `CommandError`, and have then changed nothing. */
export class DeviceRegistry {
  readonly block: BlockLayer;
  readonly services: Services;
  /** The machine as what stops for errors. */
  readonly machine: GuestMachine;
  readonly #jobs: JobRegistry | undefined;
  #model: MachineModel = machineModel('pc');
  #buses: readonly Bus[] = machineBuses(this.#model);
  readonly #devices = new Set<GuestDevice>();
  /** By the model, as options name it. */
  readonly #globals = new Map<string | undefined, DeviceOptions>();

  constructor(block: BlockLayer, machine: GuestMachine, jobs?: JobRegistry) {
    this.block = block;
    this.#jobs = jobs;
    this.machine = machine;
    this.services = block.services;
  }

  /** Those that are plugged in, the oldest first, and none of their parts. */
  get devices(): readonly GuestDevice[] {
    return [...this.#devices];
  }

  /** The QOM type of the machine. */
  get machineType(): string {
    return this.#model.type;
  }

  /** Builds the machine. Called once, before there are devices. */
  useMachine(type: string): void {
    this.#model = machineModel(type);
    this.#buses = machineBuses(this.#model);
  }

  /** Builds it once more, with USB. Called before there are devices. */
  addUsb(): void {
    this.#buses = machineBuses(this.#model, true);
  }

  /** All buses, those of the machine first, then in the order of the devices that brought them. */
  get buses(): Bus[] {
    const brought = this.devices.flatMap((device) => [device, ...device.parts.values()]);
    return [...this.#buses, ...brought.flatMap(({ buses }) => buses)];
  }

  /** A property that devices of a model get where they are given none. */
  addGlobal(model: string, property: string, value: string): void {
    this.#globals.set(model, { ...this.#globals.get(model), [property]: value });
  }

  /** Makes a device. */
  async add(options: DeviceOptions, placement?: Placement): Promise<void> {
    const globals = this.#globals.get(options.driver);
    await new PlugIn(this).plugIn({ ...globals, ...options }, placement);
  }

  /** Plugs in the drives that `-drive` made for places of the machine itself: floppies, then IDE. */
  async addDrivesOfTheMachine(drives: readonly InterfaceDrive[]): Promise<void> {
    const { firstDevice } = this.#model;
    const on = (name: string) => drives.filter(({ place }) => place.interface === name);
    let number = firstDevice.floppy!;
    for (const drive of on('floppy')) await this.#addInterfaceDevice(drive, number++);
    number = firstDevice.ide! + on('floppy').length;
    for (const drive of on('ide')) await this.#addInterfaceDevice(drive, number++);
  }

  /** Plugs in those that `-drive` made a device of their own for. Those that options name are there already. */
  async addDrivesOfTheirOwn(drives: readonly InterfaceDrive[]): Promise<void> {
    for (const drive of drives) if (drive.place.interface === 'virtio') await this.#addInterfaceDevice(drive);
  }

  async #addInterfaceDevice(drive: InterfaceDrive, number?: number): Promise<void> {
    const options = interfaceDevice(drive, this.#model);
    if (!options) return;
    await this.add(options, number === undefined ? {} : { qomPath: `/machine/unattached/device[${number}]` });
  }

  /** Called by `PlugIn` alone, when the device is whole. */
  plugged(device: GuestDevice): void {
    this.#devices.add(device);
  }

  /** The QOM path for a device that has no id. */
  anonymousPath(): string {
    for (let number = 0; ; number += 1) {
      const path = `/machine/peripheral-anon/device[${number}]`;
      if (!this.devices.some(({ qomPath }) => qomPath === path)) return path;
    }
  }

  /** The bus by its name. */
  bus(name: string): Bus | undefined {
    return this.buses.find((bus) => bus.name === name);
  }

  /** The bus that a device gets which names none: the newest of the kind. */
  usualBus(type: BusType): Bus | undefined {
    return this.buses.findLast((bus) => bus.model.type === type);
  }

  /** The device of this id or QOM path. */
  find(id: string): GuestDevice {
    const device = this.#resolve(id);
    if (device) return device;
    if (id.startsWith('/') && this.#isOther(id)) throw new CommandError(`${id} is not a hotpluggable device`);
    throw new CommandError(`Device '${id}' not found`, 'DeviceNotFound');
  }

  /** The drive that the device of this id or QOM path uses. */
  backendOf(id: string): BlockBackend {
    const { backend } = this.find(id);
    if (!backend) throw new CommandError('Device does not have a block device backend');
    return backend;
  }

  /** The drive as commands name it: by exactly one of its own name and its device's. */
  drive(device: string | undefined, id: string | undefined): NamedDrive {
    if ((device === undefined) === (id === undefined))
      throw new CommandError("Need exactly one of 'device' and 'id'");
    if (device === undefined) return { backend: this.backendOf(id!), name: id! };
    const backend = this.block.backends.find(device);
    if (!backend) throw new CommandError(`Device '${device}' not found`, 'DeviceNotFound');
    return { backend, name: device };
  }

  /** Unplugs a device, at once where nobody need be asked. */
  async remove(id: string): Promise<void> {
    const device = this.find(id);
    const { name, model } = device.bus;
    if (!model.hotplug) throw new CommandError(`Bus '${name}' does not support hotplugging`);
    // On PCI the guest says when it lets go of the device.
    if (model.type !== 'PCI') return this.#unplug(device);
    if (device.leaving) throw new CommandError(`Device ${id} is already in the process of unplug`);
    device.leaving = true;
  }

  /** The machine is reset: requests that wait for it to go on are given up, and what waits for its guest to let it go goes. */
  async reset(): Promise<void> {
    for (const device of this.#devices) for (const { io } of [device, ...device.parts.values()]) io?.reset();
    for (const device of this.devices.filter(({ leaving }) => leaving)) await this.#unplug(device);
  }

  async #unplug(device: GuestDevice): Promise<void> {
    for (const part of device.parts.values()) await this.#unplug(part);
    for (const bus of device.buses) for (const other of bus.devices) await this.#unplug(other);
    device.bus.unplug(device);
    this.#devices.delete(device);
    // No device has more than one part.
    device.owner?.parts.clear();
    await this.#letGo(device);
    const { id, qomPath } = device;
    this.services.emit('DEVICE_DELETED', { ...(id !== undefined && { device: id }), path: qomPath });
  }

  /** A drive goes with the device that used it, whoever made it; with a named one, the jobs on its medium. */
  async #letGo({ backend, io }: GuestDevice): Promise<void> {
    if (!backend) return;
    io?.close();
    const { name, node } = backend;
    for (const job of this.#jobs?.all.slice() ?? [])
      if (name !== '' && node && job.driver.hasNode(node)) await job.cancel();
    backend.detach();
    await this.block.backends.remove(backend);
  }

  #resolve(id: string): GuestDevice | undefined {
    const path = withoutEmptyParts(id.startsWith('/') ? id : `/machine/peripheral/${id}`);
    for (const device of this.#devices) {
      if (device.qomPath === path) return device;
      for (const part of device.parts.values()) if (part.qomPath === path) return part;
    }
    return undefined;
  }

  #isOther(id: string): boolean {
    const path = withoutEmptyParts(id).slice(1);
    if (path === '' || CONTAINERS.includes(path)) return true;
    return (
      path.startsWith('objects/') && this.services.objects.find(path.slice('objects/'.length)) !== undefined
    );
  }
}

function withoutEmptyParts(path: string): string {
  return `/${path
    .split('/')
    .filter((part) => part !== '')
    .join('/')}`;
}

/** The options of `device_add`, as texts. */
export function deviceOptions(given: Readonly<Record<string, Json | undefined>>): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === 'boolean') texts[name] = value ? 'on' : 'off';
    else if (value !== undefined && typeof value !== 'object') texts[name] = String(value);
  }
  return texts;
}
