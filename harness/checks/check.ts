/**
 * Checks: oracles that look at every exchange, whatever case or program ran. A check sees what was recorded and
 * the schema, never the client; what it wants to know about the endpoint it asks through `Probe`, and those
 * queries count as round trips. A check is made anew for each case and may keep state in between.
 */

import type { Deviation } from '../../reports/record.ts';
import type { Json, JsonObject } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import type { WrittenNumber } from '../../spec/written-numbers.ts';
import type { HeldResources } from '../state/held-resources.ts';
import type { Snapshot } from '../state/snapshot.ts';

/** What was sent in one go, and what came for it: a command, or raw bytes, in which there may be many messages. */
export interface Exchange {
  /** Index into the transcript. */
  readonly index: number;
  readonly monitor: number;
  /** With another endpoint than the one that a check's own queries ask. */
  readonly elsewhere?: boolean;
  /** Absent when raw bytes were sent. */
  readonly request?: JsonObject;
  readonly command?: string;
  readonly arguments?: JsonObject;
  /** Raw bytes, read as UTF-8. */
  readonly raw?: string;
  /** In the order in which they came. A command has one; none if the endpoint died first. */
  readonly replies: readonly JsonObject[];
  /** The replies are not all that came for raw bytes: something was no JSON object, or the connection ended. */
  readonly incomplete?: boolean;
  /** Events that came since the exchange before this one ended, on the same monitor. */
  readonly events: readonly JsonObject[];
  /** Of those replies and events that have any: integers written with a fraction or an exponent. */
  readonly written?: ReadonlyMap<JsonObject, readonly WrittenNumber[]>;
}

/** Whether all that was sent was answered, and answered with errors. */
export function isRefused({ replies, incomplete }: Exchange): boolean {
  return replies.length > 0 && incomplete !== true && replies.every((reply) => Object.hasOwn(reply, 'error'));
}

export interface Probe {
  /** Runs a query outside the transcript and gives its return value. */
  query(command: string, args?: JsonObject): Promise<Json>;
  /**
   * State as of the last snapshot, if only queries and refused commands ran since; else state now. Null while
   * state may change by itself: jobs exist, or other commands are in flight.
   */
  snapshot(): Promise<Snapshot | null>;
  /** State now, and what `snapshot` gives from here on. */
  retake(): Promise<Snapshot | null>;
  /** State now, also while jobs exist. Null where other commands are in flight, or nothing can be asked. */
  now(): Promise<Snapshot | null>;
  /** As `query`, but does not reject: `refused` for an error reply, null where nothing can be asked. */
  ask(command: string, args?: JsonObject): Promise<{ readonly value: Json } | 'refused' | null>;
  /**
   * Names of what the NBD server at an address (`SocketAddress`, or what came before that) exports; `nobody` where none
   * listens, null where it does not tell.
   */
  exportsAt(address: JsonObject): Promise<readonly string[] | 'nobody' | null>;
  /** Whether there is a file that the endpoint calls so; null where that cannot be seen. */
  hasFile(path: string): Promise<boolean | null>;
  /** As `hasFile`: what is wrong with an image that nobody has open; null where there is none whose format is judged. */
  imageFaults(path: string): Promise<readonly ImageFault[] | null>;
}

/** What is wrong with an image at rest. A leak wastes space; anything else may cost data. */
export interface ImageFault {
  readonly kind: 'corruption' | 'leak';
  /** Without subject: it is said of the image. */
  readonly text: string;
}

/** What an endpoint held before a case, and holds after everything that it made was taken back. */
export interface HeldAround {
  readonly before: HeldResources;
  readonly after: HeldResources;
}

/** How the endpoint's process fares. */
export interface ProcessHealth {
  /** Last lines of stderr, oldest first. */
  lastWords(): readonly string[];
}

/** What a check may ask and tell. */
export interface CheckContext {
  readonly endpointSchema: Schema;
  readonly probe: Probe;
  readonly process: ProcessHealth;
  /** Only in `end`, and only if each undo succeeded. */
  readonly held?: HeldAround;
  /** At the exchange that is looked at, unless another is given. */
  report(deviation: Omit<Deviation, 'check'>): void;
  /** Tells what is no deviation and yet worth to know: a case that passes else is noted. */
  note(message: string): void;
}

/** An oracle. Hooks of one check never overlap. */
export interface Check {
  /** Slug that never changes: `envelope`, `reply-schema`. */
  readonly id: string;
  /** One sentence: what it holds the endpoint to. */
  readonly title: string;
  /** Before it is sent; there are no replies and events yet. */
  before?(exchange: Exchange, context: CheckContext): Promise<void> | void;
  /** After all its replies and the events up to them. */
  after?(exchange: Exchange, context: CheckContext): Promise<void> | void;
  /** After the last exchange of a case, before anything is cleaned up. */
  finish?(context: CheckContext): Promise<void> | void;
  /** After the clean-up, with the endpoint still there. */
  end?(context: CheckContext): Promise<void> | void;
}
