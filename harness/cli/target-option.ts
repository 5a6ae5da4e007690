/** Targets that the command line names, and the options that each subcommand with a target takes for them. */
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Option } from 'commander';
import { closest, distance } from 'fastest-levenshtein';
import { IMPLEMENTATIONS, type Implementation } from '../../reports/record.ts';
import { configured } from '../targets/configured.ts';
import { resolveTarget, TargetNameError } from '../targets/index.ts';
import { withoutSharedFiles, withSharedFolder } from '../targets/shared-folder.ts';
import type { GivenSchema, Target } from '../targets/target.ts';
import { AddressError } from '../transports/address-kind.ts';
import { type Config, loadConfig, type TargetConfig } from './config.ts';
import { UsageError } from './exit.ts';
import { wholeNumber } from './options.ts';

/** What the options say; as plain data, for threads. */
export interface TargetOptions {
  readonly config?: string | undefined;
  readonly implementation?: Implementation | undefined;
  readonly schema?: string | undefined;
  readonly directory?: string | undefined;
  /** Seconds. */
  readonly wait?: number | undefined;
}

/** Of all options of a subcommand those about the target. */
export function targetOptions({
  config,
  implementation,
  schema,
  directory,
  wait,
}: TargetOptions): TargetOptions {
  return { config, implementation, schema, directory, wait };
}

/** A target, and the file of its known deviations that the config names. */
export interface NamedTarget {
  readonly target: Target;
  readonly expectations?: string;
}

/** `--config`. */
export const CONFIG_OPTION = new Option(
  '--config <file>',
  'targets by name (default: qmpcheck.config.json or .mjs, here or in a folder above)',
);

/** `--implementation`. */
export const IMPLEMENTATION_OPTION = new Option(
  '--implementation <name>',
  'whose work a target is that is started by a command or attached to: what is known of it excuses its deviations',
).choices(IMPLEMENTATIONS);

/** `--schema`. */
export const SCHEMA_OPTION = new Option(
  '--schema <schema>',
  'test by this schema, as far as the endpoint lists it: a QAPI file, a file with an introspection, a target, or spec (default: its own, else spec)',
);

/** `--directory`. */
export const DIRECTORY_OPTION = new Option(
  '--directory <here[=there]>',
  'make scratch folders in HERE, which the endpoint sees as THERE, and let everybody write there; none: it sees no folder of ours',
);

/** The same options as words of a command line. */
export function targetWords(options: TargetOptions): string[] {
  return (['config', 'implementation', 'schema', 'directory'] as const).flatMap((name) =>
    options[name] === undefined ? [] : [`--${name}`, options[name]],
  );
}

/** `--wait`. */
export const WAIT_OPTION = new Option(
  '--wait <seconds>',
  'how long an endpoint that is attached to may take to come, and to come back (default: it must be there)',
).argParser(wholeNumber(1));

/** A target by its name in the config file, or as `resolveTarget` knows it. Throws `UsageError`. */
export async function targetOption(name: string, options: TargetOptions = {}): Promise<NamedTarget> {
  const config = await loadConfig(process.cwd(), options.config);
  const given = config.get(name);
  try {
    const bare =
      given === undefined
        ? resolveTarget(name)
        : configured(name, resolveTarget(given.target, given.address, given.folder), given);
    const { implementation } = options;
    const named = implementation === undefined ? bare : { ...bare, implementation };
    let target = inDirectory(named, options.directory ?? fromFolderOf(given, given?.directory));
    const source = options.schema ?? fromFolderOf(given, given?.schema);
    if (source !== undefined)
      target = { ...target, schema: await givenSchema(source, options.schema ?? given!.schema!) };
    await checkTopologies(name, given?.topologies ?? []);
    if (given?.restart !== undefined && target.capabilities.owned)
      throw new UsageError(`${name}: restart is for an address; ${given.target} is started by qmpcheck`);
    target = waitedFor(target, options);
    return { target, ...(given?.expectations !== undefined && { expectations: given.expectations }) };
  } catch (error) {
    if (error instanceof TargetNameError) throw new UsageError(`${error.message}${suggestion(name, config)}`);
    if (error instanceof AddressError) throw new UsageError(error.message);
    throw error;
  }
}

/** Cases are loaded only where their topologies are named. Throws `UsageError`. */
async function checkTopologies(name: string, named: readonly string[]): Promise<void> {
  if (named.length === 0) return;
  const { cases } = await import('../cases/index.ts');
  const known = [
    ...new Set(cases.flatMap(({ topology }) => (topology === undefined ? [] : [topology.name]))),
  ];
  const unknown = named.find((one) => !known.includes(one));
  if (unknown === undefined) return;
  throw new UsageError(`${name}: no case has a topology '${unknown}', only ${known.toSorted().join(', ')}`);
}

function waitedFor(target: Target, { wait }: TargetOptions): Target {
  return wait === undefined ? target : { ...target, comeback: { ...target.comeback, wait: wait * 1000 } };
}

/** The same, if it can be used here. Throws `UsageError`. */
export async function usableTarget(name: string, options: TargetOptions = {}): Promise<NamedTarget> {
  const named = await targetOption(name, options);
  const unavailable = await named.target.unavailable();
  if (unavailable !== null) throw new UsageError(`${named.target.name}: ${unavailable}`);
  return named;
}

/** Names that are no files, whatever files there are. */
const WORDS = ['none', 'spec'];

/** What the config file names goes from its own folder, if it is there. */
function fromFolderOf(given: TargetConfig | undefined, text: string | undefined): string | undefined {
  if (text === undefined || WORDS.includes(text)) return text;
  const path = resolve(given!.folder, text);
  return existsSync(path.split('=')[0]!) ? path : text;
}

/** Throws `UsageError` where HERE is no folder. */
function inDirectory(target: Target, text: string | undefined): Target {
  if (text === undefined) return target;
  if (text === 'none') return withoutSharedFiles(target);
  const [first, ...rest] = text.split('=');
  const here = resolve(first!);
  if (statSync(here, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new UsageError(`--directory ${text}: ${here}: no such folder`);
  const there = rest.length === 0 ? here : rest.join('=');
  if (!there.startsWith('/')) throw new UsageError(`--directory ${text}: '${there}' is no absolute path`);
  return withSharedFolder(target, { here, there });
}

async function givenSchema(source: string, name: string): Promise<GivenSchema> {
  const { loadSchema } = await import('./schema-source.ts');
  return { name, schema: await loadSchema(source) };
}

const KINDS = ['reference', 'reference:spawn', 'qemu-system', 'qemu-storage-daemon'];

/** What a name that nobody knows may have meant. */
function suggestion(name: string, config: Config): string {
  const ours = [...config.keys()];
  const listed = ours.length > 0 ? `; the config file has ${ours.join(', ')}` : '';
  const near = closest(name, [...KINDS, ...ours]);
  return distance(name, near) <= Math.max(1, name.length / 3) ? `${listed}; did you mean ${near}?` : listed;
}
