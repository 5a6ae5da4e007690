/**
 * The reference as a library: what `harness/targets/reference.ts`, `qmpcheck serve` and the benchmarks use.
 * The rest of `reference-impl` is not meant for the outside.
 */
import type { Clock } from './host/clock.ts';
import type { Fault } from './monitor/fault-plan.ts';
import type { MonitorPipe } from './monitor/memory-peer.ts';
import type { Dialect } from './options/argv.ts';

export type { Clock } from './host/clock.ts';
export type { MonitorPipe } from './monitor/memory-peer.ts';
export { OptionError } from './options/argv.ts';

export interface ReferenceOptions {
  /** QEMU options: `-blockdev`, `-object`, `-drive`, `-qmp`, `-chardev`, `-mon` … as separate words. */
  readonly argv: readonly string[];
  /** Whose command line `argv` is; told by its options if absent. */
  readonly dialect?: Dialect;
  /** Relative file names are taken from here. */
  readonly cwd: string;
  /** Monitors for clients in memory, before those that options make; default: options make them all. */
  readonly monitors?: number;
  readonly clock?: Clock;
  /** Takes the arguments `auto-finalize` and `auto-dismiss` of QEMU 2.12, which came after the spec. */
  readonly jobLifecycle?: boolean;
  /** What is to go wrong; `kill` ends the process on the spot. */
  readonly faults?: { readonly plan: readonly Fault[]; readonly kill: () => void };
  /** 32 random bits a call; for auto-generated names and ids. */
  readonly random?: () => number;
  /** Where warnings go, a line each; default: dropped. */
  readonly log?: (line: string) => void;
  /** Where lines go that the user asked for: help, versions, the names of terminals; default: dropped. */
  readonly print?: (line: string) => void;
}

/** A running endpoint. */
export interface Reference {
  /** Connects a client in memory to monitor `index`; the greeting comes through `data`. */
  connect(index: number, client: { data(bytes: Uint8Array): void; end(): void }): MonitorPipe;
  /** Resolves when nothing is being executed and no I/O is outstanding; timers of the clock do not count. */
  idle(): Promise<void>;
  /** Pieces of I/O that have ended so far: tells work that goes on from work that waits for somebody else. */
  readonly worked: number;
  /** How many have begun. */
  readonly begun: number;
  /** I/O is outstanding that waits for no peer, and so ends as soon as the host has done it. */
  readonly endsByItself: boolean;
  /** Resolves with the exit status after `quit`, a signal or `stop`. Everything is flushed and closed by then. */
  readonly exited: Promise<number>;
  stop(): Promise<void>;
}
