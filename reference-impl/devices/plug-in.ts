/**
 * Makes a device of options, in these steps: its model, its bus, its properties, its place, the drive, what is within
 * it. Whatever is refused on the way leaves everything as it was.
 */
import type { BlockdevOnError } from '../../spec/generated/qmp.ts';
import type { Json } from '../../spec/json.ts';
import { BlockBackend } from '../backend/block-backend.ts';
import { type ErrorPolicies, GuestIo } from '../backend/guest-requests.ts';
import { CommandError } from '../qapi/command-error.ts';
import { isIdentifier } from '../qapi/identifier.ts';
import { Bus } from './bus.ts';
import type { DeviceModel, DiskModel } from './device-model.ts';
import type { DeviceOptions, DeviceRegistry, Placement } from './device-registry.ts';
import { GuestDevice } from './guest-device.ts';
import { deviceAliases, deviceModels } from './models/index.ts';
import { placeOn } from './place.ts';
import { settleDisk } from './settled-properties.ts';
import { Tray } from './tray.ts';

type Properties = Map<string, Json>;

/** Plugs devices into the machine. */
export class PlugIn {
  readonly #registry: DeviceRegistry;

  constructor(registry: DeviceRegistry) {
    this.#registry = registry;
  }

  /** `hotplug`: the machine is there. `qomPath`: where it is if it has no id. Throws `CommandError`. */
  async plugIn(options: DeviceOptions, { hotplug = false, qomPath }: Placement = {}): Promise<void> {
    const { driver, bus: busName, id, ...given } = options;
    this.#checkId(id);
    const [modelName, model] = modelOf(driver);
    const bus = this.#bus(modelName, model, busName);
    if (hotplug && !bus.model.hotplug)
      throw new CommandError(`Bus '${bus.name}' does not support hotplugging`);
    const properties = readProperties(model, given);
    this.#checkIothread(properties.get('iothread'));
    const place = placeOn(bus, modelName, properties);
    const path = qomPath ?? (id === undefined ? this.#registry.anonymousPath() : `/machine/peripheral/${id}`);
    const identity = {
      modelName,
      model,
      id,
      qomPath: path,
      bus,
      place,
      properties,
      hotplugged: hotplug,
    };
    const device = new GuestDevice(identity);
    await this.#complete(device);
    bus.plug(device);
    this.#registry.plugged(device);
  }

  #checkId(id: string | undefined): void {
    if (id === undefined) return;
    if (!isIdentifier(id)) throw new CommandError("Parameter 'id' expects an identifier");
    if (this.#registry.devices.some((device) => device.id === id))
      throw new CommandError(`Duplicate ID '${id}' for device`);
  }

  #bus(driver: string, model: DeviceModel, name: string | undefined): Bus {
    const bus = name === undefined ? this.#registry.usualBus(model.bus) : this.#registry.bus(name);
    if (!bus && name !== undefined) throw new CommandError(`Bus '${name}' not found`);
    if (!bus) throw new CommandError(`No '${model.bus}' bus found for device '${driver}'`);
    if (bus.model.type !== model.bus)
      throw new CommandError(`Device '${driver}' can't go on ${bus.model.type} bus`);
    return bus;
  }

  /** The drive, the buses and the parts. */
  async #complete(device: GuestDevice): Promise<void> {
    const { model } = device;
    const { properties } = device.identity;
    const settled = model.settle?.(
      (name) => device.property(name),
      (name) => properties.has(name),
    );
    for (const [name, value] of Object.entries(settled ?? {})) device.settle(name, value);
    if (model.disk) await this.#useDrive(device, model.disk);
    if (model.offers)
      for (let bus = 0; bus < (model.offers.count ?? 1); bus += 1)
        device.buses.push(new Bus(this.#busName(device, bus), model.offers, device.qomPath));
    if (model.within) await this.#addPart(device);
  }

  async #addPart(device: GuestDevice): Promise<void> {
    const { name: pattern, model: modelName, takes } = device.model.within!;
    const name = pattern.replace('@BUS@', String(device.buses[0]?.name));
    const model = deviceModels[modelName]!;
    const bus = device.buses[0] ?? new Bus('virtio-bus', { type: model.bus, hotplug: false }, device.qomPath);
    const qomPath = `${device.qomPath}/${name}`;
    const { properties, hotplugged } = device.identity;
    const part = new GuestDevice({
      modelName,
      model,
      id: undefined,
      qomPath,
      bus,
      place: placeOn(bus, modelName, new Map()),
      properties: takes ? only(properties, takes) : properties,
      hotplugged,
    });
    part.owner = device;
    await this.#complete(part);
    bus.plug(part);
    device.parts.set(name, part);
  }

  /** After the device if that has an id, else by the kind of bus; `index`: among those that the device brings. */
  #busName(device: GuestDevice, index: number): string {
    const { type } = device.model.offers!;
    const id = device.id ?? device.owner?.id;
    if (id !== undefined) return `${id}.${index}`;
    const isTaken = (name: string) =>
      this.#registry.bus(name) !== undefined || device.buses.some((bus) => bus.name === name);
    let number = 0;
    while (isTaken(`${type.toLowerCase()}.${number}`)) number += 1;
    return `${type.toLowerCase()}.${number}`;
  }

  #checkIothread(id: Json | undefined): void {
    if (id && this.#registry.services.objects.find(String(id))?.type !== 'iothread')
      throw new CommandError(`Device '${String(id)}' not found`, 'DeviceNotFound');
  }

  async #useDrive(device: GuestDevice, disk: DiskModel): Promise<void> {
    const { properties } = device.identity;
    const name = properties.get('drive');
    const backend = this.#drive(device, disk, name ? String(name) : undefined);
    if (!device.removable && !backend.node) throw new CommandError('Device needs media, but drive is empty');
    const ideBuses = this.#registry.buses.filter(({ model }) => model.type === 'IDE');
    try {
      await settleDisk(device, disk, backend, ideBuses);
      backend.attach(device, writebackOf(properties));
    } catch (error) {
      if (backend.name === '') await this.#registry.block.backends.remove(backend);
      throw error;
    }
    const { services, machine } = this.#registry;
    device.backend = backend;
    device.io = new GuestIo(backend, services, machine, policiesOf(properties));
    if (!device.removable || disk.medium === 'without-tray') return;
    device.tray = new Tray((open) =>
      services.emit('DEVICE_TRAY_MOVED', { device: backend.name, id: device.name, 'tray-open': open }),
    );
  }

  /** The named drive, or an anonymous one with the node of that name or with nothing. */
  #drive(device: GuestDevice, disk: DiskModel, name: string | undefined): BlockBackend {
    const { backends, graph } = this.#registry.block;
    if (name === undefined && disk.withoutDrive !== undefined) throw new CommandError(disk.withoutDrive);
    const named = name === undefined ? undefined : backends.find(name);
    if (named) return named;
    const node = name === undefined ? undefined : graph.find(name);
    if (name !== undefined && !node) {
      const { modelName } = device.owner ?? device;
      throw new CommandError(`Property '${modelName}.drive' can't find value '${name}'`);
    }
    const backend = new BlockBackend(graph, '');
    if (node) backend.insert(node);
    backends.add(backend);
    return backend;
  }
}

/** The model with its own name. Throws `CommandError`. */
function modelOf(driver: string | undefined): [name: string, model: DeviceModel] {
  if (driver === undefined) throw new CommandError("Parameter 'driver' is missing");
  const name = Object.hasOwn(deviceAliases, driver) ? deviceAliases[driver]! : driver;
  if (!Object.hasOwn(deviceModels, name))
    throw new CommandError(`'${driver}' is not a valid device model name`);
  return [name, deviceModels[name]!];
}

/** Throws `CommandError` for a property that the model lacks, and for a value that is none of its type. */
function readProperties({ properties, takesAnything }: DeviceModel, given: DeviceOptions): Properties {
  const values: Properties = new Map();
  if (takesAnything) return values;
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(properties, name)) throw new CommandError(`Property '.${name}' not found`);
    values.set(name, properties[name]!.parse(value, name));
  }
  return values;
}

function only(properties: ReadonlyMap<string, Json>, names: readonly string[]): Properties {
  return new Map([...properties].filter(([name]) => names.includes(name)));
}

/** What a device says of its drive's cache; `auto` leaves that to the drive. */
function writebackOf(properties: ReadonlyMap<string, Json>): boolean | undefined {
  const given = properties.get('write-cache') ?? 'auto';
  return given === 'auto' ? undefined : given === 'on';
}

function policiesOf(properties: ReadonlyMap<string, Json>): ErrorPolicies {
  const policy = (name: string) => (properties.get(name) ?? 'auto') as BlockdevOnError;
  return { rerror: policy('rerror'), werror: policy('werror') };
}
