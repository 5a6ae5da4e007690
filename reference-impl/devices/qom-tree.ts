/** The tree of objects, as far as block devices, throttle groups and I/O threads are in it, and how paths find them. */
import type { Json } from '../../spec/json.ts';
import type { UserObject } from '../objects/objects.ts';
import type { QomProperty } from '../objects/qom-property.ts';
import { CommandError } from '../qapi/command-error.ts';
import { inListedOrder } from '../qapi/qdict-order.ts';
import type { Bus } from './bus.ts';
import type { DeviceRegistry } from './device-registry.ts';
import type { GuestDevice } from './guest-device.ts';

/** An object with its place in the tree. */
interface QomObject {
  readonly path: string;
  readonly type: string;
  /** Besides the type and the children. */
  readonly properties: readonly QomProperty[];
  readonly children: readonly QomObject[];
}

/** The tree as it is now. Throws `CommandError` for what is not there, or more than once. */
export class QomTree {
  readonly #root: QomObject;

  constructor(devices: DeviceRegistry) {
    this.#root = container('', [
      machine(devices),
      container('/chardevs', []),
      container('/objects', userObjects(devices)),
    ]);
  }

  /** The properties of an object, children among them, in the order in which they are listed. */
  list(path: string): QomProperty[] {
    const properties = new Map(propertiesOf(this.#find(path, true)).map((one) => [one.name, one]));
    return inListedOrder([...properties.keys()]).map((name) => properties.get(name)!);
  }

  get(path: string, property: string): Json {
    return this.#property(path, property).get();
  }

  set(path: string, name: string, value: Json): void {
    const property = this.#property(path, name);
    if (!property.set) throw new CommandError('Insufficient permission to perform this operation');
    property.set(value);
  }

  #property(path: string, name: string): QomProperty {
    const found = propertiesOf(this.#find(path, false)).find((one) => one.name === name);
    if (!found) throw new CommandError(`Property '.${name}' not found`);
    return found;
  }

  /** Names from the root, or as many of a path's last names as only one object has. */
  #find(path: string, isListed: boolean): QomObject {
    const names = path.split('/').filter((name) => name !== '');
    const found = path.startsWith('/') ? [walk(this.#root, names)] : partial(this.#root, names);
    const objects = found.filter((one) => one !== undefined);
    if (objects.length > 1 && isListed) throw new CommandError(`Path '${path}' is ambiguous`);
    if (objects.length !== 1) throw new CommandError(`Device '${path}' not found`, 'DeviceNotFound');
    return objects[0]!;
  }
}

function walk(from: QomObject, names: readonly string[]): QomObject | undefined {
  let object: QomObject | undefined = from;
  for (const name of names) object = object?.children.find((child) => nameOf(child) === name);
  return object;
}

function partial(from: QomObject, names: readonly string[]): QomObject[] {
  const here = walk(from, names);
  return [...(here ? [here] : []), ...from.children.flatMap((child) => partial(child, names))];
}

function nameOf({ path }: QomObject): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function propertiesOf(object: QomObject): QomProperty[] {
  return [
    { name: 'type', type: 'string', get: () => object.type },
    ...object.properties,
    ...object.children.map((child) => ({
      name: nameOf(child),
      type: `child<${child.type}>`,
      get: () => child.path,
    })),
  ];
}

function container(path: string, children: readonly QomObject[]): QomObject {
  return { path, type: 'container', properties: [], children };
}

function userObjects({ services }: DeviceRegistry): QomObject[] {
  return [...services.objects.all].map(([id, { type, properties = [] }]: [string, UserObject]) => ({
    path: `/objects/${id}`,
    type,
    properties,
    children: [],
  }));
}

function machine(registry: DeviceRegistry): QomObject {
  const folder = (path: string) =>
    container(
      path,
      registry.devices.filter(({ qomPath }) => qomPath.startsWith(`${path}/`)).map(deviceObject),
    );
  return {
    path: '/machine',
    type: registry.machineType,
    properties: [],
    children: [
      folder('/machine/peripheral'),
      folder('/machine/peripheral-anon'),
      folder('/machine/unattached'),
    ],
  };
}

function deviceObject(device: GuestDevice): QomObject {
  const parts = [...device.parts.values()];
  return {
    path: device.qomPath,
    type: device.modelName,
    properties: deviceProperties(device),
    children: [
      // A part on a bus of its own device is within that.
      ...parts.filter(({ bus }) => !device.buses.includes(bus)).map(deviceObject),
      ...device.buses.map((bus) =>
        busObject(
          bus,
          parts.filter((part) => part.bus === bus),
        ),
      ),
    ],
  };
}

function busObject(bus: Bus, within: readonly GuestDevice[]): QomObject {
  return {
    path: bus.qomPath,
    type: bus.model.type,
    properties: bus.devices.map(({ modelName, qomPath }, index) => ({
      name: `child[${index}]`,
      type: `link<${modelName}>`,
      get: () => qomPath,
    })),
    children: within.map(deviceObject),
  };
}

function deviceProperties(device: GuestDevice): QomProperty[] {
  const told = (name: string, type: string, get: () => Json): QomProperty => ({ name, type, get });
  return [
    told('parent_bus', 'link<bus>', () => device.bus.qomPath),
    told('realized', 'bool', () => true),
    told('hotplugged', 'bool', () => device.identity.hotplugged),
    told('hotpluggable', 'bool', () => device.bus.model.hotplug),
    ...Object.entries(device.model.properties).map(([name, { type }]) => ({
      name,
      type,
      get: () => device.property(name),
      set: () => {
        throw new CommandError(
          `Attempt to set property '${name}' on device '${device.id ?? ''}' (type '${device.modelName}') after it was realized`,
        );
      },
    })),
  ];
}
