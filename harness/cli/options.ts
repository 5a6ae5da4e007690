/**
 * Options, with their values checked as they are read: a bad value is an `InvalidArgumentError`, to which commander
 * adds the option's name. An option with a few fixed values is an `Option` with `choices`.
 */
import { availableParallelism } from 'node:os';
import { InvalidArgumentError, Option } from 'commander';
import type { Shard } from '../runner/plan.ts';

export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`It takes a whole number from ${least} on.`);
    }
    return value;
  };
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `90s`, `10m` …, in milliseconds. */
export function duration(text: string): number {
  const match = /^(\d+)(ms|s|m|h)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('It takes a number and ms, s, m or h.');
  return Number(match[1]) * UNITS[match[2]!]!;
}

/** From 0 to 1. */
export function ratio(text: string): number {
  const value = Number(text);
  if (text === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError('It takes a number from 0 to 1.');
  return value;
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

/** `defined`, which gives undefined, or `random:SEED`, which gives the seed. */
export function orderOption(text: string): string | undefined {
  if (text === 'defined') return undefined;
  const seed = /^random:(.+)$/.exec(text)?.[1];
  if (seed === undefined) throw new InvalidArgumentError('It takes defined or random:SEED.');
  return seed;
}

/** Appends: for options that may be given several times. */
export function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** `--workers`, which `--jobs` is another word for; `what` runs that many at a time, by default as many as there are processors. */
export function workersOption(what: string): Option {
  const option = new Option('--jobs, --workers <n>', `${what} at a time`)
    .argParser(wholeNumber(1))
    .default(Math.min(4, availableParallelism()));
  // commander names the value after the last of the two, and help shows them as they stand here
  option.flags = '--workers, --jobs <n>';
  return option;
}
