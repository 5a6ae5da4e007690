import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../../spec/package-root.ts';
import type { Mutant } from './campaign.ts';

const MAIN = fileURLToPath(new URL('dist/harness/testing/mutants/main.js', packageRoot()));
const COUNT = 6;
/** Enough of the suite to execute most of the files that are mutated. */
const CASES = ['--cases', 'block-stream/*', '--cases', 'block-commit/*', '--cases', 'children/*'];

describe('npm run mutants', () => {
  const folder = mkdtempSync(join(tmpdir(), 'qmpcheck-test-'));
  const results = join(folder, 'results.jsonl');
  let lines: string[];
  let build: string;
  let mutants: readonly Mutant[];

  /** What it prints, and its exit code. */
  function mutantsOn(file: string, ...args: string[]): [string, number | null] {
    const { stdout, stderr, status } = spawnSync(process.execPath, [MAIN, '--results', file, ...args], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    return [stdout, status];
  }

  beforeAll(() => {
    mutantsOn(results, '--seed', 'test', '--count', String(COUNT), '--files', '{jobs,graph}/**', ...CASES);
    lines = readFileSync(results, 'utf8').trimEnd().split('\n');
    ({ build, head: mutants } = JSON.parse(lines[0]!) as { build: string; head: readonly Mutant[] });
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  test('chooses places that cases execute, each with the cases that do', () => {
    expect(mutants.length).toBe(COUNT);
    for (const { expected, before, after } of mutants) {
      expect(Object.keys(expected).length).toBeGreaterThan(0);
      expect(after).not.toBe(before);
    }
    expect(mutants.filter(({ file }) => !/^(jobs|graph)\//.test(file))).toEqual([]);
  });

  test('judges each of them, and some are noticed by a case that executes the place', () => {
    const judged = lines.slice(1).map((line) => JSON.parse(line));
    expect(judged.map(({ index }) => index).toSorted()).toEqual(mutants.map((_, index) => index));
    const noticed = judged.filter((one) => one.noticed !== null);
    expect(noticed.length).toBeGreaterThan(0);
    for (const { index, noticed: by } of noticed)
      expect([...Object.keys(mutants[index]!.expected), 'the process', 'the start']).toContain(by.by);
  });

  test('goes on where its file ends', { timeout: 60_000 }, () => {
    const some = join(folder, 'some.jsonl');
    writeFileSync(some, `${lines.slice(0, COUNT).join('\n')}\n`);
    expect(mutantsOn(some)).toEqual(mutantsOn(results));
    expect(readFileSync(some, 'utf8').trimEnd().split('\n').length).toBe(lines.length);
  });

  test('begins anew where the file is of another build', { timeout: 300_000 }, () => {
    const stale = join(folder, 'stale.jsonl');
    writeFileSync(stale, `${lines.join('\n').replace(build, 'another')}\n`);
    expect(mutantsOn(stale, '--seed', 'test', '--count', '1', '--cases', 'children/*')[0]).toMatch(
      /^1 mutants: |\n1 mutants: /,
    );
    expect(readFileSync(stale, 'utf8').trimEnd().split('\n').length).toBe(2);
  });

  test('tells where what nobody notices stands, and notices what breaks everything', {
    timeout: 60_000,
  }, () => {
    const [first] = mutants;
    const harmless = { ...first!, start: 0, end: 0, replacement: '/* the same */' };
    const broken = { ...harmless, replacement: 'throw 1;' };
    const made = join(folder, 'made.jsonl');
    writeFileSync(made, `${JSON.stringify({ build, head: [harmless, broken] })}\n`);
    const [stdout, status] = mutantsOn(made);
    expect(stdout).toContain(`${first!.file}:${first!.line}: ${first!.kind}\n`);
    expect(stdout).toContain('2 mutants: 1 noticed, 0 equivalent, 1 not noticed');
    expect(status).toBe(1);
  });

  test.each([
    [['--count', 'many'], "--count takes a whole number above 0, not 'many'"],
    [
      ['--results', join(folder, 'none.jsonl'), '--files', 'none/*'],
      "no file of the built reference matches 'none/*'",
    ],
  ])('names what is wrong with an option: %s', (args, message) => {
    const { stderr, status } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
    expect(stderr).toBe(`mutants: ${message}\n`);
    expect(status).toBe(2);
  });
});
