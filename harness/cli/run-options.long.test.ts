/** Which cases a call runs, what they are held to, and when it fails: options of `run`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunRecord } from '../../reports/record.ts';
import { callMain, inFolder, program } from '../testing/command-line.ts';

async function record(...args: string[]): Promise<{ code: number | null; record: RunRecord }> {
  const { code, stdout, stderr } = await callMain(['run', ...args, '--reporter', 'json']);
  if (stdout === '') throw new Error(stderr);
  return { code, record: JSON.parse(stdout) as RunRecord };
}

const ids = ({ cases }: RunRecord): string[] => cases.map(({ id }) => id);

/** Sends the reference's answers through a filter of lines in JavaScript, which knows its own `starts` in this folder. */
function lying(folder: string, change: string): string {
  const file = join(folder, 'lying.mjs');
  writeFileSync(
    file,
    `import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { appendFileSync, readFileSync } from 'node:fs';
appendFileSync(${JSON.stringify(join(folder, 'starts'))}, 'x');
const starts = readFileSync(${JSON.stringify(join(folder, 'starts'))}, 'utf8').length;
const child = spawn(process.execPath, [${JSON.stringify(program)}, 'serve', '-qmp', 'stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
process.stdin.pipe(child.stdin);
child.on('exit', () => process.exit());
createInterface({ input: child.stdout }).on('line', (line) => console.log(((line) => ${change})(line)));
`,
  );
  return `exec:${process.execPath} ${file}`;
}

test('--exclude leaves out, also of what a pattern names; one that matches nothing is a mistake', async () => {
  const all = ids((await record('block_resize')).record);
  const { code, record: some } = await record(
    'block_resize',
    '--exclude',
    '*/grow',
    '--exclude',
    'block_resize/n*',
  );
  expect(code).toBe(0);
  expect(ids(some)).toEqual(all.filter((id) => !/grow$|\/n/.test(id)));
  expect(ids(some).length).toBeGreaterThan(3);
  const typo = await callMain(['run', '--exclude', 'blok_resize']);
  expect(typo).toMatchObject({ code: 2, stderr: expect.stringContaining("no case matches 'blok_resize'") });
});

test('--dry-run tells what would run, and what would be skipped and why, and sends no case', () =>
  inFolder(async (folder) => {
    const log = join(folder, 'log');
    const target = `exec:tee -a ${log} | ${process.execPath} ${program} serve -qmp stdio`;
    const { code, stdout } = await callMain([
      'run',
      'devices',
      'block_resize/grow',
      '--target',
      target,
      '--dry-run',
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^run {3}block_resize\/grow$/m);
    expect(stdout).toMatch(/^skip {2}devices\/resize: the target lacks the capability drives$/m);
    expect(stdout).toMatch(/\d+ cases? would run, \d+ would be skipped\n$/);
    expect(readFileSync(log, 'utf8')).not.toContain('block_resize');
  }));

test('--name is what the record calls the endpoint', async () => {
  const { record: named } = await record('greeting/shape', '--name', 'nightly of tuesday');
  expect(named.endpoint).toMatchObject({ target: 'reference', name: 'nightly of tuesday' });
});

describe('an endpoint with a fault', () => {
  const wrong = 'line.replace(/"virtual-size": (\\d+)/g, \'"virtual-size": "$1"\')';

  test('--exclude-check: what it alone would say is not said, and the record tells so', () =>
    inFolder(async (folder) => {
      const target = lying(folder, wrong);
      const { code, record: full } = await record('block_resize', '--target', target);
      expect(code).toBe(1);
      const said = new Set(full.cases.flatMap(({ deviations }) => deviations.map(({ check }) => check)));
      expect(said).toContain('reply-schema');
      const { record: less } = await record(
        'block_resize',
        '--target',
        target,
        '--exclude-check',
        'reply-schema',
      );
      expect(less.policy).toMatchObject({ excludedChecks: ['reply-schema'] });
      expect(
        less.cases.flatMap(({ deviations }) => deviations).filter(({ check }) => check === 'reply-schema'),
      ).toEqual([]);
      const typo = await callMain(['run', '--exclude-check', 'reply-scheme']);
      expect(typo).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("no check 'reply-scheme', only envelope"),
      });
    }));

  test('--from runs what failed, and --max-failures gives the rest up', () =>
    inFolder(async (folder) => {
      const target = lying(folder, wrong);
      const { record: whole } = await record('block_resize', '--target', target);
      const failed = whole.cases.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id);
      expect(failed.length).toBeGreaterThan(2);
      expect(failed.length).toBeLessThan(whole.cases.length);
      const file = join(folder, 'r.json');
      writeFileSync(file, JSON.stringify(whole));
      const { record: again } = await record('--from', file, '--target', target);
      expect(ids(again)).toEqual(failed);
      const { code, record: short } = await record(
        '--from',
        file,
        '--target',
        target,
        '--max-failures',
        '1',
        '--jobs',
        '1',
      );
      expect(code).toBe(1);
      expect(short).toMatchObject({ incomplete: true, totals: { fail: 1, skip: failed.length - 1 } });
    }));

  test('--fail-on-flaky: what goes wrong in one process only fails the run', () =>
    inFolder(async (folder) => {
      // the first process serves the look at the endpoint and the first try
      const target = lying(folder, `starts > 1 ? line : ${wrong}`);
      const call = ['block_resize/grow', '--target', target, '--retries', '1'];
      const { code, record: flaky } = await record(...call);
      expect(flaky.cases[0]).toMatchObject({ outcome: 'flaky' });
      expect(code).toBe(0);
      writeFileSync(join(folder, 'starts'), '');
      expect((await record(...call, '--fail-on-flaky')).code).toBe(1);
    }));
});

test.each(['run', 'fuzz', 'diff', 'compat', 'replay'])('%s --help states the exit codes', async (name) => {
  const { code, stdout } = await callMain([name, '--help']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/Exit codes:\n {2}0 .*\n {2}1 .*\n {2}2 .*\n {2}130 /);
  expect(stdout).not.toContain('(default: [])');
  expect(stdout).not.toContain('--jobs, --workers');
});
