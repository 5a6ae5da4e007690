import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { packageRoot } from '../../../spec/package-root.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'judged-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const CASE = 'query-block/guest-devices';
const CHANGED = new URL('dist/reference-impl/throttle/throttle-config.js', packageRoot());
const TEXT = readFileSync(CHANGED, 'utf8');

/** Has the reference judged with a module that also does one thing after the other, and prints what was noticed of each. */
function program(...alsoDone: readonly string[]): readonly string[] {
  const judgements = alsoDone.map((done) => ({
    changes: [{ url: CHANGED.href, text: `${TEXT}\n${done}\n` }],
    expected: { [CASE]: 'pass' },
  }));
  const text = `
    import { judgedApart } from '${new URL('dist/harness/testing/judging/judged-apart.js', packageRoot()).href}';
    for (const judgement of ${JSON.stringify(judgements)})
      console.log(JSON.stringify(await judgedApart(judgement, 1_000)));
  `;
  return ['--input-type=module', '-e', text];
}

test('whatever ends the process, breaks in it or does not load spoils no other judgement', {
  timeout: 120_000,
}, () => {
  const args = program('', 'process.exit(7);', '', 'setImmediate(() => null.x);', '', 'throw 1;', '');
  const lines = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim().split('\n');
  const broken = /^TypeError: Cannot read properties of null/;
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    [],
    [{ by: 'the process', outcome: 'exit code 7' }],
    [],
    [{ by: 'the process', outcome: expect.stringMatching(broken) }],
    [],
    [{ by: 'the start', outcome: '1' }],
    [],
  ]);
});

test('a judge whose parent was killed ends', { timeout: 120_000 }, async () => {
  const file = join(folder, 'pid');
  const tells = `(await import('node:fs')).writeFileSync('${file}', String(process.pid)); await new Promise(() => {});`;
  const parent = spawn(process.execPath, program(tells), { stdio: 'ignore' });
  const pid = await vi.waitUntil(() => pidIn(file), { timeout: 60_000 });
  parent.kill('SIGKILL');
  await vi.waitUntil(() => !isAlive(pid), { timeout: 60_000 });
});

function pidIn(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
