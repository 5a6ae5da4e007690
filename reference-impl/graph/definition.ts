/**
 * From a file name, as headers and commands give it, to a definition (`BlockdevOptions`): `json:{…}`, a protocol's
 * own syntax (`nbd://…`), or a path.
 */
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type { AnyDriver } from '../drivers/driver.ts';
import { checkArguments } from '../qapi/check-arguments.ts';
import { CommandError } from '../qapi/command-error.ts';
import { isWireObject, toJson, type Wire, type WireObject } from '../qapi/json/wire-value.ts';
import { nest, parseJson } from '../qapi/keyval.ts';
import { looselyTyped } from '../qapi/keyval-types.ts';
import { inQDictOrder } from '../qapi/qdict-order.ts';
import type { DriverTable } from './driver-table.ts';
import { knownOptions, looseDefinitionType } from './loose-options.ts';

/** A colon before any slash ends the name of a protocol. */
export function hasProtocol(filename: string): boolean {
  return /^[^/:]*:/.test(filename);
}

/**
 * The node that a file name opens, of this format if one is given; if nobody gives one, its contents tell the format. Throws
 * `CommandError`.
 */
export function definitionOf(drivers: DriverTable, filename: string, format?: string): JsonObject {
  const driver = format === undefined ? {} : { driver: format };
  if (filename.startsWith('json:'))
    return typedDefinition(drivers, { ...optionsInName(filename), ...driver });
  return { file: protocolOf(drivers, filename), ...driver };
}

/** The options that a `json:` name says. Throws `CommandError`. */
export function optionsInName(filename: string): WireObject {
  const value = parseOptions(filename.slice('json:'.length));
  if (!isWireObject(value)) throw new CommandError('Invalid JSON object given');
  return nest(value);
}

function parseOptions(text: string): Wire {
  try {
    return parseJson(text);
  } catch (error) {
    throw new CommandError(`Could not parse the JSON options: ${(error as CommandError).message}`);
  }
}

/** The protocol node that reaches the bytes of a file name. Throws `CommandError`. */
export function protocolOf(drivers: DriverTable, filename: string): JsonObject {
  return definitionBy(drivers, protocolDriver(drivers, filename), filename);
}

function protocolDriver(drivers: DriverTable, filename: string): string {
  if (!hasProtocol(filename)) return 'file';
  const protocol = filename.slice(0, filename.indexOf(':'));
  for (const [name, driver] of drivers.all) if (driver.protocols?.includes(protocol)) return name;
  throw new CommandError(`Unknown protocol '${protocol}'`);
}

/** The node of this driver that a file name means. Throws `CommandError`. */
export function definitionBy(drivers: DriverTable, driver: string, filename: string): JsonObject {
  return withFilename(drivers, { driver }, filename);
}

/**
 * The node that a file name and these options define together, of the driver among them or of the name's protocol. Throws
 * `CommandError` for an option that cannot stand beside a name.
 */
export function namedBeside(drivers: DriverTable, filename: string, options: JsonObject): JsonObject {
  const driver = typeof options.driver === 'string' ? options.driver : protocolDriver(drivers, filename);
  return withFilename(drivers, { ...options, driver }, filename);
}

/**
 * A definition that got a file name besides: the name goes to whoever in it takes names, and to nobody who is defined
 * or referred to otherwise. What the name says counts, not what options say of the same. Throws `CommandError`.
 */
export function withFilename(drivers: DriverTable, definition: JsonObject, filename: string): JsonObject {
  const driver = drivers.get(definition.driver as string);
  if (!driver.parseFilename)
    return 'file' in driver.children ? withChild(drivers, definition, 'file', filename) : definition;
  checkBeside(driver, definition);
  let complete = definition;
  for (const [name, value] of Object.entries(driver.parseFilename(filename)))
    complete =
      name in driver.children
        ? withChild(drivers, complete, name, value as ChildName)
        : { ...complete, [name]: value as Json };
  return complete;
}

function checkBeside(driver: AnyDriver, options: JsonObject): void {
  if (options.filename !== undefined)
    throw new CommandError("Can't specify 'file' and 'filename' options at the same time");
  const excludes = [...(driver.filenameExcludes ?? []), ...(driver.former?.names ?? [])];
  const [excluded] = optionNames(options).filter((name) => excludes.includes(name.split('.')[0]!));
  if (excluded !== undefined) throw new CommandError(`Option '${excluded}' cannot be used with a file name`);
}

/** The name of a protocol node, or that of an image whose format is to be found out. */
type ChildName = string | { readonly file: string };

function withChild(drivers: DriverTable, definition: JsonObject, name: string, named: ChildName): JsonObject {
  const child = definition[name];
  if (typeof child === 'string')
    throw new CommandError(
      'Cannot reference an existing block device with additional options or a new filename',
    );
  return { ...definition, [name]: childOf(drivers, child, named) };
}

function childOf(drivers: DriverTable, given: Json | undefined, named: ChildName): JsonObject {
  if (isJsonObject(given))
    return namedBeside(drivers, typeof named === 'string' ? named : named.file, given as JsonObject);
  return typeof named === 'string' ? protocolOf(drivers, named) : definitionOf(drivers, named.file);
}

/** The options by the names that a flat list of them has, in the order in which the endpoint would list them. */
function optionNames(options: JsonObject, prefix = ''): string[] {
  const names = Object.entries(options).flatMap(([name, value]) =>
    isJsonObject(value) ? optionNames(value, `${prefix}${name}.`) : [prefix + name],
  );
  return prefix === '' ? inQDictOrder(names) : names;
}

/** Options by former names become those of today, at any depth. Throws `CommandError`. */
export function renewed(drivers: DriverTable, given: WireObject): WireObject {
  const options: WireObject = Object.create(null);
  for (const [name, value] of Object.entries(given)) options[name] = renewedIn(drivers, value);
  const former = drivers.find(String(options.driver))?.former;
  return former?.names.some((name) => name in options) === true
    ? (former.renew(toJson(options) as JsonObject) as WireObject)
    : options;
}

function renewedIn(drivers: DriverTable, value: Wire): Wire {
  if (Array.isArray(value)) return value.map((element) => renewedIn(drivers, element));
  return isWireObject(value) ? renewed(drivers, value) : value;
}

/**
 * Texts become what the schema's types want; where a file is named alone, its driver is filled in. What a driver does not know
 * stays where it is, as text. Throws `CommandError`.
 */
export function typedDefinition(drivers: DriverTable, given: WireObject): JsonObject {
  const type = looseDefinitionType();
  const complete = renewed(drivers, withoutNothing(given));
  takeFilenames(drivers, complete);
  const probed = complete.driver === undefined;
  if (probed && complete.file === undefined) throw new CommandError(NEITHER);
  const whole = probed ? { driver: PROBED, ...complete } : complete;
  const outside = takeOutside(drivers, whole);
  const typed = checkArguments(type, looselyTyped(type, whole));
  for (const { path, options } of outside) Object.assign(at(typed, path), options);
  const { driver, ...rest } = typed;
  return probed ? rest : { driver: driver!, ...rest };
}

/** Laid flat, an empty value is none; nor is a driver's name that is no text. */
function withoutNothing(given: WireObject): WireObject {
  const said: WireObject = Object.create(null);
  for (const [name, value] of Object.entries(given)) {
    const isNone =
      value === null ? name !== 'backing' : typeof value === 'object' && Object.keys(value).length === 0;
    if (isNone || (name === 'driver' && typeof value !== 'string')) continue;
    said[name] = isWireObject(value) ? withoutNothing(value) : value;
  }
  return said;
}

/** Stands for a format that is to be found out: the schema tells what else may be said by it. */
const PROBED = 'raw';

const NEITHER = 'Must specify either driver or file';

/** Children that reach bytes, the format of which nobody finds out. */
const REACHING: readonly string[] = ['file', 'image', 'raw'];

/** What the schema would refuse, and of which node it is. */
interface Outside {
  readonly path: readonly string[];
  readonly options: { readonly [name: string]: Json | undefined };
}

function takeOutside(drivers: DriverTable, given: WireObject, path: readonly string[] = []): Outside[] {
  const { children, readAlone = [] } = drivers.get(String(given.driver));
  const known = knownOptions(String(given.driver));
  return Object.entries(given).flatMap(([name, value]) => {
    const type = known.get(name);
    if (type === undefined) {
      delete given[name];
      return { path, options: { [name]: isWireObject(value) ? toJson(value) : String(value) } };
    }
    if (name in children) return takeOutsideChild(drivers, value, [...path, name]);
    if (readAlone.includes(name) && type.kind === 'object' && isWireObject(value))
      checkArguments(type, looselyTyped(type, value));
    return [];
  });
}

function takeOutsideChild(drivers: DriverTable, value: Wire, path: readonly string[]): Outside[] {
  if (Array.isArray(value))
    return value.flatMap((child, index) => takeOutsideChild(drivers, child, [...path, String(index)]));
  if (!isWireObject(value)) return [];
  if (value.driver !== undefined) return takeOutside(drivers, value, path);
  if (value.file === undefined || REACHING.includes(path.at(-1)!)) throw new CommandError(NEITHER);
  value.driver = PROBED;
  return [{ path, options: { driver: undefined } }, ...takeOutside(drivers, value, path)];
}

function at(definition: JsonObject, path: readonly string[]): JsonObject {
  return path.reduce((inside, name) => inside[name] as JsonObject, definition);
}

/** Fills in the drivers of children that are defined by a file's name alone. */
function takeFilenames(drivers: DriverTable, definition: WireObject | Wire[]): void {
  for (const [name, child] of Object.entries(definition)) {
    if (Array.isArray(child)) takeFilenames(drivers, child);
    if (!isWireObject(child)) continue;
    takeFilenames(drivers, child);
    const { filename, ...rest } = child;
    if (REACHING.includes(name) && child.driver === undefined && typeof filename === 'string')
      Object.assign(definition, { [name]: { ...protocolOf(drivers, filename), ...rest } });
  }
}
