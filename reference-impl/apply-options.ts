/**
 * Carries out the options of the command line on an endpoint that is about to start: what all others depend on, then
 * objects, block nodes and drives in their order, the devices that use them, then character devices and monitors. At
 * last the guest runs, unless it is to wait.
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { loadBlockSchema } from '../spec/block-core.ts';
import type { JsonObject } from '../spec/json.ts';
import { deviceOptions } from './devices/device-registry.ts';
import type { InterfaceDrive } from './devices/drive-interface.ts';
import { errnoText } from './host/errno.ts';
import { type Chardev, parseChardev, parseShortChardev } from './monitor/chardev.ts';
import { openChardev } from './monitor/open-chardev.ts';
import { createObject } from './objects/create-object.ts';
import { dialectOf, type Option, OptionError, parseArgv } from './options/argv.ts';
import { addDrive } from './options/drive.ts';
import { type DrivePlace, Machine } from './options/drive-places.ts';
import type { Step } from './options/option-table.ts';
import { isOn, parseFlat, parseOpts } from './options/opts.ts';
import { parseConfig } from './options/read-config.ts';
import { setParameter } from './options/set-parameter.ts';
import { checkArguments } from './qapi/check-arguments.ts';
import { CommandError } from './qapi/command-error.ts';
import { toJson } from './qapi/json/wire-value.ts';
import { parseJsonOption, parseKeyval, splitOptions } from './qapi/keyval.ts';
import { typedArguments } from './qapi/keyval-types.ts';
import type { ReferenceEndpoint } from './reference-endpoint.ts';

type Apply = (option: Option, start: Start) => void | Promise<void>;

/** What options add to, one after another. */
interface Start {
  readonly endpoint: ReferenceEndpoint;
  readonly chardevs: Map<string, Chardev>;
  machine: Machine;
  snapshot: boolean;
  hasDefaults: boolean;
  /** Drives that the machine is to connect, and the options that they came from. */
  readonly connected: { readonly id: string; readonly place: DrivePlace; readonly option: Option }[];
  monitors: number;
  /** A guest that is told to wait starts with `cont`. */
  waits: boolean;
}

/** In the order in which they are carried out; options in one group keep their own order. */
const GROUPS: readonly Partial<Record<Step, Apply>>[] = [
  {
    machine: chooseMachine,
    name: nameGuest,
    snapshot: (_, start) => {
      start.snapshot = true;
    },
    'no-defaults': (_, start) => {
      start.hasDefaults = false;
    },
    'stay-stopped': (_, start) => {
      start.waits = true;
    },
    uuid: checkUuid,
  },
  { object: addObject },
  { blockdev: addBlockdev },
  { drive: addDriveOption },
];
const AFTER_DRIVES: readonly Partial<Record<Step, Apply>>[] = [
  { device: addDevice },
  { chardev: addChardev },
  { mon: addMonitor, qmp: addShortMonitor, 'qmp-pretty': addShortMonitor },
];

/** Throws `OptionError`. */
export async function applyOptions(argv: readonly string[], endpoint: ReferenceEndpoint): Promise<void> {
  const options = await withConfigs(parseArgv(argv, dialectOf(argv)), endpoint.cwd);
  const start: Start = {
    endpoint,
    chardevs: new Map(),
    machine: new Machine('pc'),
    snapshot: false,
    hasDefaults: true,
    connected: [],
    monitors: 0,
    waits: false,
  };
  await carryOutAll(GROUPS, options, start);
  await connectDrives(start);
  await carryOutAll(AFTER_DRIVES, options, start);
  if (!start.waits) endpoint.run.cont();
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
    const reason = errnoText((error as NodeJS.ErrnoException).code ?? 'EIO');
    throw new OptionError(`${where}: Could not open '${value}': ${reason}`);
  }
  return parseConfig(text, value);
}

function chooseMachine({ value }: Option, start: Start): void {
  const type = firstOf(value, 'type');
  if (type === undefined) return;
  try {
    start.machine = new Machine(type);
    start.endpoint.devices.useMachine(type);
  } catch (error) {
    throw error instanceof CommandError ? new OptionError(error.message) : error;
  }
}

function nameGuest({ value }: Option, { endpoint }: Start): void {
  const name = parseOpts(value, ['guest', 'process', 'debug-threads'], 'guest').get('guest');
  if (name !== undefined) endpoint.guestName = name;
}

function checkUuid({ value }: Option): void {
  if (!/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value))
    throw new CommandError('failed to parse UUID string: wrong format');
}

function addObject({ value }: Option, { endpoint }: Start): void {
  const {
    'qom-type': type,
    id,
    ...props
  } = value.startsWith('{') ? parseJsonOption(value) : parseKeyval(value, 'qom-type');
  if (typeof type !== 'string') throw new CommandError("Parameter 'qom-type' is missing");
  if (typeof id !== 'string') throw new CommandError("Parameter 'id' is missing");
  createObject(endpoint, type, id, toJson(props) as JsonObject);
}

async function addDriveOption(option: Option, start: Start): Promise<void> {
  const { endpoint, machine, snapshot } = start;
  const { id, place } = await addDrive(option.value, endpoint.block, { machine, snapshot });
  start.connected.push({ id, place, option });
}

/** The drives that are there by default, in places that nobody took, and whether the machine connects the others. */
async function connectDrives(start: Start): Promise<void> {
  const { machine, endpoint, hasDefaults, connected } = start;
  const defaults: InterfaceDrive[] = [];
  if (hasDefaults && machine.defaults) {
    const names = machine.defaultDrives();
    for (const text of names)
      defaults.push(await addDrive(text, endpoint.block, { machine, snapshot: false }));
  }
  const check = (place: DrivePlace) => () => machine.refuseUnconnected(place);
  for (const { place, option } of connected) await carryOut(check(place), option, start);
  try {
    await endpoint.devices.addInterfaceDevices([...connected, ...defaults]);
  } catch (error) {
    throw error instanceof CommandError ? new OptionError(error.message) : error;
  }
}

async function addDevice({ value }: Option, { endpoint }: Start): Promise<void> {
  const options = value.startsWith('{')
    ? deviceOptions(toJson(parseJsonOption(value)) as JsonObject)
    : Object.fromEntries(parseFlat(value, 'driver'));
  await endpoint.devices.add(options);
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

function addChardev({ value }: Option, { chardevs }: Start): void {
  const { id, chardev } = parseChardev(value);
  if (chardevs.has(id)) throw new CommandError(`Duplicate ID '${id}' for chardev`);
  chardevs.set(id, chardev);
}

async function addMonitor({ value }: Option, start: Start): Promise<void> {
  const opts = parseOpts(value, ['chardev', 'mode', 'id', 'pretty'], 'chardev');
  const id = opts.get('chardev');
  if (id === undefined) throw new CommandError("Parameter 'chardev' is missing");
  const chardev = start.chardevs.get(id);
  if (chardev === undefined) throw new CommandError(`chardev "${id}" not found`);
  if (opts.get('mode') !== 'control') throw new CommandError('only monitors with mode=control are supported');
  await connect(chardev, isOn(opts, 'pretty'), start);
}

async function addShortMonitor({ value, step }: Option, start: Start): Promise<void> {
  const chardev = parseShortChardev(value, start.chardevs);
  if (chardev !== undefined) await connect(chardev, step === 'qmp-pretty', start);
}

async function connect(chardev: Chardev, pretty: boolean, start: Start): Promise<void> {
  const { endpoint } = start;
  const monitor = endpoint.monitor(start.monitors);
  monitor.pretty = pretty;
  start.monitors += 1;
  const orphaned = () => {
    if (start.monitors === 1) endpoint.shutdown();
  };
  const print = (line: string) => endpoint.print(line);
  endpoint.onEnd(await openChardev(monitor, chardev, { cwd: endpoint.cwd, orphaned, print }));
}
