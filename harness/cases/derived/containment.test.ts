/** Whatever is generated names nothing outside the scratch folder: judged by what every message passes. */

import { constantFrom, sample } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { argumentsOf } from '../../../generators/arbitraries/command-arguments.ts';
import { Draw } from '../../../generators/arbitraries/draw.ts';
import { faultsOf } from '../../../generators/invalid/invalid-arguments.ts';
import { Points } from '../../../generators/points/points.ts';
import { Random } from '../../../generators/random.ts';
import { rawInput } from '../../../generators/raw/bytes.ts';
import { LIVE } from '../../../generators/testing/test-schemas.ts';
import { loadBlockSchema } from '../../../spec/block-core.ts';
import type { Command } from '../../../spec/model.ts';
import { contain, containRaw } from '../../targets/containment.ts';
import { MESSAGES } from './properties/raw-messages.ts';

const bounds = { dir: LIVE.dir };
const live = () => LIVE;
const commands = [...loadBlockSchema().commands.values()].filter(({ unchecked }) => !unchecked);
/** In all 100 000 values. */
const EACH = Math.ceil(100_000 / 3 / commands.length);

/** A few words to each breach; there should be none. */
function breaches<T>(values: readonly T[], judge: (value: T) => void): string[] {
  return values.flatMap((value) => {
    try {
      judge(value);
      return [];
    } catch (error) {
      return [(error as Error).message];
    }
  });
}

const message = (command: Command, args: string) => `{"execute":"${command.name}","arguments":${args}}`;

describe('nothing outside is named by', () => {
  test.each(commands.map((command) => [command.name, command] as const))('%s', (name, command) => {
    const valid = sample(argumentsOf(command, live), { numRuns: EACH, seed: 8 });
    expect(breaches(valid, (args) => contain({ execute: name, arguments: args }, bounds))).toEqual([]);

    const faults = sample(faultsOf(command, live), { numRuns: EACH, seed: 9 });
    expect(breaches(faults, ({ wire }) => containRaw(message(command, wire), bounds))).toEqual([]);

    const arbitrary = argumentsOf(command, live);
    const shrunk = valid.slice(0, EACH / 20).flatMap((args) => [...arbitrary.shrink(args, undefined)]);
    expect(breaches(shrunk, ({ value }) => contain({ execute: name, arguments: value }, bounds))).toEqual([]);

    const witnesses = new Points(command).all.map(({ witness }) =>
      witness(new Draw(new Random(1), LIVE, false)),
    );
    expect(breaches(witnesses, (args) => contain({ execute: name, arguments: args }, bounds))).toEqual([]);
  });

  test('damaged messages', () => {
    const inputs = sample(rawInput(constantFrom(...MESSAGES)), { numRuns: EACH * 10, seed: 10 });
    expect(breaches(inputs, ({ bytes }) => containRaw(bytes, bounds))).toEqual([]);
  });

  test('no generator that the judge does not stop', () => {
    expect(breaches(['/etc/passwd'], (filename) => contain({ filename }, bounds))).toHaveLength(1);
  });
});
