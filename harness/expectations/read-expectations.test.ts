import { readdirSync, readFileSync } from 'node:fs';
import { toJsonSchema } from '@valibot/to-json-schema';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { InputError } from '../input-error.ts';
import { fileSchema } from './expectation.ts';
import { readExpectations } from './read-expectations.ts';
import { shippedExpectations } from './shipped-expectations.ts';

describe('reading', () => {
  test('all keys', () => {
    const text = `
- about: case
  endpoint: [a, b]
  version: '>=7.0 <8'
  case: b/c
  deviations: [{ check: case, message: m, path: $.x }]
  reason: r
  link: https://x.invalid/1
- about: difference
  left: reference
  endpoint: '*'
  case: '*'
  program: '*x*'
  deviations:
    - { check: must, command: [do, undo], message: [m, { left: l, right: [r, s] }] }
  reason: r
`;
    const entries = parse(text) as object[];
    expect(readExpectations(text, 'x.yaml')).toEqual([
      { ...entries[0], file: 'x.yaml', line: 2, shipped: false },
      { ...entries[1], file: 'x.yaml', line: 9, shipped: false },
    ]);
    expect(readExpectations('', 'x.yaml')).toEqual([]);
  });

  test('entries in the earlier spelling', () => {
    const text = `
- {endpoint: a, case: b/c, outcome: warn, reason: r, link: 'https://x.invalid/1', version: '>=7.0 <8'}
- {endpoint: a, program: 'hang in *', reason: r}
- {left: a, right: b, in: programs, where: w, differences: [d], texts: [[l, [r, s]]], of: [do], reason: r}
- {left: a, right: b, in: cases, differences: [d], reason: r}
- {left: a, right: b, in: programs, program: '*undo*', differences: [d], reason: r}
`;
    const here = { file: 'x.yaml', shipped: false, reason: 'r' };
    const anything = [{ check: '*', message: '*', path: '*' }];
    const version = '>=7.0 <8';
    const link = 'https://x.invalid/1';
    const pair = { check: 'text', command: ['do'], message: { left: 'l', right: ['r', 's'] } };
    const difference = { about: 'difference', ...here, left: 'a', endpoint: 'b' };
    expect(readExpectations(text, 'x.yaml')).toEqual([
      {
        about: 'case',
        ...here,
        line: 2,
        endpoint: 'a',
        case: 'b/c',
        outcome: 'warn',
        link,
        version,
        deviations: anything,
      },
      { about: 'finding', ...here, line: 3, endpoint: 'a', deviations: [{ printed: 'hang in *' }] },
      { ...difference, line: 4, program: '*', where: 'w', deviations: [{ printed: 'd' }, pair] },
      { ...difference, line: 5, case: '*', deviations: [{ printed: 'd' }] },
      { ...difference, line: 6, program: '*undo*', deviations: [{ printed: 'd' }] },
    ]);
  });

  test.each([
    ['a: 1', 'x.yaml:1: it takes a list of expectations'],
    ['- {about: case, case: *gone}', 'x.yaml: Unresolved alias'],
    ['- 1', 'x.yaml:1: [0]: it takes a mapping'],
    ['- {endpoint: a}', 'x.yaml:1: [0].about: it takes case, finding or difference'],
    ['- {about: bug}', 'x.yaml:1: [0].about: it takes case, finding or difference'],
    ['- {endpoint: a, case: b, outcome: fail}', 'x.yaml:1: [0].reason: missing'],
    ['- {endpoint: a, case: b, outcome: pass, reason: r}', 'x.yaml:1: [0].outcome: it takes fail, '],
    ['- {endpoint: a, case: b, outcome: error, reason: r}', 'x.yaml:1: [0].outcome: it takes fail, '],
    ['- {endpoint: a, case: 1, outcome: fail, reason: r}', 'x.yaml:1: [0].case: it takes a string'],
    ['- {endpoint: a, case: b, outcome: fail, reason: r, why: x}', 'x.yaml:1: [0].why: unknown key'],
    ['- {endpoint: a, case: b, outcome: fail, reson: r}', 'x.yaml:1: [0].reson: unknown key'],
    ['- {endpoint: x, program: y}', 'x.yaml:1: [0].reason: missing'],
    ["- {endpoint: x, program: y, reason: z, version: 'new'}", "[0].version: 'new' is no range of versions"],
    ['- {left: a, right: b, reason: c, differences: [d], when: now}', '[0].when: unknown key'],
    ['- {left: a, right: b, differences: [c]}', '[0].reason: missing'],
    ['- {left: a, right: b, reason: c}', "[0]: neither 'differences' nor 'texts'"],
    [
      '- {left: a, right: b, reason: c, texts: [[d]]}',
      '[0].texts[0][1]: it takes a string or a list of strings',
    ],
    ['- {left: a, right: b, reason: c, texts: [[1, [2]]]}', '[0].texts[0][0]: it takes a string or a list'],
    ['- {left: a, right: b, reason: c, differences: d}', '[0].differences: it takes a list'],
    ['- {left: a, right: b, reason: c, differences: [d], in: all}', '[0].in: it takes cases or programs'],
    ['- {left: a, right: b, reason: c, differences: [d], version: new}', 'is no range of versions'],
    ['- [', 'x.yaml:1: '],
    ['{', 'x.yaml:1: '],
  ])('refuses %s', (text, message) => {
    expect(() => readExpectations(text, 'x.yaml')).toThrow(InputError);
    expect(() => readExpectations(text, 'x.yaml')).toThrow(message);
  });

  test.each([
    ['deviations', '[1].deviations: missing', 3],
    ['deviations: []', '[1].deviations: it is empty', 7],
    ['deviations: [{ check: case }]', '[1].deviations[0].message: missing', 7],
    [
      'deviations:\n    - { check: case, message: m, command: c }',
      '[1].deviations[0].command: unknown key',
      8,
    ],
    [
      'deviations:\n    - check: case\n      message: 5',
      '[1].deviations[0].message: it takes a string or',
      9,
    ],
    ['deviations: &a [{ check: "", message: m }]', '[1].deviations[0].check: it is empty', 7],
  ])('names the line of the fault in %j', (deviations, message, line) => {
    const good = '{ about: finding, endpoint: a, deviations: [{ check: hang, message: m }], reason: r }';
    const rest = deviations === 'deviations' ? '' : `  ${deviations}\n`;
    const text = `# known\n- ${good}\n- about: case\n  endpoint: a\n  case: b\n  reason: r\n${rest}`;
    expect(() => readExpectations(text, 'x.yaml')).toThrow(`x.yaml:${line}: ${message}`);
  });
});

describe('the published schema', () => {
  const schema = toJsonSchema(fileSchema, { target: 'draft-2020-12', ignoreActions: ['check'] });
  const validate = new Ajv2020({ strict: false }).compile(schema as object);

  test('is the form that is read (npx vitest run -u writes it)', async () => {
    const text = `${JSON.stringify(schema, null, 2)}\n`;
    await expect(text).toMatchFileSnapshot('../../docs/expectations.schema.json');
  });

  const folder = new URL('shipped/', import.meta.url);
  test.each(readdirSync(folder))('holds for %s', (name) => {
    validate(parse(readFileSync(new URL(name, folder), 'utf8')));
    expect(validate.errors ?? []).toEqual([]);
  });

  test.each([
    ['an entry about nothing', [{ endpoint: 'a', reason: 'r', deviations: [{ check: 'c', message: 'm' }] }]],
    [
      'a deviation without its message',
      [{ about: 'finding', endpoint: 'a', reason: 'r', deviations: [{ check: 'c' }] }],
    ],
    ['the earlier spelling', [{ endpoint: 'a', case: 'b', outcome: 'fail', reason: 'r' }]],
  ])('refuses %s', (_, entries) => {
    expect(validate(entries)).toBe(false);
  });
});

test('what is shipped excuses no whole case', () => {
  const entries = shippedExpectations();
  expect(entries.length).toBeGreaterThan(50);
  for (const { about, outcome, deviations } of entries) {
    expect(outcome).toBeUndefined();
    for (const deviation of deviations) {
      expect(deviation).not.toHaveProperty('printed');
      if (about !== 'difference') expect(deviation).not.toMatchObject({ message: '*' });
    }
  }
});
