/**
 * The config file, `qmpcheck.config.json` or `qmpcheck.config.mjs` in the current folder or the nearest above that has one,
 * or the one that `--config` names: further targets by name.
 *
 *   { "targets": { "our-vmm": { "target": "exec:./vmm --qmp stdio", "environment": { "DEBUG": "1" },
 *                               "expectations": "our-vmm.yaml" },
 *                  "lab": { "target": "tls:127.0.0.1:4444", "tls": { "ca": "ca.pem" }, "directory": "/srv/share=/mnt",
 *                           "commandsPerSecond": 50, "topologies": ["two-monitors"], "restart": "systemctl restart vmm" } } }
 *
 * `quirks` says how an endpoint breaks the protocol, so that it is not probed for that: `{ "lostId": "on-errors" }`; empty
 * for one that does not.
 *
 * File names in it are relative to its folder. What it says is checked; a fault names the file, the line and the member.
 */
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Json } from '../../spec/json.ts';
import { type InputText, inputValue, readJson, validate } from '../input-file.ts';
import type { Surrounding } from '../targets/configured.ts';
import type { TransportOptions } from '../transports/address.ts';
import { configForm, type TargetForm } from './config-form.ts';
import { UsageError } from './exit.ts';
import { readText } from './files.ts';

const NAMES = ['qmpcheck.config.json', 'qmpcheck.config.mjs'];

export interface TargetConfig extends Surrounding {
  /** As `--target` takes it. */
  readonly target: string;
  /** For addresses. */
  readonly address: TransportOptions;
  /** Path of an expectations file. */
  readonly expectations?: string;
  /** As `--schema` and `--directory` take them, and the folder from which relative names go. */
  readonly schema?: string;
  readonly directory?: string;
  readonly folder: string;
}

export type Config = ReadonlyMap<string, TargetConfig>;

/**
 * That of `given`, or of the nearest config file from `folder` upwards; empty where there is none. Throws `InputError`,
 * and `UsageError` for a file that cannot be read.
 */
export async function loadConfig(folder: string, given?: string): Promise<Config> {
  const file = given === undefined ? nearest(folder) : resolve(folder, given);
  if (file === undefined) return new Map();
  const input = await contents(file);
  const { targets } = validate(configForm, input);
  return new Map(
    Object.entries(targets).map(([name, target]) => [name, targetConfig(target, name, dirname(file), input)]),
  );
}

function nearest(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const file = NAMES.map((name) => join(at, name)).find((name) => existsSync(name));
    if (file !== undefined || at === dirname(at)) return file;
  }
}

async function contents(file: string): Promise<InputText> {
  if (file.endsWith('.json')) return readJson(readText(file), file);
  try {
    const module = (await import(pathToFileURL(file).href)) as { default?: Json };
    return inputValue(module.default ?? null, file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isMissing = code === 'ERR_MODULE_NOT_FOUND' && !existsSync(file);
    throw new UsageError(`${file}: ${isMissing ? 'no such file or folder' : message}`);
  }
}

function targetConfig(
  { tls, expectations, ...rest }: TargetForm,
  name: string,
  folder: string,
  input: InputText,
): TargetConfig {
  const { insecure, ...files } = tls ?? {};
  const paths = Object.entries(files).map(([member, file]) => {
    const path = resolve(folder, file);
    try {
      accessSync(path, constants.R_OK);
    } catch (error) {
      throw input.fault(['targets', name, 'tls', member], (error as Error).message);
    }
    return [member, path];
  });
  return {
    ...rest,
    ...(expectations !== undefined && { expectations: resolve(folder, expectations) }),
    folder,
    address: {
      ...(tls && { tls: { ...Object.fromEntries(paths), ...(insecure !== undefined && { insecure }) } }),
    },
  };
}
