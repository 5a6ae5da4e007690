/**
 * Targets and endpoints: how to obtain something that speaks QMP, and what can be done with it besides QMP.
 * A target is a recipe and has no state; each `start` gives one endpoint. Every target that can start one passes
 * the contract suite in `target-contract.ts`.
 */

import type { Implementation } from '../../reports/record.ts';
import type { Schema } from '../../spec/model.ts';
import type { Quirks } from '../qmp/quirks.ts';
import type { Transport } from '../transports/transport.ts';

/** An image made before the endpoint starts. `path` is relative to the scratch directory. */
export interface ImageSpec {
  readonly path: string;
  /** `raw` is made by us; every other format by qemu-img (the case is skipped without it). */
  readonly format: string;
  /** Bytes. */
  readonly size: number;
  /** qemu-img's `-o`. */
  readonly options?: string;
  /** Relative path of the backing image, made before. */
  readonly backing?: { readonly path: string; readonly format: string };
  /** Fill: every range holds the repeated byte. Offset and length in bytes. */
  readonly fill?: readonly { readonly offset: number; readonly length: number; readonly byte: number }[];
}

/** What a case starts from. `@DIR@` in an option or command stands for the endpoint's scratch directory. */
export interface Topology {
  /** Slug; endpoints are shared between cases of equal topology. */
  readonly name: string;
  readonly images: readonly ImageSpec[];
  /** QEMU options that concern block devices: `-blockdev`, `-object`, `-drive`, `-device`, `-machine`. */
  readonly options: readonly string[];
  /** Number of monitors; at least 1. */
  readonly monitors: number;
}

/** What a target can do beyond the block API; a case that needs more is skipped, with the reason. */
export interface TargetCapabilities {
  /** `-device`, trays and guest I/O. */
  readonly guestDevices: boolean;
  /** Takes `-drive`: it has devices of the block layer, with and without medium. */
  readonly drives: boolean;
  /** `-qtest`: what a guest's CPU does at its ports, over a socket. */
  readonly qtest: boolean;
  /** `human-monitor-command`. */
  readonly humanMonitor: boolean;
  /** It was started by us: topology, restart and process watch are possible. */
  readonly owned: boolean;
  /** The endpoint sees the same file system as we do. */
  readonly sharedFiles: boolean;
  /** Most monitors it can have. */
  readonly monitors: number;
  /** A monitor takes a new client after the first has gone. */
  readonly reconnects: boolean;
}

export interface StartRequest {
  readonly topology: Topology;
  /** An empty directory that belongs to this endpoint alone; removed by whoever made it. */
  readonly scratch: string;
  /** That directory as the endpoint sees it. Default: as we see it. */
  readonly dir?: string;
  /** Milliseconds from the start of a program to its greeting. Default: as of `DEFAULT_TIME_LIMITS`. */
  readonly startTimeout?: number | undefined;
  /** It does not greet: nothing is waited for. */
  readonly silent?: boolean | undefined;
  /** Added to the environment of a child. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Words before the command of a child: a debugger that starts it. Targets without a child ignore them. */
  readonly under?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** How an endpoint ended. An endpoint that has no process has neither code nor signal. */
export interface ExitInfo {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A running endpoint. Who started it stops it. */
export interface Endpoint {
  /** Command line without the program's own path, or the address. */
  readonly argv: readonly string[];
  /** The scratch directory as the endpoint sees it. */
  readonly dir: string;
  /**
   * Connects to monitor `index` (0 is the first). The greeting has not been read yet. `signal` ends the waiting for an
   * endpoint that somebody else starts.
   */
  openMonitor(index: number, signal?: AbortSignal): Promise<Transport>;
  /** Resolves when the process (or the embedded endpoint) has ended. Never rejects. */
  readonly exited: Promise<ExitInfo>;
  readonly running: boolean;
  /** Process id where there is one, for memory and descriptor counts. */
  readonly pid?: number;
  /** Time passes for it only in `settle`; whoever waits for something must let it pass. */
  readonly virtualTime?: boolean;
  /** Milliseconds on its virtual clock. */
  virtualNow?(): number;
  /** Last lines it wrote to stderr, oldest first. */
  lastWords(): readonly string[];
  /**
   * Lets `milliseconds` pass for the endpoint. With an injected clock (embedded reference) that clock is advanced
   * and everything due has happened on return; otherwise real time passes. An injected clock stops as soon as it is
   * `enough`, if that is given.
   */
  settle(milliseconds: number, enough?: () => boolean): Promise<void>;
  /**
   * Ends it as gently as it can (quit, SIGTERM, SIGKILL), frees sockets and files. `atOnce`: it is known to hang, and
   * gets no time. Idempotent, never rejects.
   */
  stop(atOnce?: boolean): Promise<ExitInfo>;
  /**
   * Ends it as a crash does: what it has in memory only is lost. What is left of it `stop` frees, which must not come before
   * its files have served. Absent: `stop` at once does all of that. Never rejects.
   */
  kill?(): Promise<ExitInfo>;
}

/** How an endpoint is to end before it is started again: as gently as it can, or as by a crash. */
export type RestartKind = 'stop' | 'kill';

/** A schema that the user gave for a target, and the name under which it was given. */
export interface GivenSchema {
  readonly name: string;
  readonly schema: Schema;
  /** Endpoints that have an introspection are tested by that. */
  readonly onlyWithoutOwn?: true;
}

/** A folder for scratch folders, as we and as the endpoint see it. Absolute paths. */
export interface SharedFolder {
  readonly here: string;
  readonly there: string;
}

/** How long to wait for an endpoint that is not ours to start, and what somebody gave us to start it with. */
export interface Comeback {
  /** Milliseconds for it to come, or to come back. */
  readonly wait?: number | undefined;
  /** Shell command that starts it again, run where it cannot be reached. */
  readonly restart?: string | undefined;
}

/** How to get an endpoint. Making a target starts nothing. */
export interface Target {
  /** As given to `--target`. */
  readonly name: string;
  readonly capabilities: TargetCapabilities;
  /** How an endpoint that somebody else starts is waited for. Absent: it is there, or it is not. */
  readonly comeback?: Comeback | undefined;
  /** How its endpoints break the protocol, where that is known: given by the config file, or found by an earlier probe. */
  readonly quirks?: Quirks;
  /** What its endpoints are tested by in place of their own introspection. */
  readonly schema?: GivenSchema;
  /** Absent: it is not known whose work the endpoint is. */
  readonly implementation?: Implementation;
  /** Where the scratch folders of its endpoints are. Default: the system's temporary folder. */
  readonly folder?: SharedFolder;
  /** Null if it can be used here, else why not ("qemu-system-x86_64: not found in PATH"). */
  unavailable(): Promise<string | null>;
  /** Resolves when it takes connections. Rejects with `StartError`; then nothing is left behind. */
  start(request: StartRequest): Promise<Endpoint>;
}

/**
 * Ends an endpoint of the target and starts another with the same options over the files that it left. Whoever calls this
 * stops both. Rejects with `StartError` if the new one does not come up.
 */
export async function startAgain(
  target: Target,
  ended: Endpoint,
  request: StartRequest,
  how: RestartKind,
): Promise<Endpoint> {
  await (how === 'kill' ? (ended.kill?.() ?? ended.stop(true)) : ended.stop());
  return target.start({ ...request, topology: { ...request.topology, images: [] } });
}

/** The same target, whose quirks are known. */
export function withQuirks(target: Target, quirks: Quirks): Target {
  return { ...target, quirks };
}

/** The endpoint did not come up. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly exit: ExitInfo | null;
  readonly lastWords: readonly string[];

  constructor(message: string, exit: ExitInfo | null = null, lastWords: readonly string[] = []) {
    super(message);
    this.exit = exit;
    this.lastWords = lastWords;
  }
}

/** A `StartError` that tells how the endpoint ended, if it did, and its last words. */
export function startFault(what: string, exit: ExitInfo | null, words: readonly string[]): StartError {
  const how = exit === null ? '' : exit.signal === null ? ` (exit ${exit.code})` : ` (${exit.signal})`;
  return new StartError([`${what}${how}`, ...words].join('\n'), exit, words);
}

/** This target, or this host, cannot make the topology: a reason to skip, not a fault of anyone. */
export class UnsupportedTopology extends StartError {}
