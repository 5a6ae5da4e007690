/**
 * The events of one connection: kept from their arrival until somebody takes them, in order.
 */
import { isJsonObject, type Json, type JsonObject, jsonEqual } from '../../spec/json.ts';
import type { Deadline, Deadlines } from './deadlines.ts';
import { type ClosedError, ProtocolError, TimeoutError } from './errors.ts';

/** An event as received: `event`, `data` if it has any, `timestamp`. */
export type QmpEvent = JsonObject & { event: string; data?: Json };

/** A name, a name with members that its data must have, or any condition. */
export type EventFilter =
  | string
  | { readonly event: string; readonly data?: JsonObject }
  | ((event: QmpEvent) => boolean);

/** How long an event is waited for, and what ends the wait sooner. */
export interface WaitOptions {
  /** Milliseconds; default: the client's. */
  readonly timeout?: number;
  readonly signal?: AbortSignal | undefined;
}

interface Waiter {
  readonly accepts: (event: QmpEvent) => boolean;
  resolve(event: QmpEvent): void;
  reject(reason: Error): void;
}

/** More events than this that nobody takes are a leak: the oldest are dropped. */
const KEPT_EVENTS = 100_000;

/** Whether `got` has at least the members of `wanted`, recursively. */
export function hasMembers(got: Json | undefined, wanted: JsonObject): boolean {
  return (
    isJsonObject(got) &&
    Object.entries(wanted).every(
      ([key, value]) =>
        Object.hasOwn(got, key) &&
        (isJsonObject(value) ? hasMembers(got[key], value) : jsonEqual(got[key]!, value)),
    )
  );
}

function predicate(filter: EventFilter | undefined): (event: QmpEvent) => boolean {
  if (filter === undefined) return () => true;
  if (typeof filter === 'function') return filter;
  const { event: name, data } = typeof filter === 'string' ? { event: filter } : filter;
  return (event) => event.event === name && (data === undefined || hasMembers(event.data, data));
}

function describe(filter: EventFilter | undefined): string {
  if (typeof filter === 'string') return `event ${filter}`;
  if (typeof filter === 'object') return `event ${filter.event}`;
  return 'an event';
}

export class EventStream {
  readonly #deadlines: Deadlines;
  readonly #defaultTimeout: number;
  #kept: QmpEvent[] = [];
  #waiters: Waiter[] = [];
  /** Makes the reason why nothing more comes, for who waits for `waitingFor`. */
  #closed: ((waitingFor: string) => Error) | null = null;

  constructor(deadlines: Deadlines, defaultTimeout: number) {
    this.#deadlines = deadlines;
    this.#defaultTimeout = defaultTimeout;
  }

  /** An event has arrived: it goes to the first who waits for it, or is kept. */
  push(event: QmpEvent): void {
    const index = this.#waiters.findIndex((waiter) => waiter.accepts(event));
    if (index >= 0) {
      this.#waiters.splice(index, 1)[0]!.resolve(event);
      return;
    }
    this.#kept.push(event);
    if (this.#kept.length > KEPT_EVENTS) this.#kept.shift();
  }

  /** The connection has ended: kept events can still be taken. */
  close(reason: (waitingFor: string) => ClosedError | ProtocolError): void {
    this.#closed = reason;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(reason('an event'));
  }

  /** Events that nobody has taken yet, oldest first. */
  pending(): readonly QmpEvent[] {
    return this.#kept;
  }

  /** Takes all events that nobody has taken yet. */
  drain(): QmpEvent[] {
    return this.#kept.splice(0);
  }

  /**
   * Takes the first event, kept or still to come, that passes `filter`. Rejects with `TimeoutError`,
   * `ClosedError`, or the signal's reason.
   */
  wait(filter?: EventFilter, options: WaitOptions = {}): Promise<QmpEvent> {
    const accepts = predicate(filter);
    const index = this.#kept.findIndex(accepts);
    if (index >= 0) return Promise.resolve(this.#kept.splice(index, 1)[0]!);
    const waitingFor = describe(filter);
    if (this.#closed !== null) return Promise.reject(this.#closed(waitingFor));
    const { signal, timeout = this.#defaultTimeout } = options;
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    return new Promise((resolve, reject) => {
      const settle = <T>(then: (value: T) => void) => {
        return (value: T) => {
          this.#deadlines.cancel(deadline);
          signal?.removeEventListener('abort', abort);
          then(value);
        };
      };
      const waiter: Waiter = { accepts, resolve: settle(resolve), reject: settle(reject) };
      const giveUp = (reason: Error) => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        waiter.reject(reason);
      };
      const abort = () => giveUp(signal!.reason as Error);
      const deadline: Deadline = this.#deadlines.start(timeout, () =>
        giveUp(new TimeoutError(waitingFor, timeout)),
      );
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiters.push(waiter);
    });
  }

  /** Takes events that pass `filter` one after another; `timeout` is for each. Ends when the connection does. */
  async *stream(filter?: EventFilter, options: WaitOptions = {}): AsyncGenerator<QmpEvent, void, void> {
    for (;;) {
      try {
        yield await this.wait(filter, options);
      } catch (error) {
        if (this.#closed !== null && !(error instanceof ProtocolError)) return;
        throw error;
      }
    }
  }
}
