/**
 * `sarif`: deviations as SARIF 2.1.0, for code-scanning pages. A rule is a requirement, or a check where none is named; a result
 * stands where the spec's schema defines what was broken: the requirement's definition, or the command at fault. What
 * fails the run is an error, and nothing else.
 */
import { readFileSync } from 'node:fs';
import { isJsonObject, type Json, stringifyJson } from '../spec/json.ts';
import { packageRoot } from '../spec/package-root.ts';
import { reproduceCommand } from './diagnosis.ts';
import type { CaseRecord, Deviation, Policy, RequirementRecord, RunRecord } from './record.ts';
import type { ReporterFactory } from './reporter.ts';
import { clip, printable } from './text.ts';
import { isBreach, isNotOk, unexpectedlyStale } from './unexpected.ts';

const SCHEMA_FILE = 'spec/schema/block-core.json';

export const sarif: ReporterFactory = ({ out }) => ({
  end(record) {
    out(`${stringifyJson(document(record), 2)}\n`);
  },
});

function document(record: RunRecord): Json {
  const requirements = new Map(record.requirements.map((one) => [one.id, one]));
  const lines = definitionLines();
  const broken = record.cases.filter((one) => one.outcome !== 'skip' && one.outcome !== 'pass');
  const results = broken.flatMap((one) =>
    deviationsOf(one, record.policy).map((deviation) => result(one, deviation, record, requirements, lines)),
  );
  const rules = new Map(
    results.map(({ ruleId, requirement }) => [ruleId, rule(ruleId, requirements.get(requirement ?? ''))]),
  );
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: { name: 'qmpcheck', version: line(record.tool.version), rules: [...rules.values()] },
        },
        properties: { target: line(record.endpoint.target), seed: line(record.seed) },
        results: results.map(({ requirement: _requirement, ...one }) => one),
        ...invocations(record),
      },
    ],
  };
}

/** A case that broke off without a breach, by a time limit say, is one itself. */
function deviationsOf(one: CaseRecord, policy: Policy | undefined): readonly Deviation[] {
  const { deviations } = one;
  if (!isNotOk(one, policy) || deviations.some((deviation) => isBreach(deviation, one, policy)))
    return deviations;
  return [...deviations, { check: one.outcome, severity: 'must', message: one.reason ?? one.title }];
}

function levelOf(
  one: CaseRecord,
  deviation: Deviation,
  policy: Policy | undefined,
): 'error' | 'warning' | 'note' {
  if (isBreach(deviation, one, policy)) return 'error';
  const { severity } = deviation;
  return one.outcome !== 'info' && (severity === 'must' || severity === 'should') ? 'warning' : 'note';
}

/** Expectations that no longer apply: what was wrong with how the tool was set up. */
function invocations(record: RunRecord): { readonly invocations?: Json } {
  const stale = unexpectedlyStale(record);
  if (stale.length === 0) return {};
  const notifications = stale.map(({ pattern, reason }) => ({
    level: 'error',
    message: { text: sentence(`Expectation no longer applies: ${pattern} (${reason})`) },
  }));
  return { invocations: [{ executionSuccessful: true, toolConfigurationNotifications: notifications }] };
}

function result(
  one: CaseRecord,
  deviation: Deviation,
  run: RunRecord,
  requirements: ReadonlyMap<string, RequirementRecord>,
  lines: ReadonlyMap<string, number>,
) {
  const { check, severity, message } = deviation;
  const known = one.requirements.find((id) => requirements.has(id));
  const requirement = check === 'case' ? known : undefined;
  const definition = (known && requirements.get(known)!.definition) ?? commandAtFault(one, deviation);
  return {
    requirement,
    ruleId: line(requirement ?? check),
    level: levelOf(one, deviation, run.policy),
    message: { text: sentence(`${one.id}: ${message}. Again: ${reproduceCommand(one, run)}`) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: SCHEMA_FILE },
          region: { startLine: lines.get(definition ?? '') ?? 1 },
        },
        logicalLocations: [{ fullyQualifiedName: line(one.id), kind: 'test' }],
      },
    ],
    partialFingerprints: { 'qmpcheck/v1': line(`${run.endpoint.target} ${one.id} ${check} ${severity}`) },
    ...(one.expected &&
      one.outcome !== 'error' && {
        suppressions: [{ kind: 'external', justification: line(one.expected.reason) }],
      }),
  };
}

function commandAtFault({ transcript }: CaseRecord, { exchange }: Deviation): string | undefined {
  const send = exchange === undefined ? undefined : transcript?.steps[exchange]?.send;
  return isJsonObject(send) && typeof send.execute === 'string' ? send.execute : undefined;
}

/** What stands for a rule that is neither a requirement nor a check on exchanges. */
const RULES: Readonly<Record<string, string>> = {
  case: 'What a case expects of the endpoint comes true.',
  crash: 'The endpoint lives on, whatever it is asked.',
  hang: 'The endpoint answers in time.',
  timeout: 'A case ends in time.',
  error: 'The harness itself works.',
};

function rule(id: string, requirement: RequirementRecord | undefined): Json {
  const told = requirement?.text ?? (Object.hasOwn(RULES, id) && RULES[id]);
  return {
    id,
    shortDescription: { text: sentence(told || `What the check '${id}' looks at on every exchange.`) },
  };
}

/** Lines of the schema's definitions, from 1. */
function definitionLines(): Map<string, number> {
  const text = readFileSync(new URL(SCHEMA_FILE, packageRoot()), 'utf8');
  const definition = /^\{\s*'(?:command|event|struct|enum|union|alternate)':\s*'([^']+)'/;
  return new Map(
    text.split('\n').flatMap((one, index): [string, number][] => {
      const name = definition.exec(one)?.[1];
      return name === undefined ? [] : [[name, index + 1]];
    }),
  );
}

/** On one line; SARIF has no use for an empty text. */
function line(text: string): string {
  return clip(printable(text), 1000) || '(empty)';
}

/** A message. In those SARIF reads `{0}` as a placeholder and `[text](address)` as a link. */
function sentence(text: string): string {
  return line(text)
    .replaceAll('](', '] (')
    .replace(/[{}]/g, (brace) => brace + brace);
}
