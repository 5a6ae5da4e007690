/**
 * `sarif`: causes as SARIF 2.1.0, for code-scanning pages: a result is a cause, with the cases that show it. A rule is a
 * requirement, or a check where none is named. What fails the run is an error, and nothing else. No file of a repository is
 * at fault, so that a result stands in one that is named by its first case; fingerprints name neither files nor paths.
 */
import { type Json, stringifyJson } from '../spec/json.ts';
import { type CauseGroup, exampleOf, groupByCause, type ShowingCase } from './causes.ts';
import { reproduceCommand } from './diagnosis.ts';
import { totalsText } from './outcome.ts';
import type { CaseRecord, EndpointIdentity, RequirementRecord, RunRecord } from './record.ts';
import type { ReporterFactory } from './reporter.ts';
import { clip, count, listed, printable } from './text.ts';
import { isUnexpected, unexpectedlyStale } from './unexpected.ts';

/** Cases beyond so many are only counted: code-scanning pages take no more. */
const MOST_LOCATIONS = 100;
const MOST_IDS = 10;

export const sarif: ReporterFactory = ({ out }) => ({
  end(record) {
    out(`${stringifyJson(document(record), 2)}\n`);
  },
});

function document(record: RunRecord): Json {
  const requirements = new Map(record.requirements.map((one) => [one.id, one]));
  const isTold = ({ outcome }: CaseRecord): boolean => outcome !== 'skip' && outcome !== 'pass';
  // What was foreseen is a result of its own: it is suppressed.
  const kinds = [
    (one: CaseRecord) => isUnexpected(one, record.policy),
    (one: CaseRecord) => !isUnexpected(one, record.policy) && one.expected === undefined,
    (one: CaseRecord) => !isUnexpected(one, record.policy) && one.expected !== undefined,
  ];
  const results = kinds.flatMap((isOfKind) =>
    groupByCause([record], (one) => isTold(one) && isOfKind(one)).map((group) =>
      result(group, record, requirements),
    ),
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
        properties: {
          target: line(record.endpoint.target),
          ...(record.endpoint.name !== undefined && { name: line(record.endpoint.name) }),
          seed: line(record.seed),
          totals: `${count(record.cases.length, 'case')}: ${totalsText(record)}`,
        },
        results: results.map(({ requirement: _requirement, ...one }) => one),
        invocations: [invocation(record)],
      },
    ],
  };
}

/** Whether the run came to its end, what it did not run, and expectations that no longer apply. */
function invocation(record: RunRecord): Json {
  const notification = (level: 'note' | 'error', text: string) => ({
    level,
    message: { text: sentence(text) },
  });
  const skipped = new Map<string, number>();
  for (const { outcome, reason = 'no reason given' } of record.cases)
    if (outcome === 'skip') skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
  return {
    executionSuccessful: !record.interrupted && record.incomplete !== true,
    toolExecutionNotifications: [...skipped].map(([reason, n]) =>
      notification('note', `${count(n, 'case')} skipped: ${reason}`),
    ),
    toolConfigurationNotifications: unexpectedlyStale(record).map(({ pattern, reason }) =>
      notification('error', `Expectation no longer applies: ${pattern} (${reason})`),
    ),
  };
}

function result(group: CauseGroup, run: RunRecord, requirements: ReadonlyMap<string, RequirementRecord>) {
  const { cause, text, cases } = group;
  const { record, alone } = exampleOf(group);
  const requirement =
    cause.check === 'case' ? alone.requirements.find((id) => requirements.has(id)) : undefined;
  const ids = cases.map((one) => one.record.id);
  const [first, ...others] = cases;
  return {
    requirement,
    ruleId: line(requirement ?? cause.check),
    level: levelOf(first!, run),
    message: {
      text: sentence(
        `${clip(text, 500)}. ${count(cases.length, 'case')}: ${listed(ids, MOST_IDS)}. Again: ${reproduceCommand(record, run)}`,
      ),
    },
    occurrenceCount: cases.length,
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: artifactOf(record) }, region: { startLine: 1 } },
        ...logicalLocation(record),
      },
    ],
    relatedLocations: others
      .slice(0, MOST_LOCATIONS)
      .map((one, id) => ({ id, ...logicalLocation(one.record) })),
    partialFingerprints: { 'qmpcheck/v2': line(fingerprint(group, run.endpoint)) },
    ...(record.expected &&
      record.outcome !== 'error' && {
        suppressions: [{ kind: 'external', justification: line(record.expected.reason) }],
      }),
  };
}

function levelOf({ record, deviation }: ShowingCase, { policy }: RunRecord): 'error' | 'warning' | 'note' {
  if (isUnexpected(record, policy)) return 'error';
  const isGrave = deviation === null || deviation.severity === 'must' || deviation.severity === 'should';
  return record.outcome !== 'info' && isGrave ? 'warning' : 'note';
}

function logicalLocation({ id }: CaseRecord) {
  return { logicalLocations: [{ fullyQualifiedName: line(id), kind: 'test' }] };
}

/** What stands for a file: no repository has it, and the page shows the case by it. */
function artifactOf({ id }: CaseRecord): string {
  const steps = id.split('/').map((step) => step.replace(/[^\w.-]+/g, '-').slice(0, 100) || '-');
  return ['qmpcheck', ...steps.map((step) => step.replace(/^\.+$/, '-'))].join('/');
}

/** The same for the same cause of the same endpoint, wherever it lies. */
function fingerprint({ key }: CauseGroup, { name, target }: EndpointIdentity): string {
  return `${name ?? target.split(':')[0]} ${key}`;
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

/** On one line; SARIF has no use for an empty text. */
function line(text: string): string {
  return clip(printable(text), 1000) || '(empty)';
}

/** A message. In those SARIF reads `{0}` as a placeholder and `[text](address)` as a link. */
function sentence(text: string): string {
  return (
    clip(printable(text), 3000)
      .replaceAll('](', '] (')
      .replace(/[{}]/g, (brace) => brace + brace) || '(empty)'
  );
}
