import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../../spec/package-root.ts';
import { caughtSaboteurs } from './caught-by.ts';

const MAIN = fileURLToPath(new URL('dist/harness/testing/saboteurs/main.js', packageRoot()));

describe('npm run sabotage', () => {
  const folder = mkdtempSync(join(tmpdir(), 'qmpcheck-test-'));
  const results = join(folder, 'results.jsonl');
  afterAll(() => rmSync(folder, { recursive: true }));

  function sabotage(...args: string[]) {
    return spawnSync(process.execPath, [MAIN, '--results', results, ...args], { encoding: 'utf8' });
  }

  test('a case that must notice a saboteur is held to it', { timeout: 300_000 }, () => {
    const [known] = caughtSaboteurs();
    const { stdout, stderr } = sabotage('--pairs', known!);
    expect(stderr).toBe('');
    expect(stdout).toBe('1 saboteurs: 0 cases do not notice what they must\n');
  });

  test('tells who notices, and goes on where its file of results ends', { timeout: 300_000 }, () => {
    const asked = ['wire/error-lacks-desc', '--cases', 'schema/*'];
    const { stdout, stderr, status } = sabotage(...asked);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^caught wire\/error-lacks-desc: .+\n1 saboteurs: 1 caught, 0 missed\n$/);
    expect(status).toBe(0);
    const lines = readFileSync(results, 'utf8');
    expect(sabotage(...asked).stdout).toBe(stdout);
    expect(sabotage('wire/error-lacks-desc').stderr).toBe(
      `sabotage: ${results} holds what other cases noticed: --results names another file\n`,
    );
    expect(readFileSync(results, 'utf8')).toBe(lines);
  });

  test('names what is wrong with its arguments', () => {
    expect(sabotage('no/such').stderr).toBe("sabotage: no saboteur matches 'no/such'\n");
    expect(sabotage('--workers', 'x').stderr).toBe(
      "sabotage: --workers takes a whole number above 0, not 'x'\n",
    );
  });
});
