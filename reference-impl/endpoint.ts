/**
 * The reference as a library: what `harness/targets/reference.ts`, `qmpcheck serve` and the benchmarks use.
 * Nothing else of `reference-impl` is meant for the outside.
 */

/** Time, in nanoseconds since the start of the endpoint. Real by default, advanced by hand in tests and replays. */
export interface Clock {
  now(): bigint;
  /** Wall clock in microseconds since the epoch, for event timestamps. */
  wall(): bigint;
  /** Calls back once after `ns`. The result cancels it. */
  after(ns: bigint, callback: () => void): () => void;
}

export interface ReferenceOptions {
  /** QEMU options: `-blockdev`, `-object`, `-drive`, `-qmp`, `-chardev`, `-mon` … as separate words. */
  readonly argv: readonly string[];
  /** Relative file names are taken from here. */
  readonly cwd: string;
  readonly clock?: Clock;
  /** Takes the arguments `auto-finalize` and `auto-dismiss` of QEMU 2.12, which the spec's version lacks. */
  readonly jobLifecycle?: boolean;
  /** 32 random bits a call; for auto-generated names and ids. */
  readonly random?: () => number;
  /** Where warnings go, a line each; default: dropped. */
  readonly log?: (line: string) => void;
}

/** The endpoint's side of one monitor connection that exists in memory. */
export interface MonitorPipe {
  /** Bytes from the client. */
  write(bytes: Uint8Array): void;
  /** The client has gone. */
  end(): void;
}

export interface Reference {
  /** Connects a client in memory to monitor `index`; the greeting comes through `data`. */
  connect(index: number, client: { data(bytes: Uint8Array): void; end(): void }): MonitorPipe;
  /** Resolves when nothing is being executed and no I/O is outstanding; timers of the clock do not count. */
  idle(): Promise<void>;
  /** Pieces of I/O that have ended so far: tells work that goes on from work that waits for somebody else. */
  readonly worked: number;
  /** Resolves with the exit status after `quit`, a signal or `stop`. Everything is flushed and closed by then. */
  readonly exited: Promise<number>;
  stop(): Promise<void>;
}

/** An option was refused. `message` is what QEMU would print after its own name. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
}
