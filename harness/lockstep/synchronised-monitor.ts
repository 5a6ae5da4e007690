/**
 * A case's monitors and its context on one side of a lockstep run. What is exchanged waits for the other sides. `event`
 * exchanges nothing and waits for nobody: what an endpoint tells by itself comes when it comes. `close` waits for nobody
 * either, but is done after what the case has sent before it.
 */
import type { Deviation, QuirkRecord } from '../../reports/record.ts';
import type { Json, JsonObject } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import type {
  CaseContext,
  Detail,
  EventReply,
  ExportClient,
  MonitorHandle,
  QmpErrorReply,
  RawReplies,
  Refusal,
} from '../cases/case.ts';
import type { RequiredText } from '../cases/case-text.ts';
import type { ExitInfo, RestartKind, TargetCapabilities } from '../targets/target.ts';
import type { SideState } from './side-state.ts';

/** Waits for the other sides. */
export type Arrive = () => Promise<void>;

/** What a monitor needs of its side. */
export interface Synchronisation {
  readonly state: SideState;
  readonly arrive: Arrive;
}

export class SynchronisedMonitor implements MonitorHandle {
  readonly #monitor: MonitorHandle;
  readonly #index: number;
  readonly #state: SideState;
  readonly #arrive: Arrive;
  /** Resolved when all that was asked of this monitor is sent. */
  #sent: Promise<void> = Promise.resolve();

  constructor(monitor: MonitorHandle, index: number, { state, arrive }: Synchronisation) {
    this.#monitor = monitor;
    this.#index = index;
    this.#state = state;
    this.#arrive = arrive;
  }

  get greeting(): JsonObject {
    return this.#monitor.greeting;
  }

  execute(command: string, args?: JsonObject): Promise<Json> {
    return this.#exchange(command, () => this.#monitor.execute(command, args));
  }

  refused(command: string, args: JsonObject | undefined, refusal?: Refusal): Promise<QmpErrorReply> {
    return this.#exchange(command, () => this.#monitor.refused(command, args, refusal));
  }

  request(message: JsonObject): Promise<JsonObject> {
    const { execute } = message;
    const command = typeof execute === 'string' ? execute : undefined;
    return this.#exchange(command, () => this.#monitor.request(message));
  }

  raw(bytes: string | Uint8Array | readonly string[]): Promise<RawReplies> {
    return this.#exchange(undefined, () => this.#monitor.raw(bytes));
  }

  event(name: string, data?: JsonObject): Promise<EventReply> {
    return this.#monitor.event(name, data);
  }

  pending(): readonly EventReply[] {
    return this.#monitor.pending();
  }

  told(): readonly EventReply[] {
    return this.#monitor.told();
  }

  async close(): Promise<void> {
    await this.#sent;
    await this.#monitor.close();
  }

  async #exchange<T>(command: string | undefined, send: () => Promise<T>): Promise<T> {
    const exchange = this.#state.announce(this.#index, command);
    const arrived = this.#arrive();
    this.#sent = Promise.all([this.#sent, arrived]).then(() => undefined);
    await arrived;
    const number = this.#state.begin(exchange);
    try {
      return await send();
    } finally {
      this.#state.end(number);
    }
  }
}

/** Its first monitor and all others that it gives are synchronised. */
export class SynchronisedContext extends SynchronisedMonitor implements CaseContext {
  readonly scratch: string;
  readonly dir: string;
  readonly schema: Schema;
  readonly endpointSchema: Schema;
  readonly capabilities: TargetCapabilities;
  readonly virtualTime: boolean;
  readonly quirks: readonly QuirkRecord[];
  readonly seed: number;
  readonly #t: CaseContext;
  readonly #synchronisation: Synchronisation;

  constructor(t: CaseContext, synchronisation: Synchronisation) {
    super(t, 0, synchronisation);
    this.scratch = t.scratch;
    this.dir = t.dir;
    this.schema = t.schema;
    this.endpointSchema = t.endpointSchema;
    this.capabilities = t.capabilities;
    this.virtualTime = t.virtualTime;
    this.quirks = t.quirks;
    this.seed = t.seed;
    this.#t = t;
    this.#synchronisation = synchronisation;
  }

  name(prefix: string): string {
    return this.#t.name(prefix);
  }

  async monitor(index: number): Promise<MonitorHandle> {
    return new SynchronisedMonitor(await this.#t.monitor(index), index, this.#synchronisation);
  }

  async unnegotiated(index: number): Promise<MonitorHandle> {
    return new SynchronisedMonitor(await this.#t.unnegotiated(index), index, this.#synchronisation);
  }

  async freshSession(): Promise<MonitorHandle> {
    return new SynchronisedMonitor(await this.#t.freshSession(), 1, this.#synchronisation);
  }

  exportClient(socket: string, name: string): Promise<ExportClient> {
    return this.#t.exportClient(socket, name);
  }

  elapse(milliseconds: number): Promise<void> {
    return this.#t.elapse(milliseconds);
  }

  qtest(lines: readonly string[]): Promise<string[]> {
    return this.#t.qtest(lines);
  }

  takeInterrupts(): string[] {
    return this.#t.takeInterrupts();
  }

  hangUpQtest(): Promise<void> {
    return this.#t.hangUpQtest();
  }

  timed(act: () => Promise<unknown>): Promise<number> {
    return this.#t.timed(act);
  }

  roundTrip(): Promise<void> {
    return this.#t.roundTrip();
  }

  ended(): Promise<ExitInfo> {
    return this.#t.ended();
  }

  restart(how?: RestartKind): Promise<void> {
    return this.#t.restart(how);
  }

  check(condition: boolean, required: RequiredText, observed: string, detail?: Detail): asserts condition {
    this.#t.check(condition, required, observed, detail);
  }

  equal(got: Json, expected: Json, required: RequiredText, detail?: Detail): void {
    this.#t.equal(got, expected, required, detail);
  }

  contains(got: Json, expected: Json, required: RequiredText, detail?: Detail): void {
    this.#t.contains(got, expected, required, detail);
  }

  fail(required: RequiredText, observed: string, detail?: Detail): never {
    return this.#t.fail(required, observed, detail);
  }

  get deviations(): readonly Deviation[] {
    return this.#t.deviations;
  }

  restartTranscript(): void {
    this.#synchronisation.state.restart();
    this.#t.restartTranscript();
  }

  info(message: string): void {
    this.#t.info(message);
  }

  skip(reason: string): never {
    return this.#t.skip(reason);
  }

  sideAction(name: string, act: () => Promise<void>): Promise<void> {
    return this.#t.sideAction(name, act);
  }

  cleanup(undo: () => Promise<void>): void {
    this.#t.cleanup(undo);
  }
}
