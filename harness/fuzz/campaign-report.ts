/** What a campaign has found as a run record, a case each finding, so that every report format can tell of it. */
import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { OUTCOMES } from '../../reports/outcome.ts';
import {
  type CaseRecord,
  type Invocation,
  type Outcome,
  RECORD_VERSION,
  type RunRecord,
} from '../../reports/record.ts';
import { shellWord } from '../../reports/text.ts';
import { toolVersion } from '../tool-version.ts';
import { deviationOf, type SymptomKind } from './buckets.ts';
import { LOG } from './campaign.ts';
import { type LogLine, readLog } from './campaign-log.ts';
import { NoCampaign } from './campaign-status.ts';
import { findingsBelow, readFinding, readTrace } from './findings.ts';

const OUTCOME_OF = { crash: 'crash', hang: 'timeout', deviation: 'fail' } as const satisfies Record<
  SymptomKind,
  Outcome
>;

const UNKNOWN: Invocation = { program: ['qmpcheck'], options: [] };

/** Throws `NoCampaign`. */
export function campaignRecord(out: string, invocation: Invocation = UNKNOWN): RunRecord {
  const path = join(out, LOG);
  if (!existsSync(path)) throw new NoCampaign(`${out}: no campaign`);
  const log = readLog(path);
  const head = log.find((line): line is Extract<LogLine, { type: 'campaign' }> => line.type === 'campaign');
  if (head === undefined) throw new NoCampaign(`${out}: a campaign that has not begun`);
  const folders = findingsBelow(out);
  const cases = folders.map((folder) => caseOf(folder, invocation));
  const [first] = folders;
  const count = (outcome: Outcome) => cases.filter((one) => one.outcome === outcome).length;
  return {
    recordVersion: RECORD_VERSION,
    tool: { name: 'qmpcheck', version: toolVersion() },
    invocation,
    endpoint: {
      target: head.target,
      version: first === undefined ? null : readFinding(first).finding.version,
      argv: [],
    },
    seed: head.seed,
    startedAt: statSync(path).birthtime.toISOString(),
    durationMs: log.reduce((sum, line) => (line.type === 'round' ? sum + line.milliseconds : sum), 0),
    interrupted: false,
    cases,
    requirements: [],
    staleExpectations: [],
    totals: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, count(outcome)])) as Record<
      Outcome,
      number
    >,
  };
}

function caseOf(folder: string, { program, options }: Invocation): CaseRecord {
  const { symptom, target, runs, held } = readFinding(folder).finding;
  const { kind, check, bucket, signal } = symptom;
  const { message, path } = deviationOf(bucket);
  const { transcript, lastWords } = readTrace(folder);
  const last = (transcript?.steps ?? []).findLastIndex(({ send }) => send !== undefined);
  return {
    id: `fuzz/${basename(folder)}`,
    title: `${bucket} (${held} of ${runs} runs)`,
    requirements: [],
    outcome: OUTCOME_OF[kind],
    severity: 'must',
    durationMs: 0,
    deviations: [
      {
        check,
        severity: 'must',
        ...(kind === 'deviation' ? { message, path } : { message: bucket }),
        ...(last >= 0 && { exchange: last }),
      },
    ],
    ...(transcript && { transcript }),
    ...(kind !== 'deviation' && {
      cause: { check, message, path },
      process: { ...(signal !== undefined && { signal }), lastWords },
    }),
    again: [...program, 'replay', folder, '--target', target, ...options].map(shellWord).join(' '),
  };
}
