/** What the parts of one running case share. */
import type { Deviation } from '../../reports/record.ts';
import { type Json, type JsonObject, stringifyJson } from '../../spec/json.ts';
import { makeChecks } from '../checks/index.ts';
import type { Snapshot } from '../state/snapshot.ts';
import type { Bounds } from '../targets/containment.ts';
import type { Endpoint } from '../targets/target.ts';
import type { TimeLimits } from '../time-limits.ts';
import { CaseFailed } from './case-exit.ts';
import { CaseFiles } from './case-files.ts';
import { CheckRunner } from './check-runner.ts';
import type { Session } from './endpoint-session.ts';
import { Ledger } from './ledger.ts';
import { Recorder } from './recorder.ts';
import type { CaseSetting } from './run-setting.ts';

type DeviationValues = Pick<Deviation, 'path' | 'expected' | 'got'>;

export class CaseState {
  readonly endpoint: Endpoint;
  readonly recorder = new Recorder();
  readonly files: CaseFiles;
  readonly checkRunner: CheckRunner;
  readonly ledger: Ledger;
  readonly bounds: Bounds;
  readonly limits: TimeLimits;
  /** What the endpoint owes an answer to, oldest first. */
  readonly #owed = new Set<{ readonly what: JsonObject | string }>();

  /** `before`: the endpoint's state now. */
  constructor(
    session: Session,
    before: Snapshot,
    { target, endpointSchema, limits, checks = [] }: CaseSetting,
  ) {
    const { endpoint, scratch, topology } = session;
    const images = topology.images.map(({ path }) => path);
    const port = {
      endpointSchema,
      execute: session.execute.bind(session),
      usable: () => session.usable,
      lastWords: () => endpoint.lastWords(),
      settle: (ms: number) => endpoint.settle(ms),
      owned: target.capabilities.owned,
    };
    this.endpoint = endpoint;
    this.files = new CaseFiles(endpoint.dir, scratch, images);
    this.checkRunner = new CheckRunner(port, before, [...makeChecks(), ...checks]);
    this.ledger = new Ledger(port);
    this.bounds = { dir: endpoint.dir };
    this.limits = limits;
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
  fail(message: string, found: DeviationValues = {}): never {
    this.deviate({ severity: 'must', message, ...found });
    throw new CaseFailed(message);
  }
}
