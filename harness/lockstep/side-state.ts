/**
 * One side of a lockstep run while its case runs: its endpoint, its exchanges, whether jobs may be there, its snapshots.
 * Its transitions are here; who synchronises the sides tells it what happened and asks what follows.
 */
import { mayStartJob } from '../../spec/effects/effects-of.ts';
import type { Schema } from '../../spec/model.ts';
import type { CaseContext } from '../cases/case.ts';
import { isQuery } from '../checks/query-changes-nothing.ts';
import type { Session } from '../runner/endpoint-session.ts';
import type { SnapshotWithContents } from '../state/snapshot-with-contents.ts';

/** An exchange that the case has come to, before it waits for the other sides. */
export interface AnnouncedExchange {
  readonly monitor: number;
  /** Absent: raw bytes, or a message without a command. */
  readonly command: string | undefined;
  /** Exchanges that were in flight then, with their monitors. */
  readonly meanwhile: ReadonlyMap<number, number>;
}

export class SideState {
  readonly endpointSchema: Schema;
  #session: Session | null = null;
  #context: CaseContext | null = null;
  #isOver = false;
  /** Exchanges begun since the transcript began. */
  #exchanges = 0;
  /** Numbers of those not answered yet, with their monitors. */
  readonly #inFlight = new Map<number, number>();
  readonly #overlapped = new Set<number>();
  #mayHaveJobs = false;
  #mayHaveNewJobs = false;
  #changed = false;
  readonly #snapshots = new Map<number, SnapshotWithContents>();

  constructor(endpointSchema: Schema) {
    this.endpointSchema = endpointSchema;
  }

  /** The endpoint is there. */
  connect(session: Session): void {
    this.#session = session;
  }

  /** Ends the use of the endpoint's session. */
  disconnect(): void {
    this.#session = null;
  }

  /** The case has begun. Snapshots are taken of a side with a context only. */
  beginCase(context: CaseContext | null): void {
    this.#context = context;
  }

  /** The case's body is over; what follows is a last snapshot. */
  endBody(): void {
    this.#isOver = true;
  }

  /** The case is over. */
  endCase(): void {
    this.#context = null;
  }

  /** The case has come to an exchange on this monitor, and waits for the other sides. */
  announce(monitor: number, command: string | undefined): AnnouncedExchange {
    return { monitor, command, meanwhile: new Map(this.#inFlight) };
  }

  /** An exchange is sent. Gives its number, from 1, which is that of its step in the transcript. */
  begin({ monitor, command, meanwhile }: AnnouncedExchange): number {
    this.#exchanges += 1;
    const number = this.#exchanges;
    const together = new Map([...meanwhile, ...this.#inFlight]);
    if (together.size > 0) this.#overlapped.add(number);
    // One monitor's commands are carried out in order, those of several in any.
    for (const [other, where] of together) if (where !== monitor) this.#overlapped.add(other);
    if (!isQuery(command)) this.#changed = true;
    if (command !== undefined && mayStartJob(command)) {
      this.#mayHaveJobs = true;
      this.#mayHaveNewJobs = true;
    }
    this.#inFlight.set(number, monitor);
    return number;
  }

  /** An exchange was answered, or nobody waits for its answer any more. */
  end(number: number): void {
    this.#inFlight.delete(number);
  }

  /** The transcript begins anew, and with it the numbers of exchanges. Called when nothing is in flight. */
  restart(): void {
    this.#exchanges = 0;
    this.#overlapped.clear();
    this.#snapshots.clear();
  }

  /** Jobs were asked for. `any`: some are there, or may be. */
  sawJobs(any: boolean): void {
    this.#mayHaveJobs = any;
    this.#mayHaveNewJobs = false;
  }

  /** A snapshot is being taken: what changes from here on is not in it. */
  beginSnapshot(): void {
    this.#changed = false;
  }

  /** `number`: of the exchange before it. */
  keepSnapshot(number: number, snapshot: SnapshotWithContents): void {
    this.#snapshots.set(number, snapshot);
  }

  get session(): Session | null {
    return this.#session;
  }

  /** The case's own, for as long as snapshots may be taken. */
  get context(): CaseContext | null {
    return this.#context;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get exchanges(): number {
    return this.#exchanges;
  }

  /** Numbers of exchanges at which chance decides how far others in flight are. */
  get overlapped(): ReadonlySet<number> {
    return this.#overlapped;
  }

  /** A command may have started a job that is there still. */
  get mayHaveJobs(): boolean {
    return this.#mayHaveJobs;
  }

  /** It has done so since jobs were asked for last. */
  get mayHaveNewJobs(): boolean {
    return this.#mayHaveNewJobs;
  }

  /** A command may have changed something since the last snapshot. */
  get changedSinceSnapshot(): boolean {
    return this.#changed;
  }

  /** By number of the exchange before it. */
  get snapshots(): ReadonlyMap<number, SnapshotWithContents> {
    return this.#snapshots;
  }

  /** Whether the endpoint can be asked something outside of the case. */
  get isUsable(): boolean {
    const session = this.#session;
    return session !== null && session.main !== null && session.endpoint.running;
  }

  /** Whether a snapshot can be taken: the case runs, and waits for no answer. */
  get isQuiet(): boolean {
    return this.#context !== null && this.isUsable && this.#inFlight.size === 0;
  }
}
