/**
 * Checks: oracles that look at every exchange, whatever case or program ran. A check sees what was recorded and
 * the schema, never the client; what it wants to know about the endpoint it asks through `Probe`, and those
 * queries count as round trips.
 */

import type { Deviation } from '../../reports/record.ts';
import type { Json, JsonObject } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';

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
  readonly events: readonly JsonObject[];
}

/** Block state at one moment, as the queries show it, without what changes by itself (times, counters). */
export interface StateSnapshot {
  readonly nodes: Json;
  readonly devices: Json;
  readonly jobs: Json;
}

export interface Probe {
  /** Runs a query outside the transcript. */
  query(command: string, args?: JsonObject): Promise<Json>;
  /** State now; taken once between two state-changing exchanges and cached. */
  snapshot(): Promise<StateSnapshot>;
}

export interface CheckContext {
  readonly offered: Schema;
  readonly probe: Probe;
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
  /** After a case and its clean-up. */
  end?(context: CheckContext): Promise<void> | void;
}
