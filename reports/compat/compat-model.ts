/**
 * The compatibility report as data: what several runs say side by side. `build.ts` makes it from records; HTML, Markdown
 * and JSON are views of it. Endpoints are referred to by their index.
 */
import type { Change } from '../../spec/drift/changes.ts';
import type { CauseGroup } from '../causes.ts';
import type { CaseRecord, EndpointIdentity, Outcome, Policy, RequirementRecord } from '../record.ts';

/** The version of the JSON form. */
export const REPORT_VERSION = 1;

/** The whole report. `endpoints` gives the index that everything else refers to. */
export interface Compatibility {
  readonly endpoints: readonly EndpointReport[];
  /** In the order of the first record that has them. */
  readonly cases: readonly CaseReport[];
  /** What deviates, grouped: what fails a run before what was foreseen or only warns, most cases first. */
  readonly causes: readonly CauseReport[];
  readonly subjects: readonly SubjectReport[];
  /** All that the spec requires, covered or not, by definition. */
  readonly requirements: readonly RequirementReport[];
  readonly drift: DriftReport;
  /** What changed since an earlier run, where one was given. */
  readonly regressions: readonly Regression[] | null;
}

/** One run: who the endpoint is, and how the run went. */
export interface EndpointReport {
  /** Distinct among the endpoints. */
  readonly label: string;
  readonly identity: EndpointIdentity;
  /** `QEMU 7.2.22`, null without a greeting. */
  readonly version: string | null;
  readonly seed: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly tool: string;
  readonly interrupted: boolean;
  /** Not all planned cases ran: they were given up, or shards are missing. */
  readonly incomplete: boolean;
  readonly totals: Readonly<Record<Outcome, number>>;
  /** What failed the run; absent as in the record. */
  readonly policy?: Policy;
  /** The same totals as the policy has them: what was foreseen is `known`, a warning that fails the run is `fail`. */
  readonly statuses: Readonly<Partial<Record<Status, number>>>;
  /** What fails the run: cases that nobody foresaw, and expectations that no longer apply if the policy is strict. */
  readonly unexpected: number;
  /** Cases that would fail it, had nobody foreseen them. */
  readonly known: number;
  readonly staleExpectations: readonly { readonly pattern: string; readonly reason: string }[];
  /** How much of the spec's schema was put to the test; null where the record has no transcripts. */
  readonly schema: SchemaCoverage;
}

export interface SchemaCoverage {
  readonly commands: Covered;
  readonly events: Covered;
  readonly drivers: Covered;
  /** Arguments, those of branches too. */
  readonly members: Covered;
}

export interface Covered {
  readonly seen: number;
  readonly of: number;
  readonly missing: readonly string[];
}

/** One case on all endpoints. */
export interface CaseReport {
  readonly id: string;
  readonly title: string;
  readonly requirements: readonly string[];
  /** Names of the subjects that it is about. */
  readonly subjects: readonly string[];
  /** By endpoint; null where it did not run. */
  readonly results: readonly (CaseRecord | null)[];
  /** By endpoint; `untested` where it did not run. */
  readonly statuses: readonly Status[];
}

/** A cause on all endpoints. Its cases have the index of their endpoint. */
export interface CauseReport extends CauseGroup {
  /** Its cases fail their run; else they were foreseen, or only warn. */
  readonly fails: boolean;
  /** By endpoint: how it shows there at worst, and in how many cases; `untested` in none. */
  readonly statuses: readonly Status[];
  readonly counts: readonly number[];
}

/** What a row of the matrix is about. */
export type SubjectKind = 'command' | 'event' | 'driver' | 'protocol' | 'type';

/** A row of the matrix. */
export interface SubjectReport {
  readonly kind: SubjectKind;
  readonly name: string;
  /** By endpoint. */
  readonly cells: readonly Cell[];
}

export interface Cell {
  /** `untested`: no case is about it; `absent`: the endpoint does not offer it. */
  readonly status: Status;
  /** Cases that ran there. */
  readonly ran: number;
  readonly passed: number;
}

/** `known`: it is not ok, as was foreseen. */
export type Status = Outcome | 'known' | 'untested' | 'absent';

/** A requirement, and how the cases that cover it ended on each endpoint. */
export interface RequirementReport extends RequirementRecord {
  readonly cases: readonly string[];
  /** The worst outcome by endpoint; `untested` if no case of it ran there. */
  readonly status: readonly Status[];
}

/** How the schemas of the endpoints, and further ones that were given, differ from the spec's. */
export interface DriftReport {
  /** What is compared: the spec, then endpoints whose schema is known and other versions, the oldest first. */
  readonly columns: readonly { readonly label: string; readonly endpoint: number | null }[];
  /** What an endpoint has different from the spec, by column (that of the spec is empty). */
  readonly changes: readonly (readonly Change[])[];
  /** Commands and events beyond the spec's, by column. */
  readonly beyond: readonly number[];
  readonly timeline: readonly TimelinePoint[];
}

export interface TimelinePoint {
  /** `argument`, `branch` … */
  readonly noun: string;
  readonly path: string;
  /** By column; null: not there, undefined: nor what it is a part of. */
  readonly states: readonly (string | null | undefined)[];
}

/** What became of one case since an earlier run on the same endpoint. */
export interface Regression {
  readonly endpoint: number;
  readonly id: string;
  /** `changed`: as good as before, but another outcome. */
  readonly what: 'fixed' | 'broke' | 'new' | 'gone' | 'changed';
  readonly before: Outcome | null;
  readonly after: Outcome | null;
}
