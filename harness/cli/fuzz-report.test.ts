/** `qmpcheck fuzz --reporter` as scripts see it: findings in the formats of `run`, beside the status or in its place. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { failure } from '../../reports/testing/example-record.ts';
import { LOG } from '../fuzz/campaign.ts';
import { appendLog } from '../fuzz/campaign-log.ts';
import { writeFinding } from '../fuzz/findings.ts';
import { callMain, inFolder, qmpcheck } from '../testing/command-line.ts';

/** A campaign with one finding, in the folder. */
function campaign(out: string): void {
  const program = 'ground empty\nquery-block-jobs {}\n';
  const symptom = { kind: 'crash', check: 'crash', bucket: 'crash exit 1: boom' } as const;
  const head = { target: 'fake', version: null, seed: '7', startStates: [] };
  appendLog(join(out, LOG), [{ type: 'campaign', target: 'fake', seed: '7', version: '0' }]);
  writeFinding(out, { symptom, program, runs: 3, held: 3, record: failure }, program, head);
}

describe('fuzz --status --reporter', () => {
  test('writes files beside the status', () =>
    inFolder(async (cwd) => {
      campaign(cwd);
      const call = ['fuzz', '--status', '.', '--reporter', 'sarif=f.sarif', '--reporter', 'junit=f.xml'];
      const { code, stdout } = await qmpcheck(call, { cwd });
      expect(stdout).toMatch(/^total: /);
      expect(code).toBe(0);
      const { runs } = JSON.parse(readFileSync(join(cwd, 'f.sarif'), 'utf8'));
      expect(runs[0].results).toMatchObject([{ ruleId: 'crash', level: 'error' }]);
      expect(readFileSync(join(cwd, 'f.xml'), 'utf8')).toContain('<failure');
    }));

  test('prints one in place of the status', () =>
    inFolder(async (cwd) => {
      campaign(cwd);
      const { stdout } = await callMain(['fuzz', '--status', '.', '--reporter', 'tap'], { cwd });
      expect(stdout).toMatch(/^TAP version 14\n1\.\.1\nnot ok 1 - fuzz\/crash-/);
      expect(stdout).not.toContain('total:');
    }));

  test.each(['--reporter', '--update-expectations'])('%s that cannot be written is told before', (option) =>
    inFolder(async (cwd) => {
      const file = option === '--reporter' ? 'json=/no/such/f' : '/no/such/f';
      const call = ['fuzz', '--commands', '100000', option, file, '--out', 'new'];
      const { code, stderr } = await callMain(call, { cwd });
      expect(stderr).toBe('qmpcheck: /no/such/f: cannot be written: no such file or folder\n');
      expect({ code, made: readdirSync(cwd) }).toEqual({ code: 2, made: [] });
    }),
  );

  test('a reporter that is none is told before the campaign begins', () =>
    inFolder(async (cwd) => {
      const { code, stdout, stderr } = await callMain(['fuzz', '--reporter', 'pdf'], { cwd });
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^error: option '--reporter .*There is no reporter 'pdf', only tap, spec,/);
    }));
});
