/**
 * Drives the checks of one case: calls them around every exchange, in order, and gives them their probe.
 *
 * Hooks never overlap, also when a case has several commands in flight, so that a check sees a command's `before`
 * in the order of sending. State snapshots are kept until something may have changed the state, which makes a
 * check of "nothing changed" cost three short queries, and nothing at all while only queries run.
 */
import type { Deviation } from '../../reports/record.ts';
import type { Json, JsonObject } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import {
  type Check,
  type CheckContext,
  type Exchange,
  type HeldAround,
  type ImageFault,
  isRefused,
} from '../checks/check.ts';
import { isQuery } from '../checks/query-changes-nothing.ts';
import { QmpError } from '../qmp/errors.ts';
import { type Query, type Snapshot, takeSnapshot } from '../state/snapshot.ts';

export interface CheckRunnerPort {
  readonly endpointSchema: Schema;
  readonly execute: Query;
  /** Whether a monitor is there that the probe may use. */
  usable(): boolean;
  lastWords(): readonly string[];
  /** As `Probe.exportsAt`. */
  exportsAt(address: JsonObject): Promise<readonly string[] | 'nobody' | null>;
  /** As `Probe.hasFile`. */
  hasFile(path: string): Promise<boolean | null>;
  /** As `Probe.imageFaults`. */
  imageFaults(path: string): Promise<readonly ImageFault[] | null>;
}

export class CheckRunner {
  readonly deviations: Deviation[] = [];
  /** What is no deviation. */
  readonly notes: string[] = [];
  readonly #port: CheckRunnerPort;
  #seats: readonly { readonly check: Check; readonly context: CheckContext }[] = [];
  /** The exchange that the checks look at now. */
  #exchange: Exchange | undefined;
  #queue: Promise<void> = Promise.resolve();
  #inFlight = 0;
  /** Several commands were in flight at once since none was: which of them changed what cannot be told. */
  #overlapped = false;
  #snapshot: Snapshot | null = null;

  /** `snapshot`: the state now, if it is known. */
  constructor(port: CheckRunnerPort, snapshot: Snapshot | null, checks: readonly Check[]) {
    this.#port = port;
    this.startOver(checks);
    this.#snapshot = snapshot;
  }

  /** Goes on with checks that have seen nothing yet, on an endpoint of which nothing is known. */
  startOver(checks: readonly Check[]): void {
    this.#snapshot = null;
    this.#seats = checks.map((check) => ({ check, context: this.#context(check) }));
  }

  /** Something has come that may tell of another state than the one that is known. */
  forget(): void {
    this.#snapshot = null;
  }

  before(exchange: Exchange): Promise<void> {
    this.#inFlight += 1;
    if (this.#inFlight > 1) this.#overlapped = true;
    return this.#inTurn((check, context) => check.before?.(exchange, context), exchange);
  }

  /** Runs the checks on an exchange, also on one that got no reply. */
  async after(exchange: Exchange): Promise<void> {
    // Whether a refused command really changed nothing, nobody looks while others are in flight.
    const isLookedAt = isRefused(exchange) && !this.#overlapped;
    if (exchange.events.length > 0 || !(isLookedAt || isQuery(exchange.command))) this.#snapshot = null;
    await this.#inTurn((check, context) => check.after?.(exchange, context), exchange);
    this.#inFlight -= 1;
    if (this.#inFlight === 0) this.#overlapped = false;
  }

  /** Events that came with no exchange after them. */
  async trailing(exchange: Exchange): Promise<void> {
    this.#snapshot = null;
    await this.#inTurn((check, context) => check.after?.(exchange, context), exchange);
  }

  finish(): Promise<void> {
    return this.#inTurn((check, context) => check.finish?.(context));
  }

  end(held?: HeldAround): Promise<void> {
    return this.#inTurn((check, context) => check.end?.(context), undefined, held);
  }

  /** The state, if it is known without asking. */
  get known(): Snapshot | null {
    return this.#snapshot;
  }

  /** The state now, if it does not change by itself; what is known from here on. */
  async retake(): Promise<Snapshot | null> {
    await this.#take();
    return this.#snapshot;
  }

  async #take(): Promise<Snapshot | null> {
    this.#snapshot = null;
    if (this.#overlapped) return null;
    const taken = await this.#asked(() => takeSnapshot(this.#port.execute, this.#port.endpointSchema));
    if (taken === null || taken === 'refused') return null;
    const { jobs } = taken;
    if (Array.isArray(jobs) && jobs.length === 0) this.#snapshot = taken;
    return taken;
  }

  /** A query that is refused, or that a dead endpoint owes (null), is for the case and the liveness check to find. */
  async #asked<T>(ask: () => Promise<T>): Promise<T | 'refused' | null> {
    if (!this.#port.usable()) return null;
    try {
      return await ask();
    } catch (error) {
      if (error instanceof QmpError) return 'refused';
      if (this.#port.usable()) throw error;
      return null;
    }
  }

  #ask(command: string, args?: JsonObject): Promise<{ readonly value: Json } | 'refused' | null> {
    return this.#asked(async () => ({ value: await this.#port.execute(command, args) }));
  }

  #inTurn(
    hook: (check: Check, context: CheckContext) => Promise<void> | void,
    exchange?: Exchange,
    held?: HeldAround,
  ): Promise<void> {
    const run = this.#queue.then(async () => {
      this.#exchange = exchange;
      for (const { check, context } of this.#seats) {
        const pending = hook(check, held === undefined ? context : { ...context, held });
        if (pending !== undefined) await pending;
      }
    });
    this.#queue = run.catch(() => undefined);
    return run;
  }

  /** Made once for each check: there are many exchanges. */
  #context(check: Check): CheckContext {
    const { endpointSchema, execute, lastWords, exportsAt, hasFile, imageFaults } = this.#port;
    return {
      endpointSchema,
      probe: {
        query: execute,
        snapshot: async () => (this.#overlapped ? null : (this.#snapshot ?? this.retake())),
        retake: () => this.retake(),
        now: () => this.#take(),
        ask: (command, args) => this.#ask(command, args),
        exportsAt,
        hasFile,
        imageFaults,
      },
      process: { lastWords },
      report: (deviation) =>
        this.deviations.push({
          check: check.id,
          ...(this.#exchange && { exchange: this.#exchange.index }),
          ...deviation,
        }),
      note: (message) => this.notes.push(message),
    };
  }
}
