/**
 * Records of several endpoints as one report:
 *
 *   1. name the endpoints apart, and read the schema that each told;
 *   2. put the results of each case side by side;
 *   3. sum up by cause, by subject (the matrix) and by requirement;
 *   4. compare schemas, and with earlier runs.
 */

import { loadBlockSchema, SPEC_RELEASE } from '../../spec/block-core.ts';
import { releaseOf } from '../../spec/drift/release.ts';
import type { Schema } from '../../spec/model.ts';
import { requirements as specified } from '../../spec/requirements/index.ts';
import { earlierRunOf } from '../baseline.ts';
import { groupByCause } from '../causes.ts';
import { nameOf, versionText } from '../outcome.ts';
import type { CaseRecord, Deviation, RequirementRecord, RunRecord } from '../record.ts';
import { countUnexpected, isForeseen } from '../unexpected.ts';
import type {
  CaseReport,
  CauseReport,
  Cell,
  Compatibility,
  EndpointReport,
  RequirementReport,
  Status,
} from './compat-model.ts';
import { driftReport, type Offering, offeredSchema } from './drift.ts';
import { regressions } from './regression.ts';
import { schemaCoverage } from './schema-coverage.ts';
import { DEVIATING, FAILING, statusOf, worst } from './status.ts';
import { drivers, type Subject, Subjects } from './subjects.ts';

/** What records are compared with besides each other. */
export interface Comparisons {
  /** Earlier runs; each is compared with the record of the same target. */
  readonly since?: readonly RunRecord[];
  /** Schemas of other versions, for the drift over versions. */
  readonly versions?: readonly Omit<Offering, 'endpoint'>[];
}

/** Makes the report of several runs; endpoints keep the order of their records. */
export function buildReport(
  records: readonly RunRecord[],
  { since = [], versions = [] }: Comparisons = {},
): Compatibility {
  const spec = loadBlockSchema();
  const labels = distinctLabels(records);
  const endpoints = records.map((record, index) => endpointReport(record, labels[index]!, spec));
  const schemas = records.map(offeredSchema);
  const requirements = allRequirements(records);
  const subjects = new Subjects(spec);
  const rows = subjects.all(requirements.values());
  const cases = casesSideBySide(records, requirements, subjects);
  return {
    endpoints,
    cases,
    causes: causeReports(records),
    subjects: rows.map((subject) => ({ ...subject, cells: cellsOf(subject, cases, schemas) })),
    requirements: requirementReports(requirements, cases, records.length),
    drift: driftReport(spec, `spec ${SPEC_RELEASE}`, [
      ...endpoints.flatMap((endpoint, index) => offeringOf(endpoint, index, schemas[index]!)),
      ...versions.map((version) => ({ ...version, endpoint: null })),
    ]),
    regressions: since.length === 0 ? null : allRegressions(since, records),
  };
}

function endpointReport(record: RunRecord, label: string, spec: Schema): EndpointReport {
  const { endpoint, seed, startedAt, durationMs, tool, interrupted, totals, policy, staleExpectations } =
    record;
  return {
    label,
    identity: endpoint,
    version: versionText(endpoint),
    seed,
    startedAt,
    durationMs,
    tool: `${tool.name} ${tool.version}`,
    interrupted,
    incomplete: record.incomplete === true || record.missingShards !== undefined,
    totals,
    ...(policy && { policy }),
    statuses: countStatuses(record),
    unexpected: countUnexpected(record),
    known: record.cases.filter((one) => isForeseen(one, policy)).length,
    staleExpectations,
    schema: schemaCoverage(spec, record),
  };
}

function countStatuses({ cases, policy }: RunRecord): EndpointReport['statuses'] {
  const counts: Partial<Record<Status, number>> = {};
  for (const status of cases.map((one) => statusOf(one, policy))) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** The name or target; where several have it, with version, and at last a number. */
function distinctLabels(records: readonly RunRecord[]): string[] {
  const candidates = [
    ({ endpoint }: RunRecord) => nameOf(endpoint),
    ({ endpoint }: RunRecord) => `${nameOf(endpoint)} ${versionText(endpoint) ?? ''}`.trim(),
  ];
  for (const candidate of candidates) {
    const labels = records.map(candidate);
    if (new Set(labels).size === labels.length) return labels;
  }
  return records.map((record, index) => `${candidates[1]!(record)} (${index + 1})`);
}

function offeringOf(
  { label, version, identity }: EndpointReport,
  endpoint: number,
  schema: Schema | null,
): Offering[] {
  if (schema === null) return [];
  const withVersion = version === null || label.includes(version) ? label : `${label} (${version})`;
  return [{ label: withVersion, release: releaseOf(identity.version), schema, endpoint }];
}

/** Gives the spec's requirements, and those that records made by another version of the suite have in addition. */
function allRequirements(records: readonly RunRecord[]): Map<string, RequirementRecord> {
  const all = new Map<string, RequirementRecord>();
  for (const [id, requirement] of Object.entries(specified)) all.set(id, { id, ...requirement });
  for (const one of records.flatMap((record) => record.requirements))
    if (!all.has(one.id)) all.set(one.id, one);
  return all;
}

function casesSideBySide(
  records: readonly RunRecord[],
  requirements: ReadonlyMap<string, RequirementRecord>,
  subjects: Subjects,
): CaseReport[] {
  const rows = new Map<string, (CaseRecord | null)[]>();
  records.forEach((record, endpoint) => {
    for (const one of record.cases) {
      const row = rows.get(one.id) ?? records.map(() => null);
      row[endpoint] = one;
      rows.set(one.id, row);
    }
  });
  return [...rows].map(([id, results]) => {
    const { title, requirements: ids } = results.find((result) => result !== null)!;
    const definitions = ids.flatMap((one) => requirements.get(one)?.definition ?? []);
    const statuses = results.map((result, endpoint) =>
      result === null ? 'untested' : statusOf(result, records[endpoint]!.policy),
    );
    return { id, title, requirements: ids, subjects: subjects.ofCase(id, definitions), results, statuses };
  });
}

/** What fails a run apart from what was foreseen or only warns, also where the cause is the same. */
function causeReports(records: readonly RunRecord[]): CauseReport[] {
  const status = (one: CaseRecord, endpoint: number) => statusOf(one, records[endpoint]!.policy);
  const grouped = (fails: boolean): CauseReport[] =>
    groupByCause(records, (one, endpoint) => {
      const is = status(one, endpoint);
      return DEVIATING.has(is) && FAILING.has(is) === fails;
    }).map((group) => {
      const shown = records.map((_, index) => group.cases.filter(({ endpoint }) => endpoint === index));
      return {
        ...group,
        fails,
        statuses: shown.map((cases, index) =>
          worst(cases.map(({ record, deviation }) => causeStatus(status(record, index), deviation))),
        ),
        counts: shown.map((cases) => cases.length),
      };
    });
  return [...grouped(true), ...grouped(false)];
}

/** A case that crashes may show another cause before: that is none of a crash. */
function causeStatus(status: Status, deviation: Deviation | null): Status {
  return deviation !== null && FAILING.has(status) ? 'fail' : status;
}

function cellsOf(
  subject: Subject,
  cases: readonly CaseReport[],
  schemas: readonly (Schema | null)[],
): Cell[] {
  const about = cases.filter((one) => one.subjects.includes(subject.name));
  return schemas.map((schema, endpoint) => {
    const results = about.flatMap((one) => one.results[endpoint] ?? []);
    const ran = results.filter(({ outcome }) => outcome !== 'skip');
    const passed = ran.filter(({ outcome }) => outcome === 'pass').length;
    const status = offers(schema, subject)
      ? worst(about.map(({ statuses }) => statuses[endpoint]!))
      : 'absent';
    return { status, ran: ran.length, passed };
  });
}

/** True where it is not known. */
function offers(schema: Schema | null, { kind, name }: Subject): boolean {
  if (schema === null) return true;
  if (kind === 'command') return schema.commands.has(name);
  if (kind === 'event') return schema.events.has(name);
  return kind !== 'driver' || drivers(schema).has(name);
}

function requirementReports(
  requirements: ReadonlyMap<string, RequirementRecord>,
  cases: readonly CaseReport[],
  endpoints: number,
): RequirementReport[] {
  const of = new Map<string, CaseReport[]>();
  for (const one of cases) for (const id of one.requirements) of.set(id, [...(of.get(id) ?? []), one]);
  return [...requirements.values()].map((requirement) => {
    const about = of.get(requirement.id) ?? [];
    const status = Array.from({ length: endpoints }, (_, endpoint) =>
      worst(about.map(({ statuses }) => statuses[endpoint]!)),
    );
    return { ...requirement, cases: about.map(({ id }) => id), status };
  });
}

function allRegressions(since: readonly RunRecord[], records: readonly RunRecord[]) {
  return records.flatMap((record, endpoint) => {
    const before = earlierRunOf(record, records, since);
    return before === undefined ? [] : regressions(before, record, endpoint);
  });
}
