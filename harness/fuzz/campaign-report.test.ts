/** Findings as a run record: what every report format is given to tell of a campaign. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sarif } from '../../reports/sarif.ts';
import { spec } from '../../reports/spec.ts';
import { failure } from '../../reports/testing/example-record.ts';
import { render } from '../../reports/testing/render.ts';
import type { Symptom } from './buckets.ts';
import { LOG } from './campaign.ts';
import { appendLog } from './campaign-log.ts';
import { campaignRecord } from './campaign-report.ts';
import { NoCampaign } from './campaign-status.ts';
import { writeFinding } from './findings.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), "qmpcheck-report of 'findings'-"));
});
afterEach(() => rmSync(out, { recursive: true }));

function begin(): void {
  appendLog(join(out, LOG), [{ type: 'campaign', target: 'exec:x y', seed: '7', version: '0' }]);
}

function find(symptom: Symptom): string {
  const version = { qemu: { major: 9, minor: 1, micro: 0 } };
  const head = { target: 'exec:x y', version, seed: '7', startStates: [] };
  const process = { signal: symptom.signal ?? null, lastWords: ['Assertion failed'] };
  const record = { ...failure, process };
  const program = 'ground empty\nquery-block-jobs {}\n';
  return writeFinding(out, { symptom, program, runs: 5, held: 4, record }, program, head);
}

const crash: Symptom = { kind: 'crash', check: 'crash', signal: 'SIGABRT', bucket: 'crash SIGABRT: boom' };
const leak: Symptom = {
  kind: 'deviation',
  check: 'leftovers',
  bucket: 'deviation leftovers: a node is left',
};

describe('campaignRecord', () => {
  test('has a case for each finding, with what was seen and how to see it again', () => {
    begin();
    const [first, second] = [find(crash), find(leak)];
    const record = campaignRecord(out);
    expect(record).toMatchObject({
      endpoint: { target: 'exec:x y', version: { qemu: { major: 9 } } },
      seed: '7',
      totals: { crash: 1, fail: 1, pass: 0 },
    });
    expect(record.cases).toMatchObject([
      {
        id: `fuzz/${first}`,
        outcome: 'crash',
        title: 'crash SIGABRT: boom (4 of 5 runs)',
        process: { signal: 'SIGABRT', lastWords: ['Assertion failed'] },
        deviations: [{ check: 'crash', message: 'crash SIGABRT: boom', exchange: 1 }],
      },
      {
        id: `fuzz/${second}`,
        outcome: 'fail',
        deviations: [{ check: 'leftovers', message: 'a node is left' }],
      },
    ]);
    expect(record.cases[1]).not.toHaveProperty('process');
    const folder = join(out, 'findings', first).replaceAll("'", "'\\''");
    expect(render(spec, record)).toContain(`qmpcheck replay '${folder}' --target 'exec:x y'\n`);
  });

  test('has the bucket of a finding for its cause, also where its last words say something else', () => {
    begin();
    const name = find(crash);
    const { runs } = JSON.parse(render(sarif, campaignRecord(out)));
    expect(runs[0].results).toMatchObject([
      {
        ruleId: 'crash',
        level: 'error',
        message: {
          text: expect.stringMatching(`^the endpoint crashed: SIGABRT: boom\\. 1 case: fuzz/${name}\\. `),
        },
      },
    ]);
  });

  test('is empty where nothing was found, and none where no campaign is', () => {
    expect(() => campaignRecord(out)).toThrow(NoCampaign);
    begin();
    expect(campaignRecord(out).cases).toEqual([]);
  });
});
