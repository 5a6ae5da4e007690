/**
 * The config file, `qmpcheck.config.json` or `qmpcheck.config.mjs` in the current folder: further targets by name.
 *
 *   { "targets": { "our-vmm": { "target": "exec:./vmm --qmp stdio", "environment": { "DEBUG": "1" },
 *                               "expectations": "our-vmm.yaml" },
 *                  "lab": { "target": "tls:127.0.0.1:4444", "tls": { "ca": "ca.pem" }, "directory": "/scratch",
 *                           "commandsPerSecond": 50, "topologies": ["two-monitors"] } } }
 *
 * File names in it are relative to its folder. What it says is checked; a fault names the file and the member.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isJsonObject, type Json, type JsonObject, parseJson } from '../../spec/json.ts';
import type { AddressTargetOptions } from '../targets/address.ts';
import type { Surrounding } from '../targets/configured.ts';
import { UsageError } from './exit.ts';

const NAMES = ['qmpcheck.config.json', 'qmpcheck.config.mjs'];

export interface TargetConfig extends Surrounding {
  /** As `--target` takes it. */
  readonly target: string;
  /** For addresses. */
  readonly address: AddressTargetOptions;
  /** Path of an expectations file. */
  readonly expectations?: string;
}

export type Config = ReadonlyMap<string, TargetConfig>;

/** Empty where there is no config file. Throws `UsageError`. */
export async function loadConfig(folder: string): Promise<Config> {
  for (const name of NAMES) {
    const file = resolve(folder, name);
    if (existsSync(file)) return readConfig(await contents(file), file);
  }
  return new Map();
}

async function contents(file: string): Promise<Json> {
  try {
    if (file.endsWith('.json')) return parseJson(readFileSync(file, 'utf8'));
    const module = (await import(pathToFileURL(file).href)) as { default?: Json };
    return module.default ?? null;
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`);
  }
}

function readConfig(value: Json, file: string): Config {
  const fail = (where: string, what: string) => new UsageError(`${file}: ${where}: ${what}`);
  if (!isJsonObject(value)) throw fail('$', 'not an object');
  const { targets = {}, ...others } = value;
  for (const name of Object.keys(others)) throw fail(name, 'unknown member');
  if (!isJsonObject(targets)) throw fail('targets', 'not an object');
  return new Map(
    Object.entries(targets).map(([name, target]) => [
      name,
      readTarget(target, `targets.${name}`, dirname(file), fail),
    ]),
  );
}

type Fail = (where: string, what: string) => UsageError;

const isStrings = (value: Json) => Array.isArray(value) && value.every((word) => typeof word === 'string');
const isStringMap = (value: Json) =>
  isJsonObject(value) && Object.values(value).every((v) => typeof v === 'string');

/** What each member of a target must be. */
const MEMBERS: Readonly<Record<string, readonly [test: (value: Json) => boolean, what: string]>> = {
  target: [(value) => typeof value === 'string', 'a string'],
  options: [isStrings, 'a list of strings'],
  environment: [isStringMap, 'an object of strings'],
  directory: [(value) => typeof value === 'string', 'a string'],
  tls: [isJsonObject, 'an object'],
  commandsPerSecond: [(value) => typeof value === 'number' && value > 0, 'a number above 0'],
  topologies: [isStrings, 'a list of strings'],
  expectations: [(value) => typeof value === 'string', 'a string'],
};
const TLS_FILES = ['ca', 'cert', 'key'];

function readTarget(value: Json, where: string, folder: string, fail: Fail): TargetConfig {
  if (!isJsonObject(value)) throw fail(where, 'not an object');
  if (value.target === undefined) throw fail(where, "'target' is missing");
  for (const [name, member] of Object.entries(value)) {
    const rule = MEMBERS[name];
    if (rule === undefined) throw fail(`${where}.${name}`, 'unknown member');
    if (!rule[0](member)) throw fail(`${where}.${name}`, `it takes ${rule[1]}`);
  }
  const { target, directory, tls, expectations, ...surrounding } = value as unknown as Omit<
    TargetConfig,
    'address'
  > & {
    directory?: string;
    tls?: JsonObject;
  };
  return {
    ...surrounding,
    target,
    ...(expectations !== undefined && { expectations: resolve(folder, expectations) }),
    address: {
      ...(directory !== undefined && { dir: directory }),
      ...(tls && { tls: readTls(tls, `${where}.tls`, folder, fail) }),
    },
  };
}

function readTls(
  tls: JsonObject,
  where: string,
  folder: string,
  fail: Fail,
): NonNullable<AddressTargetOptions['tls']> {
  const read: Record<string, string | boolean> = {};
  for (const [name, value] of Object.entries(tls)) {
    if (name === 'insecure' && typeof value === 'boolean') read.insecure = value;
    else if (TLS_FILES.includes(name) && typeof value === 'string') {
      try {
        read[name] = readFileSync(resolve(folder, value), 'utf8');
      } catch (error) {
        throw fail(`${where}.${name}`, (error as Error).message);
      }
    } else throw fail(`${where}.${name}`, 'unknown or ill-typed');
  }
  return read;
}
