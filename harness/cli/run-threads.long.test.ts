/** Many cases run in a thread for each worker: nothing of the record tells so. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunRecord } from '../../reports/record.ts';
import { inFolder, program, qmpcheck } from '../testing/command-line.ts';

/** So many that threads pay. */
const MANY = ['derived/*', '--exclude', 'derived/properties/*'];

async function record(...args: string[]): Promise<{ code: number | null; record: RunRecord }> {
  const { code, stdout, stderr } = await qmpcheck(['run', ...MANY, '--reporter', 'json', ...args]);
  if (stdout === '') throw new Error(stderr);
  return { code, record: JSON.parse(stdout) as RunRecord };
}

/** Without what differs between any two runs. */
function comparable({ cases }: RunRecord) {
  return cases.map(({ id, outcome, reason, deviations, transcript }) => ({
    id,
    outcome,
    reason,
    deviations,
    sent: transcript?.steps.map(({ send }) => send),
  }));
}

test('one worker and three bring the same records in the same order', async () => {
  const one = await record('--workers', '1');
  const three = await record('--workers', '3');
  expect(one.record.cases.length).toBeGreaterThan(3 * 64 - 1);
  expect(comparable(three.record)).toEqual(comparable(one.record));
  expect(three.code).toBe(0);
});

test('--max-failures: what no thread has begun is given up', () =>
  inFolder(async (folder) => {
    const filter = join(folder, 'filter.sh');
    writeFileSync(
      filter,
      `"${process.execPath}" "${program}" serve -qmp stdio | sed -u 's/"class": "GenericError"/"class": "Else"/'\n`,
    );
    const call = ['--target', `exec:sh ${filter}`, '--workers', '2', '--max-failures', '2'];
    const { code, record: short } = await record(...call);
    expect(code).toBe(1);
    expect(short.incomplete).toBe(true);
    // a few more were on their way when the second was heard of
    expect(short.totals.fail).toBeGreaterThanOrEqual(2);
    expect(short.totals.fail).toBeLessThan(short.totals.skip);
    const left = short.cases.filter(({ outcome }) => outcome === 'skip');
    expect(left.at(-1)?.reason).toMatch(/^not run: 2 failed \(--max-failures\)$/);
  }));

test('a thread that cannot go on ends the run with what was wrong', () =>
  inFolder(async (folder) => {
    const once = join(folder, 'once.sh');
    // the first endpoint tells who it is, the others of the threads never come up
    writeFileSync(
      once,
      `mkdir "${folder}/first" 2>/dev/null || { echo 'no more licences' >&2; exit 3; }\nexec "${process.execPath}" "${program}" serve -qmp stdio\n`,
    );
    const { code, stderr } = await qmpcheck([
      'run',
      ...MANY,
      '--target',
      `exec:sh ${once}`,
      '--workers',
      '2',
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('no more licences');
    expect(stderr).not.toContain('    at ');
  }));
