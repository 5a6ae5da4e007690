/** Runs the shell parts of the CI kit as CI servers do, on the reference and a few cases. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const read = (name: string) => parse(readFileSync(here(name), 'utf8'));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qmpcheck-ci-'));
  mkdirSync(join(folder, 'bin'));
  // `npx qmpcheck run` of the kit, held to a few cases
  const npx = `#!/bin/sh\nshift\ncase $1 in run) set -- "$@" 'raw/*';; esac\nexec "${process.execPath}" "${here('../../bin/qmpcheck')}" "$@"\n`;
  writeFileSync(join(folder, 'bin/npx'), npx, { mode: 0o755 });
});
afterEach(() => rmSync(folder, { recursive: true }));

function shell(script: string, env: Record<string, string>): void {
  const PATH = `${join(folder, 'bin')}:${process.env.PATH}`;
  const { status, stderr } = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', script], {
    cwd: folder,
    env: { ...process.env, PATH, ...env },
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
}

describe('the CI kit', () => {
  test('the GitHub action runs a shard and writes a summary', () => {
    const summary = join(folder, 'summary');
    const [run, summarize] = read('github/action.yml').runs.steps as { run: string }[];
    const env = { TARGET: 'reference', SHARD: '1/2', BASELINE: '', GITHUB_STEP_SUMMARY: summary };
    shell(run!.run, env);
    shell(summarize!.run, env);
    expect(readFileSync(summary, 'utf8')).toContain('## QMP block API compatibility');
    for (const kind of ['json', 'xml', 'sarif'])
      expect(existsSync(join(folder, `qmpcheck-report/shard-1.${kind}`))).toBe(true);
  });

  test('the workflow that the README shows merges the shards', () => {
    const [, text] = /```yaml\n([\s\S]*?)```/.exec(readFileSync(here('README.md'), 'utf8'))!;
    const { jobs } = parse(text!) as Record<string, Record<string, { steps: { run?: string }[] }>>;
    const [run] = read('github/action.yml').runs.steps as { run: string }[];
    for (const SHARD of ['1/2', '2/2']) shell(run!.run, { TARGET: 'reference', SHARD, BASELINE: '' });
    const merge = jobs!.report!.steps.find((step) => step.run?.includes('--merge'));
    shell(merge!.run!, {});
    const result = JSON.parse(readFileSync(join(folder, 'qmpcheck-report/result.json'), 'utf8'));
    expect(result.cases.length).toBeGreaterThan(1);
    expect(readFileSync(join(folder, 'qmpcheck-report/report.html'), 'utf8')).toMatch(/^<!doctype html>/);
  });

  test('the GitLab snippet runs shards and makes one report of them', () => {
    const kit = read('gitlab-ci.yml') as Record<string, { script: string[] }>;
    for (const CI_NODE_INDEX of ['1', '2']) {
      const env = { QMPCHECK_TARGET: 'reference', CI_NODE_INDEX, CI_NODE_TOTAL: '2' };
      shell(kit.qmpcheck!.script.join('\n'), env);
    }
    shell(kit['qmpcheck-report']!.script.join('\n'), {});
    expect(readFileSync(join(folder, 'qmpcheck-report/report.html'), 'utf8')).toMatch(/^<!doctype html>/);
    expect(JSON.parse(readFileSync(join(folder, 'qmpcheck-report/result.json'), 'utf8'))).not.toHaveProperty(
      'shard',
    );
  });
});
