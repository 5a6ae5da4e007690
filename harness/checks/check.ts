/**
 * Checks: oracles that look at every exchange, whatever case or program ran. A check sees what was recorded and
 * the schema, never the client; what it wants to know about the endpoint it asks through `Probe`, and those
 * queries count as round trips. A check is made anew for each case and may keep state in between.
 */

import type { Deviation } from '../../reports/record.ts';
import type { Json, JsonObject } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import type { HeldResources } from '../state/held-resources.ts';
import type { Snapshot } from '../state/snapshot.ts';

/** One command with its reply. */
export interface Exchange {
  /** Index into the transcript. */
  readonly index: number;
  readonly monitor: number;
  /** Absent when raw bytes were sent. */
  readonly request?: JsonObject;
  readonly command?: string;
  readonly arguments?: JsonObject;
  /** Absent when the endpoint died first. */
  readonly reply?: JsonObject;
  /** Events that came since the exchange before this one ended, on the same monitor. */
  readonly events: readonly JsonObject[];
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

export interface CheckContext {
  readonly endpointSchema: Schema;
  readonly probe: Probe;
  readonly process: ProcessHealth;
  /** Only in `end`, and only if each undo succeeded. */
  readonly held?: HeldAround;
  report(deviation: Omit<Deviation, 'check' | 'exchange'>): void;
}

export interface Check {
  /** Slug that never changes: `envelope`, `reply-schema`. */
  readonly id: string;
  /** One sentence: what it holds the endpoint to. */
  readonly title: string;
  /** Before a command is sent. */
  before?(exchange: Exchange, context: CheckContext): Promise<void> | void;
  /** After its reply and the events up to it. */
  after?(exchange: Exchange, context: CheckContext): Promise<void> | void;
  /** After the last exchange of a case, before anything is cleaned up. */
  finish?(context: CheckContext): Promise<void> | void;
  /** After the clean-up, with the endpoint still there. */
  end?(context: CheckContext): Promise<void> | void;
}
