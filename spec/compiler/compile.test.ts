/**
 * The compiler as a whole, on the schemas of `fixtures/`: one fault each with the expected diagnostic beside it
 * (`x.json`, `x.err`), and good ones with the introspection that they should give (`good/x.json`, `good/x.out.json`).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../json.ts';
import { compileSchema } from './compile.ts';
import { SchemaError } from './diagnostic.ts';
import { introspect } from './introspect.ts';
import { Lexer, type Token } from './lexer.ts';

const FIXTURES = fileURLToPath(new URL('fixtures', import.meta.url));
const GOOD = join(FIXTURES, 'good');
const read = (...path: string[]): string => readFileSync(join(...path), 'utf8');

/** Names of the schemas in a folder, without their ending. */
function schemasIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json') && !name.endsWith('.out.json'))
    .map((name) => name.slice(0, -'.json'.length));
}

/** The diagnostic of a faulty schema, with file names as seen from the fixtures; empty if there is none. */
function diagnose(file: string): string {
  try {
    compileSchema({ file });
    return '';
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    return error.message.replaceAll(`${FIXTURES}/`, '');
  }
}

describe('one fault', () => {
  it.each(schemasIn(FIXTURES))('%s', (name) => {
    expect(`${diagnose(join(FIXTURES, `${name}.json`))}\n`).toBe(read(FIXTURES, `${name}.err`));
  });

  it('has no expected diagnostic without its schema', () => {
    const expected = readdirSync(FIXTURES).filter((name) => name.endsWith('.err'));
    expect(expected.filter((name) => !existsSync(join(FIXTURES, name.replace(/err$/, 'json'))))).toEqual([]);
  });

  it('is shown on a last line of its own, FILE:LINE: message', () => {
    for (const name of schemasIn(FIXTURES))
      expect(read(FIXTURES, `${name}.err`).trimEnd().split('\n').at(-1)).toMatch(/^[\w./-]+\.json:\d+: \S/);
  });
});

describe('good schemas', () => {
  it.each(schemasIn(GOOD))('%s', (name) => {
    const schema = compileSchema({ file: join(GOOD, `${name}.json`) });
    expect(introspect(schema, { unmask: true })).toEqual(parseJson(read(GOOD, `${name}.out.json`)));
  });
});

describe('the model', () => {
  it('keeps what introspection does not show', () => {
    const { commands, types } = compileSchema({ file: join(GOOD, 'command.json') });
    expect(commands.get('silent')).toMatchObject({ successResponse: false, unchecked: false });
    expect(commands.get('loose')).toMatchObject({ successResponse: true, unchecked: true });
    expect(types.get('Args')).toMatchObject({ source: { file: join(GOOD, 'command.json'), line: 3 } });
    expect(types.get('q_obj_loose-arg')).toMatchObject({ implicit: true });
  });

  it('keeps the sizes of integers', () => {
    const { types } = compileSchema({ file: join(GOOD, 'struct.json') });
    expect(types.get('Node')).toMatchObject({
      members: expect.arrayContaining([expect.objectContaining({ name: 'u8', type: types.get('uint8') })]),
    });
  });

  it('keeps conditions, in one form', () => {
    const { types, commands, events } = compileSchema({ file: join(GOOD, 'conditions.json') });
    expect(types.get('Foo')).toMatchObject({
      ifcond: 'CONFIG_FOO',
      members: [{ ifcond: 'defined(CONFIG_A)' }],
    });
    expect(types.get('Bar')?.kind === 'enum' && types.get('Bar')).toMatchObject({
      ifcond: { all: ['defined(A)', 'defined(B)'] },
    });
    expect(commands.get('foo')?.ifcond).toEqual({ all: ['A', { any: ['B', { not: 'C' }] }] });
    expect(events.get('BAR')?.ifcond).toBe('!(defined(A) || defined B)');
  });

  it('keeps the first paragraph of the documentation', () => {
    const { types, commands } = compileSchema({ file: join(GOOD, 'documented.json') });
    expect(types.get('Foo')).toMatchObject({
      source: { doc: 'A thing. Its @name: is explained below, and goes on here.' },
    });
    expect(commands.get('ask')?.source?.doc).toBe('Asks.');
  });
});

describe('a union without all branches', () => {
  const union = `{ 'enum': 'Tag', 'data': ['a', 'b'] } { 'struct': 'One', 'data': {} }
    { 'union': 'Foo', 'base': { 'tag': 'Tag' }, 'discriminator': 'tag', 'data': { 'a': 'One' } }`;

  it.each([
    "{ 'event': 'FOO', 'if': 'CONFIG_FOO' }",
    "{ 'event': 'FOO', 'data': { 'a': { 'type': 'int' } } }",
    "{ 'enum': 'Bar', 'data': [ { 'name': 'a' } ] }",
    "{ 'pragma': { 'member-name-exceptions': [] } }",
  ])('is good in a schema that also has %s', (later) => {
    expect(compileSchema({ text: union + later }).types.has('Foo')).toBe(true);
  });

  it.each([
    "{ 'event': 'FOO', 'data': { 'if': 'int', 'features': ['int'] } }",
    "{ 'pragma': { 'doc-required': false, 'name-case-whitelist': [] } }",
  ])('is none in a schema that has only %s', (earlier) => {
    expect(() => compileSchema({ text: union + earlier })).toThrow("value 'b' of enum 'Tag' has no branch");
  });
});

describe('input', () => {
  it('can be text, whose includes are relative to the file that it is said to be', () => {
    const text = "{ 'include': 'third.json' }";
    expect(compileSchema({ text, file: join(GOOD, 'parts', 'none.json') }).types.has('Later')).toBe(true);
  });

  it('names text without a file <text>', () => {
    expect(() => compileSchema({ text: '\n\n]' })).toThrow("<text>:3: expected '{'");
  });

  it('that cannot be read is no fault of the schema', () => {
    expect(() => compileSchema({ file: join(FIXTURES, 'none.json') })).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });

  it('may have any line ends', () => {
    const text = "##\r\n# @Foo:\r\n##\r\n{ 'enum': 'Foo',\r\n  'data': [] }\r\n";
    expect(
      compileSchema({ text: `{ 'pragma': { 'doc-required': true } }\r\n${text}` }).types.has('Foo'),
    ).toBe(true);
  });

  it('may share branches that are unions on very many paths', () => {
    const unions = Array.from(
      { length: 60 },
      (_, i) => `{ 'union': 'U${i}x', 'base': { 't${i}': 'Tag' }, 'discriminator': 't${i}',
                   'data': { 'a': 'U${i + 1}x', 'b': 'U${i + 1}x' } }`,
    );
    const text = `{ 'enum': 'Tag', 'data': ['a', 'b'] } ${unions.join('\n')} { 'struct': 'U60x', 'data': {} }`;
    expect(compileSchema({ text }).types.has('U0x')).toBe(true);
  });
});

it('refuses a tower of bases before its own stack ends', () => {
  const tower = Array.from(
    { length: 20_000 },
    (_, i) => `{ 'struct': 'S${i}x', 'base': 'S${i + 1}x', 'data': {} }`,
  );
  expect(() => compileSchema({ text: tower.join('\n') })).toThrow('<text>:101: nested too deeply');
});

describe('whatever the text', () => {
  const texts = schemasIn(GOOD).map((name) => read(GOOD, `${name}.json`));

  /** Compiles, and lets nothing but a diagnostic out. */
  function survives(text: string): void {
    try {
      compileSchema({ text, file: join(GOOD, 'mutated.json') });
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error;
      expect(error.diagnostic.source.line).toBeGreaterThan(0);
      expect(error.diagnostic.message).not.toBe('');
    }
  }

  it('gives a schema or a diagnostic when tokens are changed', () => {
    const schemas = texts.map(tokensOf).filter((tokens) => tokens.length > 0);
    const all = schemas.flat();
    const edit = fc.record({
      at: fc.nat(),
      remove: fc.nat({ max: 3 }),
      insert: fc.array(fc.constantFrom(...all), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...schemas),
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        (tokens, edits) => {
          const mutated = [...tokens];
          for (const { at, remove, insert } of edits)
            mutated.splice(at % (mutated.length + 1), remove, ...insert);
          survives(mutated.join(' '));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('gives a schema or a diagnostic when characters are changed', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 3 }),
      fc.constantFrom('#', '##\n', "'", '\\', '\n'),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        fc.nat(),
        fc.nat({ max: 5 }),
        piece,
        (text, at, remove, insert) => {
          const cut = at % (text.length + 1);
          survives(text.slice(0, cut) + insert + text.slice(cut + remove));
        },
      ),
      { numRuns: 2000 },
    );
  });
});

/** The tokens of a text, as they would be written. */
function tokensOf(text: string): string[] {
  const lexer = new Lexer(text, { file: 'good' });
  const written: string[] = [];
  for (let token: Token = lexer.next(); token.kind !== 'end'; token = lexer.next()) {
    if (token.kind === 'string') written.push(`'${token.text}'`);
    else written.push(token.kind === 'comment' ? `\n${token.text}\n` : token.text);
  }
  return written;
}
