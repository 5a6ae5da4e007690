/** How the project checks itself: the workflow file, and what `.ci/run` says of steps that pass and fail. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (name: string) => readFileSync(join(root, name), 'utf8');

describe('the workflow', () => {
  const { jobs } = parse(read('.github/workflows/ci.yml')) as {
    jobs: Record<string, { container: string; strategy: { matrix: object }; steps: { run?: string }[] }>;
  };

  test('runs .ci/run on every supported Node', () => {
    const { ci } = jobs;
    expect(ci!.strategy.matrix).toEqual({ node: [20, 22, 24] });
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the workflow's own syntax
    expect(ci!.container).toBe('node:${{ matrix.node }}-bookworm');
    expect(ci!.steps.flatMap(({ run }) => run ?? [])).toEqual(['bash .ci/run']);
  });

  test('begins with the oldest that package.json allows', () => {
    expect(JSON.parse(read('package.json')).engines.node).toBe('>=20');
  });
});

describe('.ci/run', () => {
  let folder: string;

  /** A stand-in for npm: both tiers write their results, and `failing` (`test`, `test:long`) ends badly. */
  const npm = (failing = '') => `
    for last; do :; done
    tell() { echo "{\\"numPassedTests\\": $1, \\"numFailedTests\\": $2, \\"numPendingTests\\": 1, \\"numTodoTests\\": 1}" >"\${last#*=}"; }
    case $last in --outputFile.json=*) ;; *) exit 0;; esac
    [ "$3" != '${failing}' ] || { tell 5 2; exit 1; }
    tell 10 0`;

  /** `.ci/run` among stand-ins for all that it calls, each of which ends well unless `stubs` says otherwise. */
  function ciRun(stubs: Readonly<Record<string, string>> = {}): { status: number | null; lines: string[] } {
    const programs =
      'qemu-system-x86_64 qemu-storage-daemon qemu-img nbdkit nbdinfo openssl chromium npm apt-get';
    const all: Record<string, string> = {
      ...Object.fromEntries(programs.split(' ').map((name) => [`stubs/${name}`, `echo ${name}`])),
      'stubs/npm': npm(),
      'bin/qmpcheck': 'echo 7 cases',
      '.ci/packed': "echo '3 passed, 0 failed, 0 skipped'",
      ...stubs,
    };
    for (const [name, text] of Object.entries(all))
      writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    const env = { ...process.env, PATH: `${join(folder, 'stubs')}:${process.env.PATH}` };
    const { status, stdout } = spawnSync('bash', ['.ci/run'], { cwd: folder, env, encoding: 'utf8' });
    return { status, lines: stdout.trimEnd().split('\n') };
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'qmpcheck-ci-run-'));
    for (const name of ['.ci', 'bin', 'stubs']) mkdirSync(join(folder, name));
    cpSync(join(root, '.ci/run'), join(folder, '.ci/run'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('ends with the sum of all tests', () => {
    const { status, lines } = ciRun();
    expect(status).toBe(0);
    expect(lines.at(-1)).toBe('23 passed, 0 failed, 4 skipped');
  });

  test('names the tier whose tests fail, and counts them', () => {
    const { status, lines } = ciRun({ 'stubs/npm': npm('test:long') });
    expect(status).toBe(1);
    expect(lines.slice(-2)).toEqual(['FAILED: npm run test:long', '15 passed, 2 failed, 4 skipped']);
  });

  test.each([
    ['the suite on qemu-storage-daemon', { 'bin/qmpcheck': 'exit 1' }],
    ['the packed package installs elsewhere and works, on all supported Nodes', { '.ci/packed': 'exit 1' }],
    ['engines', { 'stubs/qemu-storage-daemon': 'exit 1' }],
  ])('names the step that fails: %s', (name, stubs) => {
    const { status, lines } = ciRun(stubs);
    expect(status).toBe(1);
    expect(lines.at(-2)).toBe(`FAILED: ${name}`);
    expect(lines.at(-1)).toMatch(/^\d+ passed, 1 failed, \d+ skipped$/);
  });

  test('fails for a tier that ran nothing', () => {
    const { status, lines } = ciRun({ 'stubs/npm': 'exit 0' });
    expect(status).toBe(1);
    expect(lines.at(-2)).toBe('FAILED: npm test');
  });
});
