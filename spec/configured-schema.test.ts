import { describe, expect, it } from 'vitest';
import { compileSchema } from './compiler/compile.ts';
import { holds } from './compiler/condition-holds.ts';
import { introspect } from './compiler/introspect.ts';
import { configuredSchema } from './configured-schema.ts';
import type { Condition } from './model.ts';

describe('a condition', () => {
  it.each<[Condition, string[], boolean]>([
    ['CONFIG_A', ['CONFIG_A'], true],
    ['CONFIG_A', ['CONFIG_B'], false],
    [{ not: 'CONFIG_A' }, [], true],
    [{ all: ['A', { not: 'B' }] }, ['A'], true],
    [{ all: ['A', { not: 'B' }] }, ['A', 'B'], false],
    [{ any: ['A', 'B'] }, ['B'], true],
    [{ any: ['A', 'B'] }, ['C'], false],
    ['defined(A)', ['A'], true],
    ['defined A', [], false],
    ['!defined(A)', [], true],
    ['!defined(A) || defined(B)', ['A', 'B'], true],
    ['!(defined(A) || defined B)', ['B'], false],
    // && binds more tightly than ||.
    ['defined(A) || defined(B) && defined(C)', ['A'], true],
    ['defined(B) && defined(C) || defined(A)', ['A'], true],
    ['(defined(A) || defined(B)) && defined(C)', ['A'], false],
    ['A > 0 && defined(B)', ['A', 'B'], true],
    ['A >= 2', ['A'], false],
  ])('%j where %j are defined: %s', (condition, symbols, expected) => {
    expect(holds(condition, new Set(symbols))).toBe(expected);
  });
});

describe('a configured schema', () => {
  const schema = compileSchema({
    text: `
      { 'enum': 'Kind', 'data': [ 'plain', { 'name': 'odd', 'if': 'ODD' } ], 'features': [] }
      { 'struct': 'Plain', 'data': { 'a': 'int', 'b': { 'type': 'str', 'if': 'B', 'features': [ { 'name': 'new', 'if': 'NEW' } ] } } }
      { 'struct': 'Odd', 'data': { 'c': 'bool' }, 'if': 'ODD' }
      { 'union': 'Thing', 'base': { 'kind': 'Kind' }, 'discriminator': 'kind',
        'data': { 'plain': 'Plain', 'odd': { 'type': 'Odd', 'if': 'ODD' } } }
      { 'command': 'use', 'data': 'Thing', 'boxed': true, 'features': [ { 'name': 'new', 'if': 'NEW' } ] }
      { 'command': 'try', 'if': { 'all': [ 'ODD', 'B' ] } }
      { 'event': 'USED', 'if': { 'not': 'ODD' } }`,
  });
  const shown = (...symbols: string[]) =>
    new Map(
      introspect(configuredSchema(schema, new Set(symbols)), { unmask: true }).map((info) => [
        info.name,
        info,
      ]),
    );

  it('has what needs no symbol where none is defined', () => {
    const infos = shown();
    expect([...infos.keys()]).not.toContain('try');
    expect([...infos.keys()]).not.toContain('Odd');
    expect(infos.get('use')).not.toHaveProperty('features');
    expect(infos.get('Kind')).toMatchObject({ values: ['plain'] });
    expect(infos.get('Thing')).toMatchObject({ variants: [{ case: 'plain', type: 'Plain' }] });
    expect(infos.get('Plain')).toMatchObject({ members: [{ name: 'a', type: 'int' }] });
    expect(infos.has('USED')).toBe(true);
  });

  it('has all of what the symbols bring, and not what they take away', () => {
    const infos = shown('ODD', 'B', 'NEW');
    expect(infos.has('try')).toBe(true);
    expect(infos.has('USED')).toBe(false);
    expect(infos.get('use')).toMatchObject({ features: ['new'] });
    expect(infos.get('Kind')).toMatchObject({ values: ['plain', 'odd'] });
    expect(infos.get('Plain')).toMatchObject({ members: [{ name: 'a' }, { name: 'b', features: ['new'] }] });
    expect(infos.get('Thing')).toMatchObject({ variants: [{ case: 'plain' }, { case: 'odd', type: 'Odd' }] });
  });
});
