/**
 * Events that a busy disk could send without end: of each, and of each subject, one goes out a second. Of those that
 * come in between only the last is sent, when the second is over, with the time at which it came.
 */
import type { JsonObject } from '../../spec/json.ts';
import type { Clock } from '../host/clock.ts';
import type { EventName } from '../services/emitted-events.ts';

const PERIOD = 1_000_000_000n;

/** What tells the subjects of an event apart; absent where there is one only. */
const LIMITED: Partial<Record<EventName, { readonly subject?: string }>> = {
  QUORUM_FAILURE: {},
  QUORUM_REPORT_BAD: { subject: 'node-name' },
};

interface Period {
  held: JsonObject | undefined;
  cancel: () => void;
}

/** Passes events on, those that are limited at most once a second. */
export class EventRate {
  readonly #clock: Clock;
  readonly #send: (message: JsonObject) => void;
  readonly #periods = new Map<string, Period>();

  constructor(clock: Clock, send: (message: JsonObject) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Sends the event, now or later or never; `message` is all of it. */
  send(event: EventName, message: JsonObject): void {
    const limit = LIMITED[event];
    if (!limit) {
      this.#send(message);
      return;
    }
    const subject = limit.subject === undefined ? '' : (message.data as JsonObject)[limit.subject];
    const key = `${event} ${String(subject)}`;
    const period = this.#periods.get(key);
    if (period) period.held = message;
    else this.#start(key, message);
  }

  /** Drops what is held back. */
  close(): void {
    for (const { cancel } of this.#periods.values()) cancel();
    this.#periods.clear();
  }

  #start(key: string, message: JsonObject): void {
    this.#send(message);
    const cancel = this.#clock.after(PERIOD, () => {
      const held = this.#periods.get(key)?.held;
      this.#periods.delete(key);
      if (held) this.#start(key, held);
    });
    this.#periods.set(key, { held: undefined, cancel });
  }
}
