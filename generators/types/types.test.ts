import { sample } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import { argumentsOf } from '../arbitraries/command-arguments.ts';
import { COMMANDS, LIVE } from '../testing/test-schemas.ts';
import { at, pathText, put, take } from './path.ts';

/** Every object in a value, outermost first. */
function* objectsIn(value: Json, depth = 0): Iterable<{ object: JsonObject; depth: number }> {
  if (isJsonObject(value)) yield { object: value, depth };
  if (typeof value === 'object' && value !== null)
    for (const item of Object.values(value as object)) yield* objectsIn(item as Json, depth + 1);
}

const nodeCommands = COMMANDS.filter(([title]) => /^(blockdev-add|x-blockdev-create) /.test(title));

describe('generated values', () => {
  const objects = nodeCommands.flatMap(([, command]) =>
    sample(
      argumentsOf(command, () => LIVE),
      { numRuns: 6000, seed: 13 },
    ).flatMap((args) => [...objectsIn(args)]),
  );
  const numbers = (member: string) =>
    objects.map(({ object }) => object[member]).filter((value) => typeof value === 'number');

  test('cost an endpoint neither time nor memory', () => {
    expect(objects.length).toBeGreaterThan(20_000);
    expect(Math.max(...numbers('latency-ns'))).toBe(1000);
    expect(Math.max(...numbers('l2-cache-size'))).toBe(2 ** 20);
    expect(numbers('max-transfer').filter((most) => Number(most) > 0 && Number(most) < 512)).toEqual([]);
    const monitors = objects.flatMap(({ object: { driver, server } }) =>
      driver === 'rbd' ? [server ?? []] : [],
    );
    const ports = monitors.flat().map((server) => isJsonObject(server) && server.port);
    expect(new Set(ports)).toEqual(new Set(['no-such-port']));
    for (const { object } of objects)
      if (object.preallocation !== undefined && object.preallocation !== 'off')
        expect(Number(object.size)).toBeLessThanOrEqual(2 ** 20);
  });

  test('do not end an endpoint that compares children', () => {
    for (const { object, depth } of objects) {
      if (depth === 0) continue;
      if (object.driver === 'blkverify')
        expect([object.test, object.raw]).toEqual(['no-such-node', 'no-such-node']);
      if (object.driver === 'quorum') expect(object.blkverify ?? false).toBe(false);
    }
    expect(objects.some(({ object, depth }) => depth > 0 && object.driver === 'blkverify')).toBe(true);
  });
});

describe('paths', () => {
  const value = { a: [{ b: 1, c: 2 }], d: 3 };

  test('are told from the whole', () => {
    expect(pathText(['file', 'server', 0, 'odd name'])).toBe('$.file.server[0]["odd name"]');
    expect(pathText([])).toBe('$');
  });

  test('lead to values, and to copies that differ there only', () => {
    expect(at(value, ['a', 0, 'b'])).toBe(1);
    expect(at(value, ['a', 1, 'b'])).toBeUndefined();
    expect(put(value, ['a', 0, 'b'], 9)).toEqual({ a: [{ b: 9, c: 2 }], d: 3 });
    expect(take(value, ['a', 0, 'b'])).toEqual({ a: [{ c: 2 }], d: 3 });
    expect(value).toEqual({ a: [{ b: 1, c: 2 }], d: 3 });
  });
});
