/**
 * An independent judge: Ajv, over the JSON Schema of the spec, takes what the generators call valid and refuses what
 * they call invalid. QMPCHECK_AGREEMENT=100000 tries that many of each instead of a sample.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { sample } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadBlockSchema } from '../spec/block-core.ts';
import { argumentsKey, jsonSchema } from '../spec/compiler/json-schema.ts';
import { isJsonObject, type Json, type JsonObject } from '../spec/json.ts';
import type { Command } from '../spec/model.ts';
import { argumentsOf } from './arbitraries/command-arguments.ts';
import { faultsOf } from './invalid/invalid-arguments.ts';
import { MUTATIONS, type MutationName } from './invalid/mutations.ts';
import { LIVE } from './testing/test-schemas.ts';

const EACH = Number(process.env.QMPCHECK_AGREEMENT ?? 4000);

const spec = loadBlockSchema();
const commands = [...spec.commands.values()].filter(
  ({ unchecked, arguments: type }) => !unchecked && type.members.length > 0,
);
const share = Math.ceil(EACH / commands.length);
const ajv = new Ajv2020({ strict: false, validateSchema: false });
ajv.addSchema(rounded(jsonSchema(spec)) as object, 'qmp');

/** What JSON Schema can say. */
const SAYABLE = (Object.keys(MUTATIONS) as MutationName[]).filter((name) => MUTATIONS[name].schematic);

/** Ajv knows no bigint: limits and values become the doubles next to them. */
function rounded(value: Json): Json {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(rounded);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rounded(item)]));
}

function judgeOf({ name }: Command): ValidateFunction {
  return ajv.getSchema(`qmp#/$defs/${argumentsKey(name)}`)!;
}

/** As doubles, a 64-bit integer just out of its range is within. */
function isRoundedAway({ mutation, where }: { mutation: string; where: string }): boolean {
  return mutation === 'out-of-range' && /-?\d{17,}$/.test(where);
}

describe('Ajv', () => {
  test.each(commands.map((command) => [command.name, command] as const))(
    'takes what is valid for %s',
    (_, command) => {
      const judge = judgeOf(command);
      const refused = sample(
        argumentsOf(command, () => LIVE),
        { numRuns: share, seed: 6 },
      ).filter((args) => !judge(rounded(args)));
      expect(refused).toEqual([]);
    },
  );

  test.each(commands.map((command) => [command.name, command] as const))(
    'refuses what is not for %s',
    (_, command) => {
      const judge = judgeOf(command);
      const faults = sample(
        faultsOf(command, () => LIVE, SAYABLE),
        { numRuns: share, seed: 7 },
      );
      const taken = faults.filter(
        (fault) => !isRoundedAway(fault) && judge(rounded(fault.arguments as JsonObject)),
      );
      expect(taken.map(({ where, wire }) => `${where} in ${wire}`)).toEqual([]);
    },
  );

  test('is asked often enough', () => {
    expect(share * commands.length).toBeGreaterThanOrEqual(EACH);
  });
});
