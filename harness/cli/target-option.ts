/** Targets that the command line names, and the options that each subcommand with a target takes for them. */
import { Option } from 'commander';
import { closest, distance } from 'fastest-levenshtein';
import { IMPLEMENTATIONS, type Implementation } from '../../reports/record.ts';
import { configured } from '../targets/configured.ts';
import { resolveTarget, TargetNameError } from '../targets/index.ts';
import type { Target } from '../targets/target.ts';
import { AddressError } from '../transports/address-kind.ts';
import { type Config, loadConfig } from './config.ts';
import { UsageError } from './exit.ts';

/** What the options say; as plain data, for threads. */
export interface TargetOptions {
  readonly config?: string | undefined;
  readonly implementation?: Implementation | undefined;
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

/** A target by its name in the config file, or as `resolveTarget` knows it. Throws `UsageError`. */
export async function targetOption(
  name: string,
  { config: file, implementation }: TargetOptions = {},
): Promise<NamedTarget> {
  const config = await loadConfig(process.cwd(), file);
  const given = config.get(name);
  try {
    const base = given === undefined ? resolveTarget(name) : resolveTarget(given.target, given.address);
    const named = given === undefined ? base : configured(name, base, given);
    const target = implementation === undefined ? named : { ...named, implementation };
    return { target, ...(given?.expectations !== undefined && { expectations: given.expectations }) };
  } catch (error) {
    if (error instanceof TargetNameError) throw new UsageError(`${error.message}${suggestion(name, config)}`);
    if (error instanceof AddressError) throw new UsageError(error.message);
    throw error;
  }
}

/** The same, if it can be used here. Throws `UsageError`. */
export async function usableTarget(name: string, options: TargetOptions = {}): Promise<NamedTarget> {
  const named = await targetOption(name, options);
  const unavailable = await named.target.unavailable();
  if (unavailable !== null) throw new UsageError(`${named.target.name}: ${unavailable}`);
  return named;
}

const KINDS = ['reference', 'reference:spawn', 'qemu-system', 'qemu-storage-daemon'];

/** What a name that nobody knows may have meant. */
function suggestion(name: string, config: Config): string {
  const ours = [...config.keys()];
  const listed = ours.length > 0 ? `; the config file has ${ours.join(', ')}` : '';
  const near = closest(name, [...KINDS, ...ours]);
  return distance(name, near) <= Math.max(1, name.length / 3) ? `${listed}; did you mean ${near}?` : listed;
}
