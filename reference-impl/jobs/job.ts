/**
 * A job: work on block nodes that goes on while the monitor is served, from its creation to its end.
 *
 * What is done is a `JobDriver` (backup, mirror, stream, commit). This file has what all jobs share: the state and its
 * events, pausing and waiting, speed, errors. How jobs end, alone or together, is in `job-txn.ts`.
 */
import type {
  BlockDeviceIoStatus,
  BlockdevOnError,
  BlockErrorAction,
  BlockJobStatus,
  BlockJobType,
  BlockJobVerb,
} from '../../spec/generated/qmp.ts';
import type { JsonObject } from '../../spec/json.ts';
import { errorAction } from '../backend/error-action.ts';
import { IoError } from '../host/errno.ts';
import { CommandError } from '../qapi/command-error.ts';
import { integer } from '../qapi/json/wire-value.ts';
import type { Services } from '../services/services.ts';
import type { JobDriver, JobOptions } from './job-driver.ts';
import { JobProgress } from './job-progress.ts';
import { assertTransition, assertVerb } from './job-status.ts';
import { JobTxn } from './job-txn.ts';
import { JobWaiting } from './job-waiting.ts';
import { type MainLoop, untilAllWait } from './main-loop.ts';
import { RateLimit } from './rate-limit.ts';

/** How long what fails is left alone before it is tried again. */
const RETRY_NS = 1_000_000n;

/** Throws `CommandError` for bytes a second that no job can have. */
export function checkSpeed(speed: number | bigint = 0): void {
  if (speed < 0) throw new CommandError("Invalid parameter 'speed'");
}

/** A job under its id, from its creation until it is dismissed. */
export class Job {
  readonly id: string;
  readonly driver: JobDriver;
  readonly autoFinalize: boolean;
  readonly autoDismiss: boolean;
  readonly txn: JobTxn;
  readonly limit: RateLimit;
  readonly #loop: MainLoop;
  readonly progress = new JobProgress((from, to) =>
    this.#services.jobProgressed?.(this.driver.type, from, to),
  );
  readonly #services: Services;
  readonly #onDismissed: (job: Job) => void;
  #status: BlockJobStatus = 'undefined';
  #speed = 0n;
  #started = false;
  #ready = false;
  #cancelled = false;
  #ioStatus: BlockDeviceIoStatus = 'ok';
  #error: IoError | undefined;
  #completed = false;
  /** Drained sections that last. */
  #drains = 0;
  /** Paused by the user, or by an error that stops it. */
  #userPaused = false;
  /** An error was ignored since the work waited. */
  #ignored = false;
  readonly #waiting: JobWaiting;
  #body: Promise<IoError | undefined> | undefined;
  #bodyDone = false;
  #exit: Promise<void> | undefined;
  #dismissal: Promise<void> | undefined;

  /** `onDismissed`: called when the job is gone. */
  constructor(
    services: Services,
    loop: MainLoop,
    options: JobOptions,
    onDismissed: (job: Job) => void = () => {},
  ) {
    this.#services = services;
    this.#onDismissed = onDismissed;
    this.#loop = loop;
    this.id = options.id;
    this.driver = options.driver;
    this.autoFinalize = options.autoFinalize ?? true;
    this.autoDismiss = options.autoDismiss ?? true;
    this.#waiting = new JobWaiting(services.clock, loop);
    this.limit = new RateLimit(services.clock);
    this.#applySpeed(options.speed ?? 0n);
    this.txn = options.txn ?? new JobTxn();
    this.txn.add(this);
    this.become('created');
  }

  get status(): BlockJobStatus {
    return this.#status;
  }

  /** Bytes a second; 0 for no limit. */
  get speed(): bigint {
    return this.#speed;
  }

  get started(): boolean {
    return this.#started;
  }

  /** The work is done as far as it can be until `block-job-complete`. */
  get ready(): boolean {
    return this.#ready;
  }

  /** The job has been asked to end, and not by `block-job-complete`. */
  get cancelled(): boolean {
    return this.#cancelled;
  }

  get ioStatus(): BlockDeviceIoStatus {
    return this.#ioStatus;
  }

  /** Why the job ends without success. */
  get error(): IoError | undefined {
    return this.#error;
  }

  /** The work has ended, the graph is changed; the transaction has been told. */
  get completed(): boolean {
    return this.#completed;
  }

  get type(): BlockJobType {
    return this.driver.type;
  }

  // --- The life of the work ---

  /** Begins the work. Resolves when it waits for the first time, be it only for its next turn. */
  async start(): Promise<void> {
    this.#started = true;
    this.become('running');
    this.#waiting.begin();
    this.#body = this.#run();
    await untilAllWait();
  }

  async #run(): Promise<IoError | undefined> {
    const error = await this.#work();
    this.#bodyDone = true;
    this.#waiting.ended();
    this.#loop
      .defer(() => this.finish())
      .catch((fault: unknown) => this.#services.log(`job '${this.id}' broke: ${String(fault)}`));
    return error;
  }

  async #work(): Promise<IoError | undefined> {
    try {
      await this.driver.run(this);
      return undefined;
    } catch (error) {
      if (error instanceof IoError) return error;
      throw error;
    }
  }

  /** Waits for the work to end, changes the graph, and tells the transaction. Does so once. Outside of any command. */
  finish(): Promise<void> {
    this.#exit ??= this.#finish();
    return this.#exit;
  }

  async #finish(): Promise<void> {
    this.#error = await this.#body;
    try {
      await this.driver.exit?.(this, this.#error);
    } catch (error) {
      if (!(error instanceof IoError)) throw error;
      this.#error ??= error;
    }
    if (this.#cancelled) this.failAsCancelled();
    this.#completed = true;
    await this.txn.jobCompleted(this);
  }

  // --- Waiting: called by the work ---

  /** Lets `ns` pass, or only a turn of the main loop; less if the job is cancelled or woken. Then pauses if asked to. */
  async sleep(ns = 0n): Promise<void> {
    if (this.#cancelled) return;
    // What may fail again and again must let time pass, or nobody else gets a turn to end it.
    const least = this.#ignored ? RETRY_NS : 0n;
    this.#ignored = false;
    if (!this.paused) await this.#waiting.yield(ns === 0n ? least : ns);
    await this.pausePoint();
  }

  /** Waits until somebody wakes the job. */
  async wait(): Promise<void> {
    if (this.#cancelled) return;
    if (!this.paused) await this.#waiting.yield(undefined);
    await this.pausePoint();
  }

  async pausePoint(): Promise<void> {
    if (!this.paused || this.#cancelled) return;
    await this.driver.pause?.();
    if (!this.paused || this.#cancelled) return;
    this.become(this.#status === 'ready' ? 'standby' : 'paused');
    await this.#waiting.yield(undefined);
    this.become(this.#status === 'standby' ? 'ready' : 'running');
  }

  /** Lets the work go on where it waits, unless it is about to end. */
  enter(): void {
    this.#waiting.enter();
  }

  // --- Pausing ---

  /** The work rests where it waits next, and until nobody wants that any more. */
  get paused(): boolean {
    return this.#userPaused || this.#drains > 0;
  }

  #resume(): void {
    if (!this.paused) this.enter();
  }

  /** Pauses the job while a drained section lasts; resolves when it rests. */
  async drainedBegin(): Promise<void> {
    this.#drains += 1;
    if (this.#waiting.busy && !this.#bodyDone) await this.#waiting.atRest();
  }

  drainedEnd(): void {
    this.#drains -= 1;
    this.#resume();
  }

  // --- What the work tells ---

  become(status: BlockJobStatus): void {
    assertTransition(this.#status, status);
    this.#status = status;
  }

  becomeReady(): void {
    this.#ready = true;
    this.become('ready');
    this.#services.emit('BLOCK_JOB_READY', this.#position());
  }

  /** A request has failed: tells it and applies the policy. The caller gives up if the action is `report`. */
  failed(operation: 'read' | 'write', policy: BlockdevOnError, error: IoError): BlockErrorAction {
    const action = errorAction(policy, error);
    this.#services.emit('BLOCK_JOB_ERROR', { device: this.id, operation, action });
    if (action === 'ignore') this.#ignored = true;
    if (action === 'stop') {
      this.#userPaused = true;
      if (this.#ioStatus === 'ok') this.#ioStatus = error.code === 'ENOSPC' ? 'nospace' : 'failed';
    }
    return action;
  }

  /** A job that is told to stop may be as good as done: it ends with success. */
  endWell(): void {
    this.#cancelled = false;
  }

  failAsCancelled(): void {
    this.#error ??= new IoError('ECANCELED');
  }

  tellEnd(): void {
    if (!this.#started) return;
    if (this.#cancelled) this.#services.emit('BLOCK_JOB_CANCELLED', this.#position());
    else
      this.#services.emit('BLOCK_JOB_COMPLETED', {
        ...this.#position(),
        ...(this.#error ? { error: this.#error.message } : {}),
      });
  }

  tellPending(): void {
    this.#services.emit('BLOCK_JOB_PENDING', { type: this.type, id: this.id });
  }

  #position() {
    const { len, offset } = this.progress;
    return { device: this.id, len, offset, speed: integer(this.#speed), type: this.type };
  }

  /** `BlockJobInfo` */
  describe(): JsonObject {
    return {
      'io-status': this.#ioStatus,
      busy: this.#waiting.busy,
      status: this.#status,
      paused: this.paused,
      ready: this.#ready,
      ...this.#position(),
    };
  }

  // --- Verbs: called by commands ---

  assertVerb(verb: BlockJobVerb): void {
    assertVerb(this.id, this.#status, verb);
  }

  userPause(): void {
    this.assertVerb('pause');
    if (this.#userPaused) throw new CommandError('Job is already paused');
    this.#userPaused = true;
  }

  userResume(): void {
    if (!this.#userPaused) throw new CommandError("Can't resume a job that was not paused");
    this.assertVerb('resume');
    this.#ioStatus = 'ok';
    this.#userPaused = false;
    this.#resume();
  }

  setSpeed(speed: bigint): void {
    this.assertVerb('set-speed');
    const before = this.#speed;
    this.#applySpeed(speed);
    // A lower limit does not cut short a wait.
    if ((speed === 0n || speed > before) && !this.paused) this.enter();
  }

  #applySpeed(speed: bigint): void {
    checkSpeed(speed);
    this.#speed = speed;
    this.limit.speed = speed;
  }

  complete(): void {
    this.assertVerb('complete');
    if (this.paused || this.#cancelled)
      throw new CommandError(`The active block job '${this.id}' cannot be completed`);
    this.driver.complete!();
    this.enter();
  }

  async userCancel(force: boolean): Promise<void> {
    if (this.#userPaused && !force)
      throw new CommandError(`The block job for device '${this.id}' is currently paused`);
    this.assertVerb('cancel');
    await this.cancel();
  }

  /** Asks the job to end; a job whose work has ended takes its transaction with it. */
  async cancel(): Promise<void> {
    if (this.#status === 'concluded') {
      await this.dismiss();
      return;
    }
    this.cancelAsync();
    if (!this.#started || this.#completed) await this.txn.abort(this);
    else this.enter();
  }

  cancelAsync(): void {
    this.#ioStatus = 'ok';
    this.#userPaused = false;
    this.#cancelled = true;
  }

  /** Ends the job, however long that takes. Outside of any command. */
  async cancelSync(): Promise<void> {
    await this.cancel();
    if (this.#status !== 'null') await this.finish();
    // What it lets go of may take its time.
    await this.#dismissal;
  }

  async finalize(): Promise<void> {
    this.assertVerb('finalize');
    await this.txn.finalize();
  }

  async userDismiss(): Promise<void> {
    this.assertVerb('dismiss');
    await this.dismiss();
  }

  dismiss(): Promise<void> {
    this.#dismissal ??= this.#dismiss();
    return this.#dismissal;
  }

  async #dismiss(): Promise<void> {
    this.become('null');
    await this.driver.free();
    this.#onDismissed(this);
  }
}
