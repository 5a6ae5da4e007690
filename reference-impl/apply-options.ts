/**
 * Carries out the options of the command line on an endpoint that is about to start: objects and devices, then block
 * nodes in their order, then character devices and monitors. At last the guest runs, unless it is to wait.
 */
import { resolve } from 'node:path';
import { loadBlockSchema } from '../spec/block-core.ts';
import type { JsonObject } from '../spec/json.ts';
import { type Chardev, parseChardev, parseShortChardev } from './monitor/chardev.ts';
import { connectMonitor } from './monitor/monitor-server.ts';
import { createObject } from './objects/create-object.ts';
import { type Option, OptionError, parseArgv } from './options/argv.ts';
import { addDrive } from './options/drive.ts';
import { parseOpts } from './options/opts.ts';
import { checkArguments } from './qapi/check-arguments.ts';
import { CommandError } from './qapi/command-error.ts';
import { toJson } from './qapi/json/wire-value.ts';
import { parseJsonOption, parseKeyval, splitOptions } from './qapi/keyval.ts';
import { typedArguments } from './qapi/keyval-types.ts';
import type { ReferenceEndpoint } from './reference-endpoint.ts';

type Apply = (value: string, start: Start) => void | Promise<void>;

/** What options add to, one after another. */
interface Start {
  readonly endpoint: ReferenceEndpoint;
  readonly chardevs: Map<string, Chardev>;
  monitors: number;
}

/** In the order in which they are carried out; options in one group keep their own order. */
const GROUPS: readonly { readonly [name: string]: Apply }[] = [
  { object: addObject },
  { blockdev: addBlockdev },
  { drive: addDriveOption },
  { device: refuseDevice },
  { chardev: addChardev },
  { mon: addMonitor, qmp: addShortMonitor },
];

/** Throws `OptionError`. */
export async function applyOptions(argv: readonly string[], endpoint: ReferenceEndpoint): Promise<void> {
  const options = parseArgv(argv);
  const start: Start = { endpoint, chardevs: new Map(), monitors: 0 };
  for (const group of GROUPS)
    for (const option of options) {
      const apply = group[option.name];
      if (apply !== undefined) await carryOut(apply, option, start);
    }
  if (!options.some(({ name }) => name === 'S')) endpoint.run.cont();
}

async function carryOut(apply: Apply, { name, value }: Option, start: Start): Promise<void> {
  try {
    await apply(value, start);
  } catch (error) {
    if (error instanceof CommandError) throw new OptionError(`-${name} ${value}: ${error.message}`);
    throw error;
  }
}

function addObject(value: string, { endpoint }: Start): void {
  const { 'qom-type': type, id, ...props } = parseKeyval(value, 'qom-type');
  if (typeof type !== 'string') throw new CommandError("Parameter 'qom-type' is missing");
  if (typeof id !== 'string') throw new CommandError("Parameter 'id' is missing");
  createObject(endpoint, type, id, toJson(props) as JsonObject);
}

function addDriveOption(value: string, { endpoint }: Start): Promise<void> {
  return addDrive(value, endpoint.block);
}

function refuseDevice(value: string): void {
  throw new CommandError(`'${firstOf(value)}' is not a valid device model name`);
}

/** The implied first value of an option. */
function firstOf(value: string): string {
  return (splitOptions(value)[0] ?? '').replace(/^[^=]*=/, '');
}

async function addBlockdev(value: string, { endpoint }: Start): Promise<void> {
  const type = loadBlockSchema().commands.get('blockdev-add')!.arguments;
  const given = value.startsWith('{')
    ? parseJsonOption(value)
    : typedArguments(type, parseKeyval(value, 'driver'));
  await endpoint.block.add(checkArguments(type, given));
}

function addChardev(value: string, { chardevs }: Start): void {
  const { id, chardev } = parseChardev(value);
  if (chardevs.has(id)) throw new CommandError(`Duplicate ID '${id}' for chardev`);
  chardevs.set(id, chardev);
}

async function addMonitor(value: string, start: Start): Promise<void> {
  const opts = parseOpts(value, ['chardev', 'mode', 'id', 'pretty'], 'chardev');
  const id = opts.get('chardev');
  if (id === undefined) throw new CommandError("Parameter 'chardev' is missing");
  const chardev = start.chardevs.get(id);
  if (chardev === undefined) throw new CommandError(`chardev "${id}" not found`);
  if (opts.get('mode') !== 'control') throw new CommandError('only monitors with mode=control are supported');
  await connect(chardev, start);
}

function addShortMonitor(value: string, start: Start): Promise<void> {
  return connect(parseShortChardev(value), start);
}

async function connect(chardev: Chardev, start: Start): Promise<void> {
  const { endpoint } = start;
  const monitor = endpoint.monitor(start.monitors);
  start.monitors += 1;
  const orphaned = () => {
    if (start.monitors === 1) endpoint.shutdown();
  };
  endpoint.onEnd(await connectMonitor(monitor, inFolder(chardev, endpoint.cwd), orphaned));
}

/** A relative path of a socket begins where the endpoint works. */
function inFolder(chardev: Chardev, folder: string): Chardev {
  if (chardev.backend !== 'socket' || !('path' in chardev.address)) return chardev;
  return { ...chardev, address: { path: resolve(folder, chardev.address.path) } };
}
