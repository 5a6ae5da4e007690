/**
 * The run record: everything a run found out, as plain data. The runner writes it, reporters only read it.
 * Its JSON form (`--reporter json`) is published as a JSON Schema in `docs/record.schema.json`.
 */
import type { Json } from '../spec/json.ts';

/** Version of the record's form; a record of another version is refused where records are read. */
export const RECORD_VERSION = 1;

/** `error` is the harness's own fault, never the endpoint's. */
export type Outcome = 'pass' | 'fail' | 'warn' | 'info' | 'skip' | 'error' | 'crash' | 'timeout' | 'flaky';

/** The level of the requirement that a deviation breaks; `text`: only the wording of an error differs. */
export type Severity = 'must' | 'should' | 'may' | 'text';

/** A difference from what was required: what was seen, and where. */
export interface Deviation {
  /** Which check saw it, or `case` for an expectation of the case itself. */
  readonly check: string;
  readonly severity: Severity;
  readonly message: string;
  /** The one of the case's requirements that is broken, where the case says which. */
  readonly requirement?: string;
  /** JSON path into the reply or event at fault, `$` for the whole. */
  readonly path?: string;
  readonly expected?: Json;
  readonly got?: Json;
  /** Index into the case's transcript. */
  readonly exchange?: number;
}

/** How the endpoint's process ended or looked when something went wrong. */
export interface ProcessState {
  readonly exitCode?: number | null;
  readonly signal?: string | null;
  /** Last lines of stderr. */
  readonly lastWords: readonly string[];
  /** Text of the oldest request that was unanswered when it happened: the one that the endpoint was at. */
  readonly inFlight?: string;
  /** All that were, the latest first; empty: the endpoint was idle. */
  readonly unanswered?: readonly UnansweredRequest[];
}

/** Who sends requests: the case or program, a check that looks at the state, or the runner, which takes things back. */
export type Sender = 'case' | 'check' | 'runner';

/** A request that was not answered. */
export interface UnansweredRequest {
  readonly text: string;
  readonly by: Sender;
}

/**
 * One step of a transcript, in the form of the observations: `send` with its `reply`, `raw` text with `reply` or
 * `replies`, a `wait` for an event; `events` since the step before. `monitor` says which of several monitors
 * (absent: the first), `order` the order of replies and events as they came.
 */
export interface TranscriptStep {
  readonly send?: Json;
  readonly raw?: string;
  readonly 'raw-hex'?: string;
  readonly wait?: { readonly event: string; readonly data?: Json; readonly timeout?: number };
  readonly sleep?: number;
  /** The endpoint was ended, as by a crash or not, and started again over the files that it left. */
  readonly restart?: 'stop' | 'kill';
  /** A connection of its own, not negotiated: the greeting is the reply. In the middle: a new one, the old one closed. */
  readonly greeting?: boolean;
  readonly reply?: Json;
  readonly replies?: readonly Json[];
  readonly events?: readonly Json[];
  readonly monitor?: number;
  readonly order?: readonly ('reply' | string)[];
  /** Who sent it, where it was not the case; told of what was not answered. */
  readonly by?: Exclude<Sender, 'case'>;
  /** The reply as it came, where its value does not tell it: with a number like `1.0`. */
  readonly text?: string;
}

/** A transcript as `qmpcheck replay` reads it. */
export interface Transcript {
  readonly name: string;
  readonly what?: string;
  readonly endpoint: string;
  readonly argv: readonly string[];
  readonly setup: readonly Json[];
  readonly negotiate?: boolean;
  readonly steps: readonly TranscriptStep[];
}

/** A habit of the endpoint that breaks the protocol, and that the run put up with: a deviation of the case that tells it. */
export interface QuirkRecord {
  /** As the config file spells it. */
  readonly name: string;
  /** Which one, or how much, where there is a choice. */
  readonly value?: Json;
  /** For people; follows the words "the endpoint". */
  readonly does: string;
  readonly tolerance: string;
  /** Id of the case that tells it. */
  readonly case: string;
  /** What the endpoint sent that shows it. */
  readonly seen?: string;
}

/** By what an endpoint was tested that has no introspection of its own, or whose user gave another schema. */
export interface SchemaOrigin {
  /** `spec`, or the name under which the user gave it. */
  readonly base: string;
  /** How it is known which commands of it the endpoint has: it lists them, or each was tried in a form that does nothing. */
  readonly restrictedBy: 'query-commands' | 'probing';
  /** Why the endpoint's own was not taken: how it answered `query-qmp-schema`. Absent where the user gave one. */
  readonly reason?: string;
  /** Commands that could not be tried: a case that needs one finds out. */
  readonly undecided?: readonly string[];
}

/** Implementations of which the project knows deviations. */
export const IMPLEMENTATIONS = ['qemu', 'reference'] as const;

/** Whose work an endpoint is. */
export type Implementation = (typeof IMPLEMENTATIONS)[number];

/** Who was tested, by its own account. */
export interface EndpointIdentity {
  /** As given to `--target`. */
  readonly target: string;
  /** What people call it (`--name`); absent: reports call it by its target. */
  readonly name?: string;
  /** `QMP.version` of the greeting, null if it never came. */
  readonly version: Json;
  /** Whose work it is by how it was started, or by what the config file says; absent: nobody said so. */
  readonly implementation?: Implementation;
  readonly package?: string;
  readonly argv: readonly string[];
  /** SHA-256 of the canonical form of the endpoint's introspection. */
  readonly schemaDigest?: string;
  /** Absent: none is known. */
  readonly quirks?: readonly QuirkRecord[];
  /** Absent: its own introspection. */
  readonly schemaOrigin?: SchemaOrigin;
}

/** How one case ended, with all that a reader needs to see why. */
export interface CaseRecord {
  readonly id: string;
  readonly title: string;
  readonly requirements: readonly string[];
  readonly outcome: Outcome;
  readonly severity?: Severity;
  /** Reason of a skip, message of an error. */
  readonly reason?: string;
  readonly durationMs: number;
  /** Set when an expectation or the baseline foresaw this outcome. */
  readonly expected?: { readonly reason: string; readonly link?: string };
  /** What else it looks like, which excuses nothing: a known deviation of an implementation that this may not be. */
  readonly hint?: string;
  /** Outcomes of earlier tries, with `--retries`. */
  readonly earlier?: readonly Outcome[];
  readonly deviations: readonly Deviation[];
  readonly transcript?: Transcript;
  readonly process?: ProcessState;
  /** Of an end whose cause the process does not tell: of a finding, that was triaged. Absent: as `cause.ts` makes it. */
  readonly cause?: { readonly check: string; readonly message: string; readonly path: string };
  /** The command that shows it again, where that is not `qmpcheck run` with this id: of a finding. */
  readonly again?: string;
}

/** The levels of requirements, the strictest first. */
export const LEVELS = ['must', 'should', 'may'] as const;

export type Level = (typeof LEVELS)[number];

/** A requirement as it was when the run was made, so that a record explains itself. */
export interface RequirementRecord {
  readonly id: string;
  readonly level: Level;
  /** Command, event, type or section of the spec that it belongs to. */
  readonly definition: string;
  readonly text: string;
  /** Absent: it stands in the prose of the spec. */
  readonly source?: 'observation';
  /** First and last version of QEMU in which it holds. Absent: no such bound. */
  readonly since?: string;
  readonly until?: string;
  /** Name of an observation that shows otherwise. */
  readonly contradictedBy?: string;
}

/** What fails a run; `unexpected.ts` applies it. */
export interface Policy {
  /** The lowest level whose breach is a failure (`--level`). */
  readonly level: Level;
  /** Whether an expectation that no longer applies is one too (`--strict-expectations`). */
  readonly strictExpectations: boolean;
  /** Whether a flaky case is one too (`--fail-on-flaky`). Absent: no. */
  readonly failOnFlaky?: boolean;
  /** Ids of checks that did not look (`--exclude-check`). Absent: all did. */
  readonly excludedChecks?: readonly string[];
}

/** How qmpcheck was called, for what says how to show something again. */
export interface Invocation {
  /** The words that start it: `bin/qmpcheck`, or `npx` and `qmpcheck`. */
  readonly program: readonly string[];
  /** Options without which the target is not found or looks different: `--config` and its file. */
  readonly options: readonly string[];
}

/** Everything that a run found out. The runner writes it; reporters and `compat` read it. */
export interface RunRecord {
  readonly recordVersion: typeof RECORD_VERSION;
  readonly tool: { readonly name: 'qmpcheck'; readonly version: string };
  /** Absent: it is not known. */
  readonly invocation?: Invocation;
  readonly endpoint: EndpointIdentity;
  readonly seed: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly shard?: { readonly index: number; readonly of: number };
  /** `random:SEED`. Absent: cases ran in the order in which they are defined. */
  readonly order?: string;
  /** Shards, from 1, that were not among those that this record was merged from. */
  readonly missingShards?: { readonly indexes: readonly number[]; readonly of: number };
  /** Absent: only a must fails the run, and no expectation. */
  readonly policy?: Policy;
  /** True if Ctrl-C ended the run early. */
  readonly interrupted: boolean;
  /** True if planned cases were given up: the endpoint is gone, or too many failed. They are skips, with the reason. */
  readonly incomplete?: boolean;
  readonly cases: readonly CaseRecord[];
  readonly requirements: readonly RequirementRecord[];
  /** Expectations that no longer apply. */
  readonly staleExpectations: readonly { readonly pattern: string; readonly reason: string }[];
  readonly totals: Readonly<Record<Outcome, number>>;
  /** What fails the run, most cases first. Derived from the cases, for those who read the JSON; nobody here reads it. */
  readonly causes?: readonly CauseRecord[];
}

/** Deviations of one cause, as `cause.ts` says. */
export interface CauseRecord {
  readonly check: string;
  /** With values normalised. */
  readonly message: string;
  /** `$` for the whole. */
  readonly path: string;
  /** Ids. */
  readonly cases: readonly string[];
}
