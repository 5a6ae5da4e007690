/** The context that a case is given: its first monitor, its statements, its surroundings. */

import { join } from 'node:path';
import { hash32 } from '../../generators/hash.ts';
import type { Deviation, QuirkRecord, Severity } from '../../reports/record.ts';
import type { Json } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import { type Requirement, requirements } from '../../spec/requirements/index.ts';
import type { CaseContext, CaseDefinition, Detail, ExportClient, MonitorHandle } from '../cases/case.ts';
import { type RequiredText, shownDifference, twoHalves } from '../cases/case-text.ts';
import { NbdClient, NbdError } from '../nbd/nbd-client.ts';
import { quirkRecords } from '../qmp/quirks.ts';
import { QtestClient } from '../qtest/qtest-client.ts';
import { firstDifference } from '../state/json-difference.ts';
import { type ExitInfo, type RestartKind, StartError, type TargetCapabilities } from '../targets/target.ts';
import { CaseFailed, CaseSkipped } from './case-exit.ts';
import { CaseMonitor } from './case-monitor.ts';
import type { CaseState } from './case-state.ts';
import type { Session } from './endpoint-session.ts';
import { awaitFrom, measuring } from './endpoint-wait.ts';
import type { RunSetting } from './run-setting.ts';

/** Where topologies with `-qtest` have its socket, in the scratch folder. */
const QTEST_SOCKET = 'qtest.sock';
/** What a row of accesses to ports takes: whoever looks at a busy drive again and again lets time pass by it. */
const PORTS_MS = 0.1;

export class RunningCase extends CaseMonitor implements CaseContext {
  readonly scratch: string;
  readonly dir: string;
  readonly schema: Schema;
  readonly endpointSchema: Schema;
  readonly capabilities: TargetCapabilities;
  readonly virtualTime: boolean;
  readonly quirks: readonly QuirkRecord[];
  readonly seed: number;
  /** True once the case has waited for the endpoint's end: then it is no crash. */
  endAwaited = false;
  /** What `info` was told. */
  readonly notes: string[] = [];
  readonly #session: Session;
  readonly #state: CaseState;
  /** Besides the first, which this is. */
  readonly #monitors: CaseMonitor[] = [];
  readonly #tag: string;
  #names = 0;
  #qtest: QtestClient | null = null;

  /** `session` must have its first monitor connected. */
  constructor({ id }: CaseDefinition, session: Session, state: CaseState, setting: RunSetting) {
    super(state, session.main!);
    this.scratch = session.scratch;
    this.dir = session.endpoint.dir;
    this.schema = setting.schema;
    this.endpointSchema = setting.endpointSchema;
    this.capabilities = setting.target.capabilities;
    this.virtualTime = session.endpoint.virtualTime === true;
    this.quirks = setting.quirks ?? quirkRecords(setting.target.quirks ?? {});
    this.seed = hash32(`${setting.seed}/${id}`);
    this.#tag = hash32(id).toString(36).slice(-4);
    this.#session = session;
    this.#state = state;
  }

  async monitor(index: number): Promise<MonitorHandle> {
    return this.#opened(await this.#session.link(index).then((link) => new CaseMonitor(this.#state, link)));
  }

  async unnegotiated(index: number): Promise<MonitorHandle> {
    if (!this.capabilities.reconnects) this.skip('this target can be connected to only once');
    return this.#opened(
      await this.#session.unnegotiated(index).then((link) => new CaseMonitor(this.#state, link)),
    );
  }

  async freshSession(): Promise<MonitorHandle> {
    const link = await this.#session.freshSession();
    if (link === null) this.skip('needs a second connection, and this endpoint serves one client at a time');
    return this.#opened(new CaseMonitor(this.#state, link));
  }

  async exportClient(socket: string, name: string): Promise<ExportClient> {
    const { endpoint, limits } = this.#state;
    const client = await NbdClient.connect(socket, name);
    this.cleanup(async () => client.close());
    const done = <T>(what: string, act: () => Promise<T>): Promise<T> =>
      awaitFrom(endpoint, `an answer to an NBD ${what}`, limits.answerTimeout, act);
    const perform: ExportClient['perform'] = async (request) => {
      try {
        await done(request.kind, () => client.perform(request));
        return 'done';
      } catch (error) {
        if (error instanceof NbdError) return error.reason;
        throw error;
      }
    };
    return {
      size: client.size,
      readOnly: client.readOnly,
      perform,
      read: (offset, length) => done('read', () => client.read(offset, length)),
      write: async (offset, data) => {
        try {
          await done('write', () => client.write(offset, data));
          return true;
        } catch (error) {
          if (error instanceof NbdError) return false;
          throw error;
        }
      },
      close: () => client.close(),
    };
  }

  async elapse(milliseconds: number): Promise<void> {
    this.#state.recorder.begin({ sleep: milliseconds / 1000 }, 0);
    await this.#state.endpoint.settle(milliseconds);
    await this.deliver();
  }

  async qtest(lines: readonly string[]): Promise<string[]> {
    this.#qtest ??= await this.#openQtest();
    const client = this.#qtest;
    const { endpoint, limits } = this.#state;
    let answers: string[] = [];
    await this.sideAction('guest-ports', async () => {
      const what = 'an answer of the qtest socket';
      answers = await awaitFrom(endpoint, what, limits.answerTimeout, () => client.send(lines));
      if (this.virtualTime) await endpoint.settle(PORTS_MS);
    });
    return answers;
  }

  takeInterrupts(): string[] {
    return this.#qtest?.takeInterrupts() ?? [];
  }

  async hangUpQtest(): Promise<void> {
    const client = this.#qtest;
    this.#qtest = null;
    if (client === null) return;
    const { endpoint, limits } = this.#state;
    await awaitFrom(endpoint, 'the end of the qtest socket', limits.answerTimeout, () => client.hangUp());
  }

  async #openQtest(): Promise<QtestClient> {
    const client = await QtestClient.connect(join(this.scratch, QTEST_SOCKET));
    this.cleanup(async () => client.close());
    return client;
  }

  async timed(act: () => Promise<unknown>): Promise<number> {
    const { endpoint } = this.#state;
    const now = () => endpoint.virtualNow?.() ?? performance.now();
    const start = now();
    await measuring(endpoint, act);
    return now() - start;
  }

  async roundTrip(): Promise<void> {
    await this.deliver();
    await this.#session.asking('runner')('query-version');
  }

  ended(): Promise<ExitInfo> {
    this.endAwaited = true;
    if (!this.capabilities.owned) this.skip('the end of an attached endpoint cannot be seen');
    const { endpoint, limits } = this.#state;
    return awaitFrom(endpoint, 'the end of the endpoint', limits.answerTimeout, (signal) => {
      const late = new Promise<never>((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
      });
      return Promise.race([endpoint.exited, late]);
    });
  }

  async restart(how: RestartKind = 'stop'): Promise<void> {
    if (!this.capabilities.owned) this.skip('only an endpoint that is ours can be started again');
    await this.finish();
    this.#monitors.length = 0;
    this.#qtest = null;
    this.#state.recorder.begin({ restart: how }, 0);
    try {
      await this.#session.restart(how);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      this.endAwaited = true;
      this.fail('the endpoint must start again over the files that it left', `it does not: ${error.message}`);
    }
    this.#state.startOver();
    this.relink(await this.#session.link(0));
  }

  name(prefix: string): string {
    this.#names += 1;
    return `${prefix}-q${this.#tag}${this.#names}`;
  }

  check(condition: boolean, required: RequiredText, observed: string, detail?: Detail): asserts condition {
    if (!condition) this.fail(required, observed, detail);
  }

  equal(got: Json, expected: Json, required: RequiredText, detail?: Detail): void {
    const difference = firstDifference(expected, got, '$', { wholeLists: true });
    if (difference !== null) this.#deviate(required, shownDifference(difference), { expected, got }, detail);
  }

  contains(got: Json, expected: Json, required: RequiredText, detail?: Detail): void {
    const missing = firstDifference(expected, got, '$', { subset: true, wholeLists: true });
    if (missing !== null)
      this.#deviate(required, shownDifference(missing), { expected, got, path: missing.path }, detail);
  }

  fail(required: RequiredText, observed: string, detail?: Detail): never {
    this.#deviate(required, observed, {}, detail);
  }

  get deviations(): readonly Deviation[] {
    return [...this.#state.checkRunner.deviations];
  }

  restartTranscript(): void {
    this.#state.restart();
  }

  info(message: string): void {
    this.notes.push(message);
  }

  skip(reason: string): never {
    throw new CaseSkipped(reason);
  }

  cleanup(undo: () => Promise<void>): void {
    this.#state.ledger.enter(undo);
  }

  /** Shows the checks what came last. */
  override async finish(): Promise<void> {
    await super.finish();
    for (const monitor of this.#monitors) await monitor.finish();
    await this.#state.checkRunner.finish();
  }

  #opened(monitor: CaseMonitor): CaseMonitor {
    this.#monitors.push(monitor);
    return monitor;
  }

  #deviate(
    required: RequiredText,
    observed: string,
    found: { expected?: Json; got?: Json; path?: string },
    detail: Detail = {},
  ): never {
    const { path, requirement, got } = detail;
    const level = requirement === undefined ? 'must' : (requirements[requirement] as Requirement).level;
    const severity: Severity = detail.severity ?? level;
    const message = twoHalves(required, observed);
    this.#state.deviate({
      severity,
      message,
      ...(requirement !== undefined && { requirement }),
      ...found,
      ...(path !== undefined && { path }),
      ...(got !== undefined && { got }),
    });
    throw new CaseFailed(message);
  }
}
