/** `run --baseline` as scripts see it: what was so before does not fail a run, everything else does. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Deviation, RunRecord } from '../../reports/record.ts';
import { packageRoot } from '../../spec/package-root.ts';
import { callMain, inFolder } from '../testing/command-line.ts';
import { enginesUnavailable, requireOrSkip } from '../testing/engines.ts';

const ENDPOINT = fileURLToPath(new URL('dist/harness/testing/planted-endpoint.js', packageRoot()));
const BROKEN = `exec:exec node '${ENDPOINT}' 'error class that QMP does not know'`;
const CALL = ['run', 'blockdev-del/node-unknown', '--target', BROKEN, '--reporter'];

const read = (cwd: string) => JSON.parse(readFileSync(join(cwd, 'old.json'), 'utf8')) as RunRecord;
const write = (cwd: string, record: RunRecord) =>
  writeFileSync(join(cwd, 'old.json'), JSON.stringify(record));

/** The record with other deviations in its case. */
function deviating(record: RunRecord, change: (deviations: readonly Deviation[]) => readonly Deviation[]) {
  return { ...record, cases: record.cases.map((one) => ({ ...one, deviations: change(one.deviations) })) };
}

test('only what the case showed before is foreseen', () =>
  inFolder(async (cwd) => {
    expect((await callMain([...CALL, 'json=old.json'], { cwd })).code).toBe(1);
    const again = () => callMain([...CALL, 'tap', '--baseline', 'old.json'], { cwd });
    const { code, stdout } = await again();
    expect(stdout).toContain('# TODO as in the baseline\n');
    expect(code).toBe(0);

    const old = read(cwd);
    expect(old.cases[0]?.deviations.length).toBeGreaterThan(1);
    for (const change of [
      (some: readonly Deviation[]) => some.slice(1),
      ([first, ...rest]: readonly Deviation[]) => [
        { ...first!, message: 'something quite different' },
        ...rest,
      ],
      ([first, ...rest]: readonly Deviation[]) => [{ ...first!, path: '$.error.desc' }, ...rest],
    ]) {
      write(cwd, deviating(old, change));
      expect((await again()).code).toBe(1);
    }
  }));

test('a crash with other last words is another', (context) => {
  requireOrSkip(context, 'qemu', enginesUnavailable('qemu-storage-daemon'));
  return inFolder(async (cwd) => {
    const call = ['run', 'null-co/size-negative', '--target', 'qemu-storage-daemon', '--no-expect'];
    expect((await callMain([...call, '--reporter', 'json=old.json'], { cwd })).code).toBe(1);
    const again = () => callMain([...call, '--baseline', 'old.json'], { cwd });
    const { code, stdout } = await again();
    expect(stdout).toContain('not ok 1 - null-co/size-negative # TODO as in the baseline\n');
    expect(code).toBe(0);
    const old = read(cwd);
    const lastWords = ['qemu-storage-daemon: ../block.c:1: f: Assertion failed'];
    write(cwd, {
      ...old,
      cases: old.cases.map((one) => ({ ...one, process: { ...one.process, lastWords } })),
    });
    expect((await again()).code).toBe(1);
  });
});

test('a baseline of another target, or made by another version, is told', () =>
  inFolder(async (cwd) => {
    expect((await callMain(['run', 'raw/*', '--reporter', 'json=old.json'], { cwd })).code).toBe(0);
    const old = read(cwd);
    const endpoint = { ...old.endpoint, target: 'elsewhere' };
    write(cwd, { ...old, endpoint, tool: { ...old.tool, version: '0.0.1' } });
    const { code, stderr } = await callMain(['run', 'raw/*', '--baseline', 'old.json'], { cwd });
    expect(stderr).toMatch(
      /^qmpcheck: warning: old\.json is of another target: elsewhere\nqmpcheck: warning: old\.json was made by qmpcheck 0\.0\.1, whose messages .*\n$/,
    );
    expect(code).toBe(0);
  }));
