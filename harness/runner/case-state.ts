/** What the parts of one running case share. */
import type { Deviation } from '../../reports/record.ts';
import { type Json, type JsonObject, stringifyJson } from '../../spec/json.ts';
import type { Bounds } from '../targets/containment.ts';
import type { Endpoint } from '../targets/target.ts';
import type { TimeLimits } from '../time-limits.ts';
import { CaseFailed } from './case-exit.ts';
import type { CaseFiles } from './case-files.ts';
import type { CheckRunner } from './check-runner.ts';
import type { Ledger } from './ledger.ts';
import type { Recorder } from './recorder.ts';

export interface CaseParts {
  readonly endpoint: Endpoint;
  readonly recorder: Recorder;
  readonly files: CaseFiles;
  readonly checkRunner: CheckRunner;
  readonly ledger: Ledger;
  readonly bounds: Bounds;
  readonly limits: TimeLimits;
}

type Found = Pick<Deviation, 'path' | 'expected' | 'got'>;

export class CaseState implements CaseParts {
  readonly endpoint: Endpoint;
  readonly recorder: Recorder;
  readonly files: CaseFiles;
  readonly checkRunner: CheckRunner;
  readonly ledger: Ledger;
  readonly bounds: Bounds;
  readonly limits: TimeLimits;
  /** What the endpoint owes an answer to, oldest first. */
  readonly #owed = new Set<{ readonly what: JsonObject | string }>();

  constructor(parts: CaseParts) {
    this.endpoint = parts.endpoint;
    this.recorder = parts.recorder;
    this.files = parts.files;
    this.checkRunner = parts.checkRunner;
    this.ledger = parts.ledger;
    this.bounds = parts.bounds;
    this.limits = parts.limits;
  }

  /** The endpoint owes an answer to this until the result is called. */
  trackInFlight(what: JsonObject | string): () => void {
    const entry = { what };
    this.#owed.add(entry);
    return () => this.#owed.delete(entry);
  }

  /** Text of the oldest request that is unanswered. */
  get inFlightText(): string | undefined {
    const [oldest] = this.#owed;
    if (oldest === undefined) return undefined;
    return typeof oldest.what === 'string' ? oldest.what : stringifyJson(oldest.what as Json);
  }

  /** Records a deviation at the exchange that was begun last. */
  deviate(deviation: Omit<Deviation, 'check'>, check = 'case'): void {
    const { last } = this.recorder;
    this.checkRunner.deviations.push({ check, ...(last >= 0 && { exchange: last }), ...deviation });
  }

  /** Records the breach of a must and ends the case. */
  fail(message: string, found: Found = {}): never {
    this.deviate({ severity: 'must', message, ...found });
    throw new CaseFailed(message);
  }
}
