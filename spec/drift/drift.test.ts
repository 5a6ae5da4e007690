/** Drift between schemas: written as QAPI text, shown as introspection, masked or not. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadBlockSchema } from '../block-core.ts';
import { compileSchema } from '../compiler/compile.ts';
import { introspect } from '../compiler/introspect.ts';
import { readIntrospection } from '../introspection.ts';
import type { Schema } from '../model.ts';
import { align } from './align.ts';
import { type Change, diffSchemas } from './changes.ts';
import { changeLine } from './drift-text.ts';
import { spansOf, stepsOf, timelineLine } from './timeline.ts';

function qapi(text: string): Schema {
  const folder = mkdtempSync(join(tmpdir(), 'qmpcheck-drift-'));
  try {
    const file = join(folder, 'schema.json');
    writeFileSync(file, text);
    return compileSchema({ file });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** As an endpoint would show it: without the names of types and the ranges of integers. */
function masked(schema: Schema): Schema {
  return readIntrospection(introspect(schema, { unmask: false }));
}

function lines(before: string, after: string): string[] {
  return diffSchemas(qapi(before), qapi(after)).map(changeLine);
}

const command = (data: string) => `{ 'command': 'c', 'data': ${data} }`;
const returning = (members: string) =>
  `{ 'struct': 'Res', 'data': ${members} } { 'command': 'c', 'returns': 'Res' }`;
const taking = (values: string) => `{ 'enum': 'En', 'data': ${values} } ${command("{ 'e': 'En' }")}`;
const giving = (values: string) => `{ 'enum': 'En', 'data': ${values} } ${returning("{ 'e': 'En' }")}`;
const union = (values: string, ...branches: string[]) =>
  `{ 'enum': 'Kind', 'data': ${values} } { 'struct': 'Aa', 'data': { 'x': 'int' } } { 'struct': 'Bb', 'data': { '*y': 'str' } }
   { 'struct': 'None', 'data': {} }
   { 'union': 'Un', 'base': { 'k': 'Kind' }, 'discriminator': 'k', 'data': { ${branches.join(', ')} } }
   { 'command': 'c', 'data': 'Un', 'boxed': true }`;

describe('diffSchemas', () => {
  it.each([
    [
      'a command that goes',
      `${command('{}')} { 'command': 'd' }`,
      command('{}'),
      'removed command d [breaks clients]',
    ],
    [
      'an event that comes',
      command('{}'),
      `${command('{}')} { 'event': 'E' }`,
      'added event E [breaks endpoints]',
    ],
    [
      'a command that loses out-of-band execution',
      "{ 'command': 'c', 'allow-oob': true }",
      "{ 'command': 'c' }",
      'narrowed command c: out-of-band -> present [breaks clients]',
    ],
    [
      'a new option',
      command('{}'),
      command("{ '*a': 'int' }"),
      'added argument c.a: optional [breaks endpoints]',
    ],
    [
      'a new mandatory argument',
      command('{}'),
      command("{ 'a': 'int' }"),
      'added argument c.a: mandatory [breaks clients and endpoints]',
    ],
    [
      'an argument that need no longer be given',
      command("{ 'a': 'int' }"),
      command("{ '*a': 'int' }"),
      'widened argument c.a: mandatory -> optional [breaks endpoints]',
    ],
    [
      'more in a return',
      returning("{ 'a': 'int' }"),
      returning("{ 'a': 'int', '*b': 'int' }"),
      'added return member c=>b: optional (Res)',
    ],
    [
      'a return that may be missing',
      returning("{ 'a': 'int' }"),
      returning("{ '*a': 'int' }"),
      'widened return member c=>a: mandatory -> optional (Res) [breaks clients]',
    ],
    [
      'a value that is taken',
      taking("['a']"),
      taking("['a', 'b']"),
      'added value c.e<b> (En) [breaks endpoints]',
    ],
    [
      'a value that is given',
      giving("['a']"),
      giving("['a', 'b']"),
      'added value c=>e<b> (En) [breaks clients]',
    ],
    [
      'a type that takes more',
      command("{ 'a': 'str' }"),
      `{ 'alternate': 'Str', 'data': { 's': 'str', 'n': 'null' } } ${command("{ 'a': 'Str' }")}`,
      'widened type c.a: string -> null|string (Str) [breaks endpoints]',
    ],
    [
      'an integer that takes less',
      command("{ 'a': 'int' }"),
      command("{ 'a': 'uint8' }"),
      'narrowed type c.a: int64 -> uint8 [breaks clients]',
    ],
    [
      'another type',
      returning("{ 'a': ['int'] }"),
      returning("{ 'a': ['str'] }"),
      'changed type c=>a[]: int64 -> string [breaks clients and endpoints]',
    ],
    [
      'a branch that comes',
      union("['a']", "'a': 'Aa'"),
      union("['a', 'b']", "'a': 'Aa'", "'b': 'Bb'"),
      'added branch c<b> (Kind) [breaks endpoints]',
    ],
    [
      'a branch that gains a member',
      union("['a', 'b']", "'a': 'Aa'", "'b': 'None'"),
      union("['a', 'b']", "'a': 'Aa'", "'b': 'Bb'"),
      'added argument c<b>.y: optional (Bb) [breaks endpoints]',
    ],
    [
      'a deprecation',
      "{ 'command': 'c' }",
      "{ 'command': 'c', 'features': ['deprecated'] }",
      'added deprecation c',
    ],
    [
      'a feature that goes',
      "{ 'command': 'c', 'features': ['f'] }",
      "{ 'command': 'c' }",
      'removed feature c@f',
    ],
  ])('%s', (_, before, after, line) => {
    expect(lines(before, after)).toEqual([line]);
  });

  it('ends on types that reach themselves, and tells of a type once, at the shortest path', () => {
    const tree = (members: string) =>
      `{ 'struct': 'Tree', 'data': { '*left': 'Tree', '*right': 'Tree', ${members} } } ${command("{ 'tree': 'Tree' }")}`;
    expect(lines(tree("'a': 'int'"), tree("'a': 'int', '*b': 'int'"))).toEqual([
      'added argument c.tree.b: optional (Tree) [breaks endpoints]',
    ]);
  });

  it('sees no difference in names of types', () => {
    const schema = loadBlockSchema();
    expect(diffSchemas(schema, masked(schema))).toEqual([]);
    expect(diffSchemas(masked(schema), schema)).toEqual([]);
  });

  it('tells the same story backwards', () => {
    const [before, after] = [loadBlockSchema(), changedBlockSchema()];
    const back = {
      added: 'removed',
      removed: 'added',
      widened: 'narrowed',
      narrowed: 'widened',
      changed: 'changed',
    };
    const keys = (changes: readonly Change[], backwards: boolean) =>
      changes
        .map(({ direction, path, kind, breaks: { client, endpoint } }) =>
          backwards
            ? [back[direction], path, kind, endpoint, client]
            : [direction, path, kind, client, endpoint],
        )
        .map(String)
        .toSorted();
    const there = diffSchemas(before, after);
    expect(there.length).toBeGreaterThan(4);
    expect(keys(there, false)).toEqual(keys(diffSchemas(after, before), true));
  });
});

/** Without one command, event, argument, driver and enum value, and with other optionality. */
function changedBlockSchema(): Schema {
  const infos = introspect(loadBlockSchema(), { unmask: true }) as { [key: string]: unknown }[];
  const changed = infos
    .filter(({ name }) => name !== 'block_passwd' && name !== 'BLOCK_WRITE_THRESHOLD')
    .map((info) => {
      if (info.name === 'BlockdevDriver') {
        const values = (info.values as string[]).filter((value) => value !== 'vvfat');
        return { ...info, values };
      }
      if (info.name !== 'BlockDeviceInfo') return info;
      const members = (info.members as { name: string; default?: null }[]).filter(
        ({ name }) => name !== 'cache',
      );
      return { ...info, members: members.map(({ default: _default, ...member }) => member) };
    });
  return readIntrospection(JSON.parse(JSON.stringify(changed)));
}

describe('spansOf', () => {
  it('tells since when and until when, and what changed between', () => {
    const versions = [command('{}'), command("{ '*a': 'int' }"), command("{ 'a': 'int' }"), command('{}')];
    const [point] = align(versions.map(qapi));
    expect(point).toMatchObject({ path: 'c.a', states: [null, 'optional', 'mandatory', null] });
    expect(spansOf(point!)).toEqual([
      { state: 'optional', from: 1, to: 1 },
      { state: 'mandatory', from: 2, to: 2 },
    ]);
  });

  it('says nothing of the parts of what is not there', () => {
    const versions = [
      "{ 'command': 'd' }",
      `{ 'command': 'd' } ${command("{ '*a': 'int' }")}`,
      `{ 'command': 'd' } ${command('{}')}`,
    ];
    const points = align(versions.map(qapi));
    expect(points.map(({ path, states }) => [path, states])).toEqual([
      ['c', [null, 'present', 'present']],
      ['c.a', [undefined, 'optional', null]],
    ]);
  });
});

describe('timelineLine', () => {
  const lineOf = (...states: (string | null | undefined)[]) =>
    timelineLine({ kind: 'member', position: 'argument', path: 'c.a', states }, ['5.0', '6.0', '7.0']);

  it.each([
    [['optional', null, null], 'argument c.a: optional until 5.0'],
    [[undefined, 'optional', null], 'argument c.a: optional only in 6.0'],
    [[null, null, 'mandatory'], 'argument c.a: mandatory since 7.0'],
    [['optional', 'optional', 'mandatory'], 'argument c.a: optional until 6.0, mandatory since 7.0'],
    [['present', null, 'present'], 'argument c.a: until 5.0, since 7.0'],
    [[null, 'optional', 'mandatory'], 'argument c.a: optional only in 6.0, mandatory since 7.0'],
  ] as const)('%j', (states, line) => {
    expect(lineOf(...states)).toBe(line);
  });
});

describe('stepsOf', () => {
  it('counts what came and went from each version to the next', () => {
    const versions = [
      command("{ 'a': 'int' }"),
      command("{ '*a': 'int', '*b': 'int' }"),
      "{ 'command': 'd' }",
    ];
    const points = align(versions.map(qapi));
    expect(stepsOf(points, versions.length)).toEqual([
      { added: 1, removed: 0, changed: 1 },
      { added: 1, removed: 1, changed: 0 },
    ]);
  });
});
