/**
 * What a case is, and what it can do. Cases know nothing of who runs them: the runner gives them this context on
 * any target, records every exchange and applies the checks. A case states what must hold; it never sleeps.
 */

import type { Deviation, QuirkRecord, Severity } from '../../reports/record.ts';
import type { Json, JsonObject } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import type { RequirementId } from '../../spec/requirements/index.ts';
import type { ExitInfo, RestartKind, TargetCapabilities, Topology } from '../targets/target.ts';
import type { RequiredText } from './case-text.ts';
import type { IoRequest } from './io-request.ts';
import type { NodeKind } from './node-kinds.ts';

/** What the endpoint's schema must offer; a case that needs more is skipped with the name of what is missing. */
export interface Needs {
  readonly commands?: readonly string[];
  readonly events?: readonly string[];
  /** Nodes of these kinds, whatever their driver. */
  readonly nodes?: readonly NodeKind[];
  /** Branches of `BlockdevOptions` that the case is about. */
  readonly drivers?: readonly string[];
  /** QOM types for `object-add` and `-object`. */
  readonly objects?: readonly string[];
  /** Members that were added or removed over time, as `command.member` or `Type.member`. */
  readonly members?: readonly string[];
  readonly capabilities?: readonly (keyof TargetCapabilities)[];
  /** One of these is enough, besides all of the above. */
  readonly oneOf?: readonly Needs[];
}

/**
 * A case: what it needs, what it starts from, and what it does. `needs` and `topology` decide whether it is skipped.
 */
export interface CaseDefinition {
  /** Slug `theme/what-is-tested`; never changes. */
  readonly id: string;
  /** One line for people. */
  readonly title: string;
  /** Never empty. */
  readonly requirements: readonly RequirementId[];
  readonly needs?: Needs;
  /** Absent: no images, no options, one monitor. */
  readonly topology?: Topology;
  /**
   * True: the case looks at a session from its greeting on, by `freshSession`. A second monitor in the topology is for
   * that; where the target has one monitor, a second endpoint or connection serves as well.
   */
  readonly freshSession?: boolean;
  /** True: the case ends or breaks the endpoint or its session (quit, restart, garbage): it gets one of its own. */
  readonly fresh?: boolean;
  run(t: CaseContext): Promise<void>;
}

/** An error reply as expected. `text` is compared exactly or by pattern; it only ever warns. */
export interface Refusal {
  /** Default GenericError. */
  readonly class?: ErrorClass;
  readonly text?: string | RegExp;
}

export type ErrorClass =
  | 'GenericError'
  | 'CommandNotFound'
  | 'DeviceNotActive'
  | 'DeviceNotFound'
  | 'KVMMissingCap';

/** The `error` of a reply, as text. */
export interface QmpErrorReply {
  readonly class: string;
  readonly desc: string;
}

/** An event as it came. */
export interface EventReply {
  readonly event: string;
  readonly data?: Json;
  readonly timestamp?: Json;
}

/** What arrived after raw bytes: parsed messages in order, and texts that were no JSON. */
export interface RawReplies {
  readonly messages: readonly JsonObject[];
  readonly unparsable: readonly string[];
  readonly closed: boolean;
}

/** One monitor connection. All methods record what they exchange. */
export interface MonitorHandle {
  /** The greeting as received. */
  readonly greeting: JsonObject;
  /** Executes; an error reply fails the case (a must is broken). Gives the return value. */
  execute(command: string, args?: JsonObject): Promise<Json>;
  /** Executes; a success fails the case, so does another class; another text warns. Gives the error. */
  refused(command: string, args: JsonObject | undefined, refusal?: Refusal): Promise<QmpErrorReply>;
  /** Sends a whole message as given and gives the whole reply, whatever it is. */
  request(message: JsonObject): Promise<JsonObject>;
  /**
   * Sends bytes exactly so and gives what arrives until a sync command sent behind is answered, or the end. A list
   * is written piece by piece, each in a write of its own; the sync command follows the last.
   */
  raw(bytes: string | Uint8Array | readonly string[]): Promise<RawReplies>;
  /** Waits for an event whose data contains `data`; its absence (time limit of the run) fails the case. */
  event(name: string, data?: JsonObject): Promise<EventReply>;
  /** Events that arrived and were not taken by `event` yet. */
  pending(): readonly EventReply[];
  /** Events that came before the reply to the command that was sent last, and after that to the one before. */
  told(): readonly EventReply[];
  /** Disconnects; the next client in line gets its turn. Cases never close the first monitor. */
  close(): Promise<void>;
}

/** A connection to an export of the endpoint's NBD server: its bytes are what a guest would see. */
export interface ExportClient {
  /** Bytes. */
  readonly size: number;
  readonly readOnly: boolean;
  /** Rejects if the server refuses, or the connection ends. */
  read(offset: number, length: number): Promise<Buffer>;
  /** At most 1 MiB. False if the server refuses; rejects if the connection ends. */
  write(offset: number, data: Buffer): Promise<boolean>;
  /** What becomes of a request. Rejects if the connection ends. */
  perform(request: IoRequest): Promise<IoOutcome>;
  close(): void;
}

/** `done`, or the name of the error that NBD told: `EIO`, `ENOSPC`, `EPERM`, `EINVAL` …, or its number. */
export type IoOutcome = string;

/** All that a case can do. It is its first monitor too. The runner makes one for each case. */
export interface CaseContext extends MonitorHandle {
  /** The scratch directory as we see it; files the case makes go here. */
  readonly scratch: string;
  /** The same directory as the endpoint sees it; names sent over QMP start here. */
  readonly dir: string;
  /** What spec and endpoint both offer. */
  readonly schema: Schema;
  /** What the endpoint offers. */
  readonly endpointSchema: Schema;
  readonly capabilities: TargetCapabilities;
  /** Habits of the endpoint that break the protocol, and that are put up with. Each is told by the case that it names. */
  readonly quirks: readonly QuirkRecord[];
  /** From the run's seed and the case's id, the same on every run. */
  readonly seed: number;
  /** A node-name, job-id or file name unique in this run and recognisable as ours. */
  name(prefix: string): string;
  /** A further monitor of the same endpoint (1 is the second), connected and negotiated. */
  monitor(index: number): Promise<MonitorHandle>;
  /**
   * A new connection to monitor `index` whose greeting was not answered by `qmp_capabilities`. A monitor serves one
   * client at a time: while another is connected to it, this stays pending. Abandoned at the end of the case.
   */
  unnegotiated(index: number): Promise<MonitorHandle>;
  /**
   * A session whose greeting was not answered: on the second monitor; where there is none, of a second endpoint, or of a
   * second connection to one that is not ours. Ends the case as skipped if that serves one client at a time.
   */
  freshSession(): Promise<MonitorHandle>;
  /** Connects to the NBD server at `socket` as we see it. Rejects if there is none, or no export of that name. */
  exportClient(socket: string, name: string): Promise<ExportClient>;
  /** Has the guest's CPU do something at its ports: lines of the qtest protocol. Gives an answer for each. Needs a topology with `-qtest`. */
  qtest(lines: readonly string[]): Promise<string[]>;
  /** Changes of the guest's interrupt lines that came with the answers of `qtest` since the last call, such as `raise 14`; told once a line `irq_intercept_in ioapic` has asked for them. */
  takeInterrupts(): string[];
  /** Ends the connection over which `qtest` goes, which the endpoint must close too; the next lines go over another. */
  hangUpQtest(): Promise<void>;
  /** Waits until the endpoint has ended because the case asked it to (`quit`); then its end is no crash. */
  ended(): Promise<ExitInfo>;
  /**
   * Ends the endpoint (`kill`: as a crash does) and starts another with the same options over the files that it left. Nothing
   * of what the old one held is there, this is the first monitor of the new one, and further ones are gone. For cases that
   * are `fresh`.
   */
  restart(how?: RestartKind): Promise<void>;
  /** States what is required; if `condition` is false, `observed` came instead, a deviation, and the case ends. */
  check(condition: boolean, required: RequiredText, observed: string, detail?: Detail): asserts condition;
  /** States that both are equal as JSON; else the deviation tells both, or where they first differ. */
  equal(got: Json, expected: Json, required: RequiredText, detail?: Detail): void;
  /** The same of the members of `expected`, recursively: `got` may have more. */
  contains(got: Json, expected: Json, required: RequiredText, detail?: Detail): void;
  /** Records a deviation and ends the case. */
  fail(required: RequiredText, observed: string, detail?: Detail): never;
  /** Deviations recorded so far, by the case and by the checks. */
  readonly deviations: readonly Deviation[];
  /**
   * Forgets the exchanges and deviations so far: they were the search for a counterexample. What is exchanged from here
   * on is what the record tells, so that whatever it needs has to be made after this.
   */
  restartTranscript(): void;
  /** Records an observation that is no deviation. */
  info(message: string): void;
  /** Ends the case as skipped. */
  skip(reason: string): never;
  /** Time passes for the endpoint in `elapse` and while something is waited for, and nowhere else. */
  readonly virtualTime: boolean;
  /**
   * Lets `milliseconds` pass for the endpoint, and takes what came of it. For what is measured by time: never to wait for
   * something to happen. Where time is not virtual it costs as much, and only lower bounds can be judged by it.
   */
  elapse(milliseconds: number): Promise<void>;
  /**
   * Milliseconds of the endpoint's time that `act` takes. Where time is not virtual they are what passed here, which may be
   * more: then only lower bounds can be judged.
   */
  timed(act: () => Promise<unknown>): Promise<number>;
  /** Waits for the answer to a query that is no exchange of the case: what the endpoint did before is done then. */
  roundTrip(): Promise<void>;
  /**
   * Does something to the endpoint that is no exchange of QMP, under a name: `query-…` if it changes nothing. The checks
   * take it for an exchange without a reply.
   */
  sideAction(name: string, act: () => Promise<void>): Promise<void>;
  /** Undone, last first, when the case ends; for what the ledger does not see by itself. */
  cleanup(undo: () => Promise<void>): void;
}

/** What a deviation says besides its message. */
export interface Detail {
  /** Default `must`. */
  readonly severity?: Severity;
  readonly path?: string;
  readonly requirement?: RequirementId;
  /** What came, where that is too long or too various for the text. */
  readonly got?: Json;
}
