/** Entries that can match nothing, as scripts meet them; what is shipped has none. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { derivedCases } from '../cases/derived/index.ts';
import { cases } from '../cases/index.ts';
import { shippedExpectations } from '../expectations/shipped-expectations.ts';
import { unmatchable } from '../expectations/unmatchable.ts';
import { callMain, inFolder } from '../testing/command-line.ts';
import { CHECK_NAMES, subjectNames } from './known-names.ts';

const WRONG = `- about: case
  endpoint: "**"
  case: file/nosuchcase
  deviations: [{ check: case, message: x }]
  reason: it is gone
- about: case
  endpoint: reference
  version: ">=8 <7"
  case: block_resize/grow
  deviations: [{ check: reply-scheme, message: x }]
  reason: misspelled
`;
const FAULTS = [
  'known.yaml:1: case: no such case: file/nosuchcase',
  "known.yaml:6: version: no version is in the range '>=8 <7'",
  'known.yaml:6: check: no such check: reply-scheme',
];

test('they are told, and end a strict run before its first case', () =>
  inFolder(async (cwd) => {
    writeFileSync(join(cwd, 'known.yaml'), WRONG);
    const call = ['run', 'block_resize/grow', '--expect', 'known.yaml'];
    const { code, stderr } = await callMain(call, { cwd });
    expect(stderr).toBe(FAULTS.map((fault) => `qmpcheck: warning: ${fault}\n`).join(''));
    expect(code).toBe(0);
    const strict = await callMain([...call, '--strict-expectations'], { cwd });
    expect(strict).toEqual({ code: 2, stdout: '', stderr: `qmpcheck: ${FAULTS.join('\n')}\n` });
  }));

test('a difference is about a command that one side has', () =>
  inFolder(async (cwd) => {
    const text = `- about: difference
  left: reference
  endpoint: reference
  deviations: [{ check: must, command: blockdev-ad, message: x }]
  reason: misspelled
`;
    writeFileSync(join(cwd, 'known.yaml'), text);
    const sides = ['--left', 'reference', '--right', 'reference', '--no-judge'];
    const call = ['diff', 'block_resize/grow', ...sides, '--expect', 'known.yaml', '--strict-expectations'];
    const { code, stderr } = await callMain(call, { cwd });
    expect(stderr).toBe('qmpcheck: known.yaml:1: command: no such command: blockdev-ad\n');
    expect(code).toBe(2);
  }));

test('all that is shipped can match', () => {
  const spec = loadBlockSchema();
  const ids = [...cases, ...derivedCases(spec)].map(({ id }) => id);
  const names = { checks: CHECK_NAMES, cases: () => ids, commands: subjectNames([spec]) };
  expect(unmatchable(shippedExpectations(), names)).toEqual([]);
});
