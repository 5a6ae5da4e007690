/** Values of options, checked as they are read: a bad one names the option and what it wants. */
import { availableParallelism } from 'node:os';
import { InvalidArgumentError, Option } from 'commander';
import type { Shard } from '../runner/plan.ts';
import { configured } from '../targets/configured.ts';
import { resolveTarget, TargetNameError } from '../targets/index.ts';
import type { Target } from '../targets/target.ts';
import { AddressError } from '../transports/address-kind.ts';
import { loadConfig } from './config.ts';
import { UsageError } from './exit.ts';

export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`It takes a whole number from ${least} on.`);
    }
    return value;
  };
}

/** `I/N`: part I of N, counted from 1. */
export function shardOption(text: string): Shard {
  const match = /^(\d+)\/(\d+)$/.exec(text);
  const [index, of] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || index < 1 || index > of) {
    throw new InvalidArgumentError('It takes I/N with I from 1 to N.');
  }
  return { index, of };
}

/** Appends: for options that may be given several times. */
export function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** A target by its name in the config file, or as `resolveTarget` knows it. Throws `UsageError`. */
export async function targetOption(name: string): Promise<{ target: Target; expectations?: string }> {
  const config = (await loadConfig(process.cwd())).get(name);
  try {
    if (config === undefined) return { target: resolveTarget(name) };
    const target = configured(name, resolveTarget(config.target, config.address), config);
    return { target, ...(config.expectations !== undefined && { expectations: config.expectations }) };
  } catch (error) {
    if (error instanceof TargetNameError || error instanceof AddressError)
      throw new UsageError(error.message);
    throw error;
  }
}

/** `--workers`, with `--jobs` as an alias; `what` runs that many at a time, by default as many as there are processors. */
export function workersOption(what: string): Option {
  return new Option('--jobs, --workers <n>', `${what} at a time`)
    .argParser(wholeNumber(1))
    .default(Math.min(4, availableParallelism()));
}
