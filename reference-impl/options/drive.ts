/**
 * `-drive`: a drive and the image in it, in options that grew over the years. What is left when those of the drive and
 * the old names are taken out defines the node, members named by dots.
 */
import type { BlockdevOnError } from '../../spec/generated/qmp.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { AccountingSettings } from '../backend/accounting.ts';
import { BlockBackend, type DriveSettings } from '../backend/block-backend.ts';
import type { BlockLayer } from '../backend/block-layer.ts';
import { CACHE_MODES, type CacheMode } from '../backend/cache-modes.ts';
import { type CacheOptions, detectZeroesNamed, discardNamed } from '../graph/common-options.ts';
import { namedBeside, optionsInName, renewed, typedDefinition } from '../graph/definition.ts';
import type { DriverTable } from '../graph/driver-table.ts';
import type { Node } from '../graph/node.ts';
import { openNode } from '../graph/open.ts';
import { openTemporaryOverlay } from '../graph/temporary-overlay.ts';
import { CommandError } from '../qapi/command-error.ts';
import { isIdentifier } from '../qapi/identifier.ts';
import { isWireObject, toJson, type Wire, type WireObject } from '../qapi/json/wire-value.ts';
import { nest } from '../qapi/keyval.ts';
import { integerOf, parseFlat, switchOf } from '../qapi/opts.ts';
import { takeHardware } from './drive-hardware.ts';
import { type DrivePlace, Machine, type Media, type WantedPlace } from './drive-places.ts';
import { takeLimits } from './throttling-options.ts';

/** Interfaces whose devices act upon the error policies of their drives. */
const WITH_ERROR_ACTIONS = 'ide scsi virtio none'.split(' ');

const NO_IDENTIFIER =
  "Parameter 'id' expects an identifier\nIdentifiers consist of letters, digits, '-', '.', '_', starting with a letter.";

/** Before the place of an interval in their list. */
const INTERVALS = 'stats-intervals.';
const UINT32_MAX = 2 ** 32 - 1;

const READ_ERROR_ACTIONS: readonly BlockdevOnError[] = ['ignore', 'report', 'stop'];
const WRITE_ERROR_ACTIONS: readonly BlockdevOnError[] = [...READ_ERROR_ACTIONS, 'enospc'];

/** What surrounds a drive: the machine that has a place for it, and whether what is written to it is forgotten. */
export interface DriveSurroundings {
  readonly machine: Machine;
  readonly snapshot: boolean;
}

/** A drive that was made: its name, its place, and on PCI that of its device, if that was said. */
export interface AddedDrive {
  readonly id: string;
  readonly place: DrivePlace;
  readonly addr?: string;
}

/** Opens the image and makes the drive. Throws `CommandError`. */
export async function addDrive(
  text: string,
  block: BlockLayer,
  { machine, snapshot }: DriveSurroundings = { machine: new Machine('none'), snapshot: false },
): Promise<AddedDrive> {
  const opts = new Options(text);
  const given = opts.take('id');
  if (given !== undefined && !isIdentifier(given)) throw new CommandError(NO_IDENTIFIER);
  if (given !== undefined && block.backends.isTaken(given))
    throw new CommandError(`Duplicate ID '${given}' for drive`);
  const media = takeMedia(opts);
  const wanted = takePlace(opts, media);
  const { hardware, addr, warnings } = takeHardware(opts, media, wanted.interface);
  const cache = takeCacheMode(opts);
  const settings = takeSettings(opts, wanted.interface ?? 'none', cache.writeback);
  const limits = takeLimits(opts);
  const isSnapshot = opts.takeSwitch('snapshot') ?? snapshot;
  const accounting = takeAccounting(opts);
  const copiesOnRead = opts.takeSwitch('copy-on-read') ?? false;
  const place = machine.take(wanted);
  const id = given ?? machine.nameOf(place);
  const readOnly = opts.takeEither('readonly', 'read-only') ?? media === 'cdrom';
  const definition = takeDefinition(opts, block.graph.drivers, cache, readOnly);
  const backend = new BlockBackend(block.graph, id, settings);
  backend.hardware = hardware;
  block.backends.add(backend);
  for (const warning of warnings) block.services.log(`-drive ${text}: ${warning}`);
  const added = { id, place, ...(addr !== undefined && { addr }) };
  backend.setLimits(limits.config, limits.group);
  if (definition === undefined) {
    backend.mediumOptions = { ...backend.mediumOptions, cache, readOnly };
    return added;
  }
  const medium = await openMedium(block, definition, isSnapshot).catch(async (error: unknown) => {
    await block.backends.remove(backend);
    throw error;
  });
  if (copiesOnRead && readOnly)
    block.services.log(`-drive ${text}: warning: disabling copy-on-read on read-only drive`);
  else if (copiesOnRead) medium.io.enableCopyOnRead();
  backend.insert(medium);
  backend.accounting.configure(accounting, block.services.clock.now());
  return added;
}

function takeMedia(opts: Options): Media {
  const media = opts.take('media') ?? 'disk';
  if (media === 'disk' || media === 'cdrom') return media;
  throw new CommandError(`'${media}' invalid media`);
}

function takePlace(opts: Options, media: Media): WantedPlace {
  const number = (name: string): number | undefined => {
    const text = opts.take(name);
    return text === undefined ? undefined : integerOf(name, text);
  };
  return {
    interface: opts.take('if'),
    bus: number('bus'),
    unit: number('unit'),
    index: number('index'),
    media,
  };
}

/** What is written to a snapshot is forgotten, so that the image itself is only read. */
async function openMedium({ graph }: BlockLayer, definition: WireObject, isSnapshot: boolean): Promise<Node> {
  const today = renewed(graph.drivers, definition);
  const given = typedDefinition(graph.drivers, today);
  const typed = isSnapshot ? { ...given, 'read-only': true } : given;
  const node = await openNode(graph, typed, { shown: toJson(today) as JsonObject });
  if (!isSnapshot) return node;
  try {
    return await openTemporaryOverlay(graph, node, given['read-only'] === true);
  } catch (error) {
    await graph.releaseUnused(node);
    throw error;
  }
}

/** Reads options out one by one; what nobody takes defines the node. */
class Options {
  readonly #values: Map<string, string>;

  constructor(text: string) {
    this.#values = new Map(parseFlat(text));
  }

  take(name: string): string | undefined {
    const value = this.#values.get(name);
    this.#values.delete(name);
    return value;
  }

  /** Throws `CommandError` for what is no switch. */
  takeSwitch(name: string): boolean | undefined {
    const value = this.take(name);
    return value === undefined ? undefined : switchOf(name, value);
  }

  /** Takes an option that has two spellings, of which only one may be given. */
  takeEither(name: string, other: string): boolean | undefined {
    const values = [this.takeSwitch(name), this.takeSwitch(other)];
    if (values.every((value) => value !== undefined))
      throw new CommandError(`'${other}' and its alias '${name}' can't be used at the same time`);
    return values[0] ?? values[1];
  }

  takePrefixed(prefix: string): [name: string, value: string][] {
    const names = [...this.#values.keys()].filter((name) => name.startsWith(prefix));
    return names.map((name) => [name.slice(prefix.length), this.take(name)!]);
  }

  /** What is left, nested by dots. */
  rest(): WireObject {
    return nest(Object.fromEntries(this.#values));
  }
}

function takeCacheMode(opts: Options): CacheMode {
  const mode = CACHE_MODES.get(opts.take('cache') ?? 'writeback');
  if (mode === undefined) throw new CommandError('invalid cache option');
  return mode;
}

function takeSettings(opts: Options, type: string, writeback: boolean): DriveSettings {
  return {
    writeback: opts.takeSwitch('cache.writeback') ?? writeback,
    onReadError: takeAction(opts, 'rerror', type, READ_ERROR_ACTIONS) ?? 'report',
    onWriteError: takeAction(opts, 'werror', type, WRITE_ERROR_ACTIONS) ?? 'enospc',
  };
}

function takeAccounting(opts: Options): AccountingSettings {
  return {
    countsInvalid: opts.takeSwitch('stats-account-invalid') ?? true,
    countsFailed: opts.takeSwitch('stats-account-failed') ?? true,
    intervals: takeIntervals(opts),
  };
}

/** A list of seconds, which begins with `stats-intervals.0`. */
function takeIntervals(opts: Options): number[] {
  const given = new Map(opts.takePrefixed(INTERVALS));
  const intervals: number[] = [];
  for (;;) {
    const name = String(intervals.length);
    const value = given.get(name);
    if (value === undefined) break;
    given.delete(name);
    const seconds = Number(value);
    if (!/^ *\+?\d+$/.test(value) || seconds === 0 || seconds > UINT32_MAX)
      throw new CommandError(`Invalid interval length: ${value}`);
    intervals.push(seconds);
  }
  const isNested = [...given.keys()].some((name) => name.startsWith(`${intervals.length}.`));
  if (isNested) throw new CommandError('The specification of stats-intervals is invalid');
  for (const name of given.keys()) throw new CommandError(`Invalid option ${INTERVALS}${name}`);
  return intervals;
}

function takeAction(
  opts: Options,
  name: 'rerror' | 'werror',
  type: string,
  actions: readonly BlockdevOnError[],
): BlockdevOnError | undefined {
  const action = opts.take(name);
  if (action === undefined) return undefined;
  if (!WITH_ERROR_ACTIONS.includes(type)) throw new CommandError(`${name} is not supported by this bus type`);
  const known = actions.find((each) => each === action);
  if (known !== undefined) return known;
  throw new CommandError(`'${action}' invalid ${name === 'rerror' ? 'read' : 'write'} error action`);
}

/** The definition of the node as text, or nothing for an empty drive. */
function takeDefinition(
  opts: Options,
  drivers: DriverTable,
  { direct, noFlush }: CacheOptions,
  readOnly: boolean,
): WireObject | undefined {
  const aio = opts.take('aio') ?? 'threads';
  if (aio !== 'threads' && aio !== 'native') throw new CommandError('invalid aio option');
  const format = opts.take('format');
  const filename = opts.take('file') ?? '';
  const rest = opts.rest();
  if (format !== undefined && rest.driver !== undefined)
    throw new CommandError("Cannot specify both 'driver' and 'format'");
  if (filename === '' && format === undefined && Object.keys(rest).length === 0) return undefined;
  const driver = rest.driver ?? format;
  if (filename === '' && driver === undefined && rest.file === undefined)
    throw new CommandError('Must specify either driver or file');
  takeDiscard(rest);
  const cache: WireObject = {
    direct: direct ? 'on' : 'off',
    'no-flush': noFlush ? 'on' : 'off',
    ...(isWireObject(rest.cache) ? rest.cache : {}),
  };
  if (aio === 'native' && cache.direct !== 'on')
    throw new CommandError(
      'aio=native was specified, but it requires cache.direct=on, which was not specified.',
    );
  return {
    ...withFile(drivers, rest, driver, filename),
    ...(driver === undefined ? {} : { driver }),
    cache,
    'read-only': readOnly ? 'on' : 'off',
  };
}

/** As flat options have them. What is no text the schema refuses. */
function takeDiscard(rest: WireObject): void {
  const { discard, 'detect-zeroes': zeroes } = rest;
  if (discard !== undefined) rest.discard = discardNamed(discard);
  if (typeof zeroes === 'string') detectZeroesNamed(zeroes);
}

/** Puts the file name where the driver wants it. */
function withFile(
  drivers: DriverTable,
  rest: WireObject,
  driver: Wire | undefined,
  filename: string,
): WireObject {
  if (filename === '') return rest;
  if (filename.startsWith('json:')) return merged(optionsInName(filename), rest);
  if (typeof driver === 'string' && drivers.get(driver).parseFilename)
    return namedBeside(drivers, filename, { ...(toJson(rest) as JsonObject), driver }) as WireObject;
  const given = isWireObject(rest.file) ? rest.file : {};
  return { ...rest, file: namedBeside(drivers, filename, toJson(given) as JsonObject) as WireObject };
}

/** All that both say, at any depth; where they say different things, the latter. */
function merged(some: WireObject, others: WireObject): WireObject {
  const all: WireObject = { ...some };
  for (const [name, value] of Object.entries(others)) {
    const before = all[name];
    all[name] = isWireObject(before) && isWireObject(value) ? merged(before, value) : value;
  }
  return all;
}
