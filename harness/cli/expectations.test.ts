/** One file of expectations with `run`, `fuzz` and `diff`: each asks what is about its kind, and tells what of that is stale. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { RunRecord } from '../../reports/record.ts';
import { packageRoot } from '../../spec/package-root.ts';
import { type CommandResult, callMain, inFolder } from '../testing/command-line.ts';

/** Endpoints are started and stopped many times, on machines that may be busy. */
const PATIENT = { timeout: 300_000 };

const ENDPOINT = fileURLToPath(new URL('dist/harness/testing/planted-endpoint.js', packageRoot()));
const SOUND = `exec:exec node '${ENDPOINT}'`;
/** Refuses with another class of error than it should. */
const BROKEN = `${SOUND} 'error class that QMP does not know'`;
const CASE = 'blockdev-del/node-unknown';

const KNOWN = `
- about: case
  endpoint: exec
  case: ${CASE}
  deviations:
    - { check: error-class, message: unknown error class *, path: $.error.class }
    - { check: case, message: blockdev-del must be refused with class *, path: $.error.class }
    - { check: envelope, message: a case that is gone }
  reason: known of the case
- about: finding
  endpoint: exec:*
  deviations:
    - { check: error-class, message: unknown error class *, path: $.error.class }
    - { check: crash, message: a finding that is gone }
  reason: known of the finding
- about: difference
  left: exec
  endpoint: exec
  case: ${CASE}
  deviations:
    - { check: must, command: blockdev-del, message: 'GenericError, *', path: $.error.class }
    - { check: text, message: { left: Cannot find node *, right: no such node } }
    - { check: must, message: a difference that is gone }
  reason: known of the difference
`;

/** The commands, each with what of `KNOWN` is stale for it, and where it tells so. */
const COMMANDS: readonly [
  name: string,
  args: readonly string[],
  line: number,
  told: (result: CommandResult) => string[],
][] = [
  ['run', ['run', CASE, '--target', BROKEN, '--reporter', 'json'], 2, toldByRun],
  [
    'fuzz',
    ['fuzz', '--commands', '1', '--seed', 't', '--invalid', '0.5', '--target', BROKEN],
    10,
    ({ stderr }) => staleLines(stderr),
  ],
  [
    'diff',
    ['diff', CASE, '--left', SOUND, '--right', BROKEN, '--no-judge'],
    16,
    ({ stdout }) => staleLines(stdout),
  ],
];

function toldByRun({ stdout }: CommandResult): string[] {
  return (JSON.parse(stdout) as RunRecord).staleExpectations.map(
    ({ pattern, reason }) => `${pattern}: ${reason}`,
  );
}

function staleLines(text: string): string[] {
  return text.match(/^stale: .*$/gm) ?? [];
}

function withFile(text: string, args: readonly string[]): Promise<CommandResult> {
  return inFolder((cwd) => {
    writeFileSync(join(cwd, 'known.yaml'), text);
    return callMain([...args, '--expect', 'known.yaml'], { cwd });
  });
}

describe.each(COMMANDS)('%s', PATIENT, (name, args, line, told) => {
  test('takes what is about its kind for known, and tells what of it is stale', async () => {
    const result = await withFile(KNOWN, args);
    const gone = { run: 'envelope: a case', fuzz: 'crash: a finding', diff: 'must: a difference' }[name]!;
    const where = name === 'run' ? CASE : `stale: known.yaml:${line}`;
    expect(told(result)).toEqual([`${where}: does not show any more: ${gone} that is gone`]);
    expect(result.code).toBe(0);
  });

  test('fails with --strict-expectations for what is stale', async () => {
    expect((await withFile(KNOWN, [...args, '--strict-expectations'])).code).toBe(1);
  });
});

test.each([
  ['check', 'error-class,', 'reply-schema,'],
  ['message', 'be refused with class *', 'be refused with class X'],
  ['path', ', path: $.error.class', ''],
  ['version', '  reason:', "  version: '>=99'\n  reason:"],
])('what shows another %s is not known', PATIENT, async (_, own, other) => {
  expect((await withFile(KNOWN.replaceAll(own, other), COMMANDS[0]![1])).code).toBe(1);
});

test.each(COMMANDS)('%s names the line of what is wrong in the file', async (_, args) => {
  const { code, stdout, stderr } = await withFile(`${KNOWN}- about: case\n  cases: x\n`, args);
  expect(stderr).toBe('qmpcheck: known.yaml:26: [3].cases: unknown key\n');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
});

test.each([
  ['--no-expect', '--expect', 'known.yaml'],
  ['--expect', 'known.yaml', '--no-expect'],
])('files given are heeded without those that are shipped: %s %s %s', (...options) =>
  inFolder(async (cwd) => {
    writeFileSync(join(cwd, 'known.yaml'), KNOWN);
    const result = await callMain(['run', CASE, '--target', BROKEN, ...options], { cwd });
    expect(result.stderr).not.toContain('qmpcheck:');
    expect(result.code).toBe(0);
  }),
);
