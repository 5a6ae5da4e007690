/**
 * Carries out the options of the command line on an endpoint that is about to start: what all others depend on, then
 * objects, block nodes and drives in their order, the devices that use them, then character devices and monitors. At
 * last the guest runs, unless it is to wait.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { loadBlockSchema } from '../spec/block-core.ts';
import type { JsonObject } from '../spec/json.ts';
import { addExport, startNbdServer } from './apply-daemon-options.ts';
import { addChardev, addHumanMonitor, addMonitor, addShortMonitor } from './apply-monitor-options.ts';
import { addQtest, chooseAccelerator } from './apply-qtest-options.ts';
import { type DeviceOptions, deviceOptions } from './devices/device-registry.ts';
import type { InterfaceDrive } from './devices/drive-interface.ts';
import { reasonOf } from './host/errno.ts';
import { createObject } from './objects/create-object.ts';
import { type Apply, parsed, type Start } from './option-start.ts';
import { type Dialect, dialectOf, type Option, OptionError, parseArgv } from './options/argv.ts';
import { addDrive } from './options/drive.ts';
import { type DrivePlace, Machine } from './options/drive-places.ts';
import type { Step } from './options/option-table.ts';
import { parseConfig } from './options/read-config.ts';
import { setParameter } from './options/set-parameter.ts';
import { checkArguments } from './qapi/check-arguments.ts';
import { CommandError } from './qapi/command-error.ts';
import { toJson } from './qapi/json/wire-value.ts';
import { parseJsonOption, parseKeyval, splitOptions } from './qapi/keyval.ts';
import { typedArguments } from './qapi/keyval-types.ts';
import { integerOf, parseFlat, parseOpts } from './qapi/opts.ts';
import type { ReferenceEndpoint } from './reference-endpoint.ts';

/** In the order in which they are carried out; options in one group keep their own order. */
const GROUPS: readonly Partial<Record<Step, Apply>>[] = [
  {
    machine: chooseMachine,
    accel: chooseAccelerator,
    name: nameGuest,
    'qtest-log': ({ value }, start) => {
      start.qtestLog = value;
    },
    snapshot: (_, start) => {
      start.snapshot = true;
    },
    'no-defaults': (_, start) => {
      start.hasDefaults = false;
    },
    'stay-stopped': (_, start) => {
      start.waits = true;
    },
    uuid: identifyGuest,
    daemonize: (_, start) => {
      start.inBackground = true;
    },
    pidfile: ({ value }, start) => {
      start.pidfile = value;
    },
    'add-fd': addDescriptor,
    global: addGlobal,
  },
  { usb: (_, { endpoint }) => endpoint.devices.addUsb() },
  { object: addObject },
  { blockdev: addBlockdev },
  { drive: addDriveOption },
];
const DEVICES: readonly Partial<Record<Step, Apply>>[] = [{ device: addDevice }];
const AFTER_DEVICES: readonly Partial<Record<Step, Apply>>[] = [
  { chardev: addChardev },
  { qtest: addQtest },
  { mon: addMonitor, monitor: addHumanMonitor, qmp: addShortMonitor, 'qmp-pretty': addShortMonitor },
];

/** Throws `OptionError`. */
export async function applyOptions(
  argv: readonly string[],
  endpoint: ReferenceEndpoint,
  dialect: Dialect = dialectOf(argv),
): Promise<void> {
  const options = await withConfigs(parseArgv(argv, dialect), endpoint.cwd);
  const start: Start = {
    dialect,
    endpoint,
    chardevs: new Map(),
    inUse: new Set(),
    machine: new Machine('pc'),
    qtestLog: undefined,
    snapshot: false,
    hasDefaults: true,
    connected: [],
    monitors: [],
    waits: false,
    inBackground: false,
    pidfile: undefined,
  };
  if (dialect === 'storage-daemon') await carryOutInOrder(options, start);
  else {
    await carryOutAll(GROUPS, options, start);
    await connectDrives(start, options);
    await carryOutAll(DEVICES, options, start);
    await withoutPlace(() => endpoint.devices.addDrivesOfTheirOwn(start.connected));
    await carryOutAll(AFTER_DEVICES, options, start);
  }
  if (start.pidfile !== undefined) await writePidfile(start.pidfile, endpoint);
  // As whoever goes into the background does: later file names are absolute or mean nothing.
  if (start.inBackground) endpoint.cwd = '/';
  if (!start.waits) endpoint.run.cont();
  endpoint.begin();
}

/** Every option of the storage daemon finds what stands before it. */
async function carryOutInOrder(options: readonly Option[], start: Start): Promise<void> {
  const steps: Partial<Record<Step, Apply>> = Object.assign({}, ...GROUPS, ...DEVICES, ...AFTER_DEVICES, {
    'nbd-server': startNbdServer,
    export: addExport,
  });
  const [first] = GROUPS;
  await carryOutAll([{ daemonize: first!.daemonize!, pidfile: first!.pidfile! }], options, start);
  await carryOutAll([steps], options, start);
}

async function writePidfile(name: string, endpoint: ReferenceEndpoint): Promise<void> {
  const path = resolve(endpoint.cwd, name);
  try {
    await writeFile(path, `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    throw new OptionError(`cannot create PID file: Could not create '${name}': ${reasonOf(error)}`);
  }
  endpoint.onEnd(() => rm(path, { force: true }));
}

async function carryOutAll(
  groups: readonly Partial<Record<Step, Apply>>[],
  options: readonly Option[],
  start: Start,
): Promise<void> {
  for (const group of groups)
    for (const option of options) {
      const apply = group[option.step];
      if (apply !== undefined) await carryOut(apply, option, start);
    }
}

async function carryOut(apply: Apply, option: Option, start: Start): Promise<void> {
  try {
    await apply(option, start);
  } catch (error) {
    if (error instanceof CommandError) throw new OptionError(`${option.where}: ${error.message}`);
    throw error;
  }
}

/** The options, with those of files in their place, changed by what `-set` says after them. */
async function withConfigs(options: readonly Option[], cwd: string): Promise<Option[]> {
  const all: Option[] = [];
  for (const option of options) {
    if (option.step === 'set') setParameter(option, all);
    else if (option.step === 'read-config') all.push(...(await readConfig(option, cwd)));
    else all.push(option);
  }
  return all;
}

async function readConfig({ value, where }: Option, cwd: string): Promise<Option[]> {
  let text: string;
  try {
    text = await readFile(resolve(cwd, value), 'utf8');
  } catch (error) {
    throw new OptionError(`${where}: Could not open '${value}': ${reasonOf(error)}`);
  }
  return parseConfig(text, value);
}

async function chooseMachine({ value }: Option, start: Start): Promise<void> {
  const type = firstOf(value, 'type');
  if (type === undefined) return;
  await withoutPlace(() => {
    start.machine = new Machine(type);
    start.endpoint.devices.useMachine(type);
    if (parseFlat(value, 'type').get('usb') === 'on') start.endpoint.devices.addUsb();
  });
}

function nameGuest({ value }: Option, { endpoint }: Start): void {
  const name = parseOpts(value, ['guest', 'process', 'debug-threads'], 'guest').get('guest');
  if (name !== undefined) endpoint.guestName = name;
}

function identifyGuest({ value }: Option, { endpoint }: Start): void {
  if (!/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value))
    throw new CommandError('failed to parse UUID string: wrong format');
  endpoint.guestUuid = value.toLowerCase();
}

function addDescriptor({ value }: Option, { endpoint }: Start): void {
  const opts = parseOpts(value, ['fd', 'set', 'opaque']);
  const number = (name: string): number => integerOf(name, opts.get(name) ?? '-1');
  const [fd, set] = [number('fd'), number('set')];
  if (fd < 0) throw new CommandError('fd option is required and must be non-negative');
  if (fd <= 2) throw new CommandError('fd cannot be a standard I/O stream');
  if (set < 0) throw new CommandError('set option is required and must be non-negative');
  if (!endpoint.hostWork.fdSets.add(set, fd)) throw new CommandError('fd is not valid or already in use');
}

/** `DRIVER.PROPERTY=VALUE`, or the three by their names. */
function addGlobal({ value }: Option, { endpoint }: Start): void {
  const [, driver, property, text] = /^([\w-]+)\.([\w.-]+)=(.*)$/s.exec(value) ?? [];
  if (driver !== undefined) {
    endpoint.devices.addGlobal(driver, property!, text!);
    return;
  }
  const opts = parseOpts(value, ['driver', 'property', 'value']);
  const [name, member] = [opts.get('driver'), opts.get('property')];
  if (name === undefined || member === undefined) throw new CommandError(`Invalid parameter '${value}'`);
  endpoint.devices.addGlobal(name, member, opts.get('value') ?? '');
}

function addObject({ value }: Option, { endpoint }: Start): void {
  const { 'qom-type': type, id, ...props } = parsed(value, 'qom-type');
  if (typeof type !== 'string') throw new CommandError("Parameter 'qom-type' is missing");
  if (typeof id !== 'string') throw new CommandError("Parameter 'id' is missing");
  createObject(endpoint, type, id, toJson(props) as JsonObject);
}

async function addDriveOption(option: Option, start: Start): Promise<void> {
  const { endpoint, machine, snapshot } = start;
  const drive = await addDrive(option.value, endpoint.block, { machine, snapshot });
  start.connected.push({ ...drive, option });
}

/** The drives that are there by default, in places that nobody took, and whether the machine connects the others. */
async function connectDrives(start: Start, options: readonly Option[]): Promise<void> {
  const { machine, endpoint, hasDefaults, connected } = start;
  const models = options
    .filter(({ step }) => step === 'device')
    .map(({ value }) => deviceProperties(value).driver ?? '');
  const defaults: InterfaceDrive[] = [];
  for (const text of hasDefaults ? machine.defaultDrives(models) : [])
    defaults.push(await addDrive(text, endpoint.block, { machine, snapshot: false }));
  const check = (place: DrivePlace) => () => machine.refuseUnconnected(place);
  for (const { place, option } of connected) await carryOut(check(place), option, start);
  await withoutPlace(() => endpoint.devices.addDrivesOfTheMachine([...connected, ...defaults]));
}

/** A refusal is told without the option that it comes from. */
async function withoutPlace(work: () => void | Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw error instanceof CommandError ? new OptionError(error.message) : error;
  }
}

async function addDevice({ value }: Option, { endpoint }: Start): Promise<void> {
  await endpoint.devices.add(deviceProperties(value));
}

function deviceProperties(value: string): DeviceOptions {
  return value.startsWith('{')
    ? deviceOptions(toJson(parseJsonOption(value)) as JsonObject)
    : Object.fromEntries(parseFlat(value, 'driver'));
}

/** The value of a name that the first option may leave out; undefined if it is not given. */
function firstOf(value: string, name: string): string | undefined {
  const [first = '', ...others] = splitOptions(value);
  if (!first.includes('=')) return first;
  return [first, ...others].find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
}

async function addBlockdev({ value }: Option, { endpoint }: Start): Promise<void> {
  const type = loadBlockSchema().commands.get('blockdev-add')!.arguments;
  const given = value.startsWith('{')
    ? parseJsonOption(value)
    : typedArguments(type, parseKeyval(value, 'driver'));
  await endpoint.block.add(checkArguments(type, given));
}
