/** What the parts of one running case share. */
import type { Deviation } from '../../reports/record.ts';
import { type Json, type JsonObject, parseJson } from '../../spec/json.ts';
import type { CaseDefinition, Needs } from '../cases/case.ts';
import type { Check } from '../checks/check.ts';
import { makeChecks } from '../checks/index.ts';
import type { Undecided } from '../probe/undecided.ts';
import type { ProtocolError, ProtocolFault } from '../qmp/errors.ts';
import type { Snapshot } from '../state/snapshot.ts';
import type { Bounds } from '../targets/containment.ts';
import type { Endpoint } from '../targets/target.ts';
import type { TimeLimits } from '../time-limits.ts';
import { CaseFailed } from './case-exit.ts';
import { CaseFiles } from './case-files.ts';
import { CheckRunner } from './check-runner.ts';
import type { Session } from './endpoint-session.ts';
import { Ledger } from './ledger.ts';
import { exportsAt, hasFile, imageFaults } from './outside-view.ts';
import { Recorder } from './recorder.ts';
import type { CaseSetting } from './run-setting.ts';

type DeviationValues = Pick<Deviation, 'path' | 'expected' | 'got'>;

export class CaseState {
  readonly recorder = new Recorder();
  readonly files: CaseFiles;
  readonly checkRunner: CheckRunner;
  readonly ledger: Ledger;
  readonly bounds: Bounds;
  readonly limits: TimeLimits;
  readonly undecided: Undecided | undefined;
  readonly needs: Needs;
  /** What it made is being taken back: it may send nothing more. */
  isOver = false;
  readonly #session: Session;
  readonly #newChecks: () => readonly Check[];
  /** Those of the protocol. */
  readonly #breaches: Deviation[] = [];
  /** Kinds of breaches that are recorded. */
  readonly #told = new Set<ProtocolFault>();
  /** Whether nobody wants to hear of breaches of the protocol. */
  readonly #isMuted: boolean;

  /** `before`: the endpoint's state now, if it is known. */
  constructor(
    session: Session,
    before: Snapshot | null,
    { needs = {} }: CaseDefinition,
    { target, endpointSchema, undecided, limits, excludedChecks, checks = [] }: CaseSetting,
  ) {
    const { endpoint, scratch, topology } = session;
    const images = topology.images.map(({ path }) => path);
    const folder = { dir: endpoint.dir, scratch };
    const port = {
      endpointSchema,
      usable: () => session.usable,
      lastWords: () => session.endpoint.lastWords(),
      settle: (ms: number) => session.endpoint.settle(ms),
      owned: target.capabilities.owned,
      exportsAt: (address: JsonObject) => exportsAt(folder, address, limits.answerTimeout),
      hasFile: async (path: string) => (target.capabilities.sharedFiles ? hasFile(folder, path) : null),
      imageFaults: async (path: string) =>
        target.capabilities.sharedFiles ? imageFaults(folder, path) : null,
    };
    this.#session = session;
    this.files = new CaseFiles(endpoint.dir, scratch, images);
    this.#newChecks = () => [...makeChecks(excludedChecks), ...checks];
    const asking = { ...port, execute: session.asking('check') };
    this.checkRunner = new CheckRunner(asking, before, this.#newChecks());
    this.ledger = new Ledger({ ...port, execute: session.asking('runner') });
    this.bounds = { dir: endpoint.dir };
    this.limits = limits;
    this.undecided = undecided;
    this.needs = needs;
    this.#isMuted = excludedChecks?.includes('envelope') === true;
  }

  get endpoint(): Endpoint {
    return this.#session.endpoint;
  }

  /** The endpoint was started again: what it held is gone, and is neither to be taken back nor missed. */
  startOver(): void {
    this.ledger.forget();
    this.checkRunner.startOver(this.#newChecks());
  }

  /** The endpoint owes the case an answer to this until the result is called. `isWait`: nothing was sent. */
  trackInFlight(what: JsonObject | string, isWait = false): () => void {
    return this.#session.owed.expect(what, 'case', isWait);
  }

  /** Records a deviation at the exchange that was begun last. */
  deviate(deviation: Omit<Deviation, 'check'>, check = 'case'): void {
    const { last } = this.recorder;
    this.checkRunner.deviations.push({ check, ...(last >= 0 && { exchange: last }), ...deviation });
  }

  /** Records what the endpoint did against the protocol, whoever it did it to; of each kind the first. */
  breach({ kind, message, received }: ProtocolError): void {
    if (this.#told.has(kind) || this.#isMuted) return;
    this.#told.add(kind);
    const what = kind === 'bad-return' ? message : message.replace(`: ${received}`, '');
    const got = received === '' ? {} : { got: asJson(received) };
    this.deviate({ severity: 'must', message: what, ...got }, 'envelope');
    this.#breaches.push({ check: 'envelope', severity: 'must', message: what, ...got });
  }

  /** Forgets exchanges and what they showed, but for breaches of the protocol: those may not come again. */
  restart(): void {
    this.recorder.clear();
    const { deviations } = this.checkRunner;
    deviations.splice(0, deviations.length, ...this.#breaches);
  }

  /** Records the breach of a must and ends the case. */
  fail(message: string, found: DeviationValues = {}): never {
    this.deviate({ severity: 'must', message, ...found });
    throw new CaseFailed(message);
  }
}

/** What a message says, where it is whole. */
function asJson(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
