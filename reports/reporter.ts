/**
 * What a report format implements. The runner emits, a reporter only reads; it never touches an endpoint.
 * Formats that can stream write as cases end; the others wait for `end`.
 */
import type { CaseRecord, EndpointIdentity, Invocation, Policy, RunRecord } from './record.ts';

export interface RunStart {
  readonly endpoint: EndpointIdentity;
  readonly seed: string;
  /** Number of cases planned, after patterns and shard. */
  readonly planned: number;
  /** As in the record. */
  readonly policy?: Policy | undefined;
  /** As in the record. */
  readonly invocation?: Invocation | undefined;
}

/** Writes a run's results somewhere. The runner calls it in the order of the plan: start, each case, end. */
export interface Reporter {
  /** Called once, when the endpoint's identity is known and before the first case. */
  start?(run: RunStart): void;
  /** Called once for each case, in the order of the plan whatever `--workers` is. */
  caseEnd?(record: CaseRecord): void;
  /** Called once; after it everything has been written to `out`. */
  end(record: RunRecord): void;
}

export interface ReporterContext {
  /** Appends text to the report's destination. */
  readonly out: (text: string) => void;
  readonly color: boolean;
  /** Columns of the terminal, or 0 where `out` is none. */
  readonly columns: number;
}

/** A report format: registered by name in `index.ts`. */
export type ReporterFactory = (context: ReporterContext) => Reporter;
