/** `qmpcheck compat` as scripts see it: shards into one, several endpoints side by side, what changed since. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunRecord } from '../../reports/record.ts';
import { callMain, inFolder } from '../testing/command-line.ts';

const read = (cwd: string, name: string) => JSON.parse(readFileSync(join(cwd, name), 'utf8')) as RunRecord;

async function run(cwd: string, file: string, ...options: string[]): Promise<void> {
  const args = ['run', 'raw/*', '--reporter', `json=${file}`, ...options];
  const { code, stderr } = await callMain(args, { cwd });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

/** The record as if it were of another target. */
function of(target: string, record: RunRecord): RunRecord {
  return { ...record, endpoint: { ...record.endpoint, target } };
}

function fail(cwd: string, from: string, to: string): void {
  const record = read(cwd, from);
  const [first, ...others] = record.cases;
  const failed = { ...first!, outcome: 'fail' as const };
  writeFileSync(join(cwd, to), JSON.stringify({ ...record, cases: [failed, ...others] }));
}

describe('compat', () => {
  test('shards, merged, are the whole run', () =>
    inFolder(async (cwd) => {
      await run(cwd, 'whole.json');
      await run(cwd, 'one.json', '--shard', '1/2');
      await run(cwd, 'two.json', '--shard', '2/2');
      expect(await callMain(['compat', 'one.json', 'two.json', '--merge', 'all.json'], { cwd })).toEqual({
        code: 0,
        stdout: '',
        stderr: '',
      });
      const [whole, merged] = [read(cwd, 'whole.json'), read(cwd, 'all.json')];
      const outcomes = ({ cases }: RunRecord) =>
        cases.map(({ id, outcome }) => `${id} ${outcome}`).toSorted();
      expect(outcomes(merged)).toEqual(outcomes(whole));
      expect(merged.totals).toEqual(whole.totals);
      expect(merged).not.toHaveProperty('shard');

      const twice = await callMain(['compat', 'one.json', 'one.json', '--merge', 'all.json'], { cwd });
      expect(twice).toMatchObject({ code: 2, stderr: expect.stringContaining('is in two of the records') });
    }));

  test('missing shards are named, whatever the others say: 2, unless they may be missing', () =>
    inFolder(async (cwd) => {
      for (const index of [1, 2, 3]) await run(cwd, `${index}.json`, '--shard', `${index}/3`);
      const compat = (...args: string[]) => callMain(['compat', ...args], { cwd });
      const told = 'qmpcheck: reference: shards 1 and 3 of 3 are missing (see --allow-missing)\n';
      for (const call of [['2.json', '--merge', 'two.json', '--markdown', 'r.md'], ['2.json'], ['two.json']])
        expect(await compat(...call)).toMatchObject({ code: 2, stderr: told });
      // What there is is written, and says of itself what it lacks.
      expect(read(cwd, 'two.json').missingShards).toEqual({ indexes: [1, 3], of: 3 });
      expect(readFileSync(join(cwd, 'r.md'), 'utf8')).toContain('is incomplete: not all planned cases ran');

      const allowed = await compat('2.json', '--merge', 'two.json', '--allow-missing');
      expect(allowed).toEqual({ code: 0, stdout: '', stderr: '' });
      const later = await compat('two.json', '3.json', '--merge', 'three.json');
      expect(later).toMatchObject({ code: 2, stderr: expect.stringContaining('shard 1 of 3 is missing') });
      const whole = await compat('1.json', 'two.json', '3.json', '--merge', 'whole.json');
      expect(whole).toEqual({ code: 0, stdout: '', stderr: '' });
      expect(read(cwd, 'whole.json')).not.toHaveProperty('missingShards');

      await run(cwd, 'half.json', '--shard', '1/2');
      const mixed = await compat('half.json', '3.json', '--merge', 'mixed.json');
      expect(mixed).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('another number of shards: 2 and 3'),
      });
    }));

  test('writes every view, and ends as the worst run did; with --since only what is new counts', () =>
    inFolder(async (cwd) => {
      await run(cwd, 'good.json');
      fail(cwd, 'good.json', 'bad.json');
      const views = ['--html', 'r.html', '--markdown', 'r.md', '--json', 'r.json'];
      const { code, stdout } = await callMain(['compat', 'bad.json', '--since', 'good.json', ...views], {
        cwd,
      });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(readFileSync(join(cwd, 'r.html'), 'utf8')).toMatch(/^<!doctype html>/);
      expect(readFileSync(join(cwd, 'r.md'), 'utf8')).toContain('❌ broke');
      expect(read(cwd, 'r.json')).toMatchObject({ reportVersion: 1, regressions: [{ what: 'broke' }] });

      const known = await callMain(['compat', 'bad.json', '--since', 'bad.json'], { cwd });
      expect(known.code).toBe(0);
      expect(known.stdout).toContain('Nothing broke, nothing was fixed.');
    }));

  test('--site writes a site, and ends as the worst run did', () =>
    inFolder(async (cwd) => {
      await run(cwd, 'good.json');
      fail(cwd, 'good.json', 'bad.json');
      const { code, stdout } = await callMain(['compat', 'bad.json', '--site', 'a/site'], { cwd });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(readFileSync(join(cwd, 'a/site/index.html'), 'utf8')).toMatch(/^<!doctype html>/);
      const [badge] = readdirSync(join(cwd, 'a/site/badges')).filter((name) => name.endsWith('.json'));
      expect(read(cwd, `a/site/badges/${badge}`)).toMatchObject({ schemaVersion: 1, color: 'red' });

      const taken = await callMain(['compat', 'good.json', '--site', 'good.json'], { cwd });
      expect(taken).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/^qmpcheck: good\.json: [^\n]*\n$/),
      });
    }));

  test('--since a run of another target is told; of several runs it is the fault of the call', () =>
    inFolder(async (cwd) => {
      await run(cwd, 'r.json');
      writeFileSync(join(cwd, 'old.json'), JSON.stringify(of('elsewhere', read(cwd, 'r.json'))));
      const { code, stdout, stderr } = await callMain(['compat', 'r.json', '--since', 'old.json'], { cwd });
      expect(stderr).toBe('qmpcheck: warning: old.json is of another target: elsewhere\n');
      expect(stdout).toContain('Nothing broke, nothing was fixed.');
      expect(code).toBe(0);

      writeFileSync(join(cwd, 'third.json'), JSON.stringify(of('third', read(cwd, 'r.json'))));
      const several = await callMain(['compat', 'r.json', 'third.json', '--since', 'old.json'], { cwd });
      expect(several).toMatchObject({
        code: 2,
        stderr: 'qmpcheck: --since old.json: none of the records is of its target, elsewhere\n',
      });
    }));

  test('takes schemas of other versions into the drift', () =>
    inFolder(async (cwd) => {
      await run(cwd, 'r.json');
      writeFileSync(join(cwd, 'vendor-3.1.json'), "{ 'command': 'query-block' }");
      const { code, stdout } = await callMain(['compat', 'r.json', '--schema', 'vendor-3.1.json'], { cwd });
      expect(stdout).toMatch(/### Schema drift\n[\s\S]*\| vendor-3\.1 \| [1-9]\d* \|/);
      expect(code).toBe(0);
      const missing = await callMain(['compat', 'r.json', '--schema', 'no-such'], { cwd });
      expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('no-such: no such file') });
    }));

  test('a file that is no record is the fault of the call', () =>
    inFolder(async (cwd) => {
      writeFileSync(join(cwd, 'x.json'), '{"cases": []}');
      const { code, stdout, stderr } = await callMain(['compat', 'x.json'], { cwd });
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toBe(
        'qmpcheck: x.json:1: recordVersion: missing; no record as --reporter json writes it\n',
      );
    }));
});
