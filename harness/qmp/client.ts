/**
 * A QMP client. Over the channel's messages it knows greeting, negotiation, ids, replies and events:
 *
 *   1. the first message must be the greeting, then capabilities are negotiated;
 *   2. each later message is a reply (claimed by the request with its id, wherever it stands in the order), an
 *      event (goes to `events`), or a breach of the protocol;
 *   3. a breach is never lost: it fails all requests in flight, or else the next call. The connection stays
 *      usable, unless the channel itself gave it up.
 *
 * Each request has a time limit that grows with its size.
 */
import { isJsonObject, type Json, type JsonObject, stringifyJson } from '../../spec/json.ts';
import { DEFAULT_TIME_LIMITS } from '../time-limits.ts';
import type { Transport } from '../transports/transport.ts';
import { Channel, type ChannelOptions, type ClosedReason, type Message } from './channel.ts';
import { type Deadline, Deadlines } from './deadlines.ts';
import { ClosedError, excerpt, ProtocolError, QmpError, TimeoutError } from './errors.ts';
import { type EventFilter, EventStream, type QmpEvent, type WaitOptions } from './event-queue.ts';
import { idKey } from './id.ts';
import { type RawArrivals, type RawCollector, type RawOptions, rawExchange } from './raw-exchange.ts';

/** How a connection is made. */
export interface ClientOptions extends ChannelOptions {
  /** False: leave `qmp_capabilities` to the caller. Default true. */
  readonly negotiate?: boolean;
  /** Ask for out-of-band execution where the endpoint offers it. Default false. */
  readonly oob?: boolean;
  /** Milliseconds until the greeting must have come. Default 10 000. */
  readonly greetingTimeout?: number;
  /** Milliseconds for an answer or event, besides what a request's size adds. Default 30 000. */
  readonly timeout?: number;
  readonly signal?: AbortSignal | undefined;
}

/** How long one request may take, and what ends it sooner. */
export interface RequestOptions {
  /** Milliseconds; what the request's size needs is added. Default: the client's. */
  readonly timeout?: number;
  readonly signal?: AbortSignal | undefined;
  /** Out of band (`exec-oob`); only where that was negotiated. */
  readonly oob?: boolean;
}

/** Text is sent as UTF-8. */
export type RawBytes = string | Uint8Array;

/** QEMU reads its monitor at about 5 µs a byte; four times that is allowed. */
const MILLISECONDS_A_BYTE = 0.02;

interface Pending {
  readonly command: string;
  readonly deadline: Deadline;
  /** Requests with the same id that wait for this one. */
  readonly next: (() => void)[];
  /** Stops listening to the signal. */
  forget?: () => void;
  resolve(reply: JsonObject): void;
  reject(reason: Error): void;
}

/** A client of one monitor. What an endpoint does against the protocol rejects with `ProtocolError`. */
export class QmpClient {
  readonly channel: Channel;
  readonly events: EventStream;
  readonly #deadlines = new Deadlines();
  readonly #timeout: number;
  readonly #pending = new Map<string | number | undefined, Pending>();
  /** Ids whose requests were given up: their late replies are dropped. */
  readonly #abandoned = new Set<string | number | undefined>();
  /** Breaches that nobody was told of yet. */
  readonly #breaches: ProtocolError[] = [];
  #greeting: JsonObject | null = null;
  #awaitsGreeting: { resolve(): void; reject(reason: Error): void } | null = null;
  #collector: RawCollector | null = null;
  #lastRaw: Promise<unknown> = Promise.resolve();
  #nextId = 1;
  #oob = false;

  /**
   * Opens the transport, waits for the greeting and negotiates. Rejects with `ProtocolError`, `ClosedError` or the
   * signal's reason; then the transport is closed.
   */
  static async connect(transport: Transport, options: ClientOptions = {}): Promise<QmpClient> {
    const client = new QmpClient(transport, options);
    try {
      await client.#greeted(options);
      if (options.negotiate ?? true) await client.#negotiate(options);
      return client;
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  private constructor(transport: Transport, options: ClientOptions) {
    this.#timeout = options.timeout ?? DEFAULT_TIME_LIMITS.answerTimeout;
    this.channel = new Channel(transport, options);
    this.events = new EventStream(this.#deadlines, this.#timeout);
  }

  /** As received. */
  get greeting(): JsonObject {
    return this.#greeting!;
  }

  /** Whether out-of-band execution was negotiated. */
  get oob(): boolean {
    return this.#oob;
  }

  /** Executes a command and gives its return value. Rejects with `QmpError` and with what `request` rejects with. */
  async execute(command: string, args?: JsonObject, options: RequestOptions = {}): Promise<Json> {
    const message: JsonObject = { [options.oob ? 'exec-oob' : 'execute']: command };
    if (args !== undefined) message.arguments = args;
    message.id = this.#nextId++;
    const reply = await this.request(message, options);
    if (Object.hasOwn(reply, 'return')) return reply.return!;
    const { error } = reply;
    if (isJsonObject(error) && typeof error.class === 'string' && typeof error.desc === 'string')
      throw new QmpError(command, error.class, error.desc, reply);
    throw new ProtocolError(
      'bad-envelope',
      `${command}: a reply that is none`,
      excerpt(stringifyJson(reply)),
    );
  }

  /**
   * Sends a message as given and gives the reply with its id, whatever it is. Requests with equal ids, or without
   * one, wait for each other. Rejects with `TimeoutError`, `ClosedError`, `ProtocolError` or the signal's reason.
   */
  request(message: JsonObject, options: RequestOptions = {}): Promise<JsonObject> {
    const command = commandOf(message);
    const { signal } = options;
    const refusal =
      this.#breaches.shift() ?? (signal?.aborted ? (signal.reason as Error) : this.#closedReason(command));
    if (refusal !== null) return Promise.reject(refusal);
    const key = idKey(message.id);
    const before = this.#pending.get(key);
    if (before !== undefined)
      return new Promise((resolve) => {
        before.next.push(() => resolve(this.request(message, options)));
      });
    return new Promise((resolve, reject) => {
      const giveUp = (reason: Error) => {
        this.#abandoned.add(key);
        this.#settle(key, pending);
        reject(reason);
      };
      const text = this.channel.send(message);
      const timeout = (options.timeout ?? this.#timeout) + text.length * MILLISECONDS_A_BYTE;
      const deadline = this.#deadlines.start(timeout, () => giveUp(new TimeoutError(command, timeout)));
      const pending: Pending = { command, deadline, next: [], resolve, reject };
      if (signal !== undefined) {
        const abort = () => giveUp(signal.reason as Error);
        signal.addEventListener('abort', abort, { once: true });
        pending.forget = () => signal.removeEventListener('abort', abort);
      }
      this.#pending.set(key, pending);
    });
  }

  /**
   * Sends bytes exactly so, those of a list each in a write of its own, and gives all that comes for them, see
   * `raw-exchange.ts`. Exchanges of this kind wait for each other. Rejects with `TimeoutError` or `ClosedError`.
   */
  raw(bytes: RawBytes | readonly RawBytes[], options: RawOptions = {}): Promise<RawArrivals> {
    const pieces = [bytes].flat().map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece));
    const time = pieces.reduce((sum, piece) => sum + piece.length, 0) * MILLISECONDS_A_BYTE;
    const exchange = this.#lastRaw.then(() => {
      const refusal = this.#breaches.shift() ?? this.#closedReason('raw bytes');
      if (refusal !== null) throw refusal;
      return rawExchange(
        {
          send: (part) => this.channel.sendRaw(part),
          collect: (collector) => {
            this.#collector = collector;
          },
          after: (milliseconds, callback) => {
            const deadline = this.#deadlines.start(milliseconds, callback);
            return () => this.#deadlines.cancel(deadline);
          },
        },
        pieces,
        (options.timeout ?? this.#timeout) + time,
        (options.patience ?? 1000) + time,
      );
    });
    this.#lastRaw = exchange.catch(() => {});
    return exchange;
  }

  /** Waits for an event, see `EventStream`. */
  waitEvent(filter?: EventFilter, options?: WaitOptions): Promise<QmpEvent> {
    return this.events.wait(filter, options);
  }

  /** Ends the connection; what is in flight rejects with `ClosedError`. Idempotent. */
  close(): Promise<void> {
    return this.channel.close();
  }

  async #greeted(options: ClientOptions): Promise<void> {
    const { signal, greetingTimeout = 10_000 } = options;
    signal?.throwIfAborted();
    const greeting = new Promise<void>((resolve, reject) => {
      this.#awaitsGreeting = { resolve, reject };
    });
    const abort = () => this.#awaitsGreeting!.reject(signal!.reason as Error);
    signal?.addEventListener('abort', abort, { once: true });
    const deadline = this.#deadlines.start(greetingTimeout, () => {
      const message = `no greeting came within ${greetingTimeout} ms`;
      this.#awaitsGreeting!.reject(new ProtocolError('greeting-timeout', message, this.channel.unfinished));
    });
    this.channel.open({
      message: (message) => this.#message(message),
      closed: (reason) => this.#closed(reason),
    });
    try {
      await greeting;
    } finally {
      this.#deadlines.cancel(deadline);
      signal?.removeEventListener('abort', abort);
    }
  }

  async #negotiate(options: ClientOptions): Promise<void> {
    const { capabilities } = this.greeting.QMP as JsonObject;
    const oob = options.oob === true && Array.isArray(capabilities) && capabilities.includes('oob');
    try {
      const { signal } = options;
      await this.execute('qmp_capabilities', oob ? { enable: ['oob'] } : undefined, { signal });
      this.#oob = oob;
    } catch (error) {
      if (error instanceof QmpError) throw new ProtocolError('negotiation-refused', error.message);
      throw error;
    }
  }

  #message(message: Message): void {
    const { value } = message;
    if (this.#greeting === null) this.#firstMessage(message);
    else if (typeof value?.event === 'string') this.events.push(value as QmpEvent);
    else if (value !== undefined && this.#claim(value)) return;
    else if (this.#collector !== null) this.#collector.message(message);
    else this.#breach(breachOf(message));
  }

  #firstMessage(message: Message): void {
    if (isJsonObject(message.value?.QMP)) {
      this.#greeting = message.value;
      this.#awaitsGreeting?.resolve();
    } else {
      this.#awaitsGreeting?.reject(
        message.value === undefined
          ? message.fault
          : new ProtocolError('bad-greeting', 'the first message is no greeting', excerpt(message.text)),
      );
    }
  }

  /** Gives a reply to the request with its id. False if there is none. */
  #claim(reply: JsonObject): boolean {
    const key = idKey(reply.id);
    if (this.#abandoned.delete(key)) return true;
    const pending = this.#pending.get(key);
    if (pending === undefined || (key === undefined && !isReply(reply))) return false;
    this.#settle(key, pending);
    pending.resolve(reply);
    return true;
  }

  #settle(key: string | number | undefined, pending: Pending): void {
    this.#pending.delete(key);
    this.#deadlines.cancel(pending.deadline);
    pending.forget?.();
    for (const next of pending.next) next();
  }

  #breach(fault: ProtocolError): void {
    if (this.#pending.size === 0) this.#breaches.push(fault);
    // Their own replies may still come; without an id nobody could tell.
    for (const key of this.#pending.keys()) if (key !== undefined) this.#abandoned.add(key);
    this.#rejectAll(() => fault);
  }

  #closed(reason: ClosedReason): void {
    this.#awaitsGreeting?.reject(reason);
    this.#rejectAll((command) => this.#closedReason(command)!);
    this.#collector?.closed();
    this.events.close((waitingFor) => this.#closedReason(waitingFor)!);
  }

  #rejectAll(reason: (command: string) => Error): void {
    for (const [key, pending] of this.#pending) {
      pending.reject(reason(pending.command));
      this.#settle(key, pending);
    }
  }

  /** Why nothing more comes for who waits for `waitingFor`; null while the connection is open. */
  #closedReason(waitingFor: string): ClosedReason | null {
    const { closed } = this.channel;
    if (closed === null || closed instanceof ProtocolError) return closed;
    return new ClosedError(this.channel.name, closed.cause as Error | undefined, waitingFor);
  }
}

function isReply(message: JsonObject): boolean {
  return Object.hasOwn(message, 'return') || Object.hasOwn(message, 'error');
}

/** What a request is called in messages. */
function commandOf(message: JsonObject): string {
  const command = message.execute ?? message['exec-oob'];
  return typeof command === 'string' ? command : 'a request without a command';
}

function breachOf(message: Message): ProtocolError {
  if (message.value === undefined) return message.fault;
  const text = excerpt(message.text);
  if ('QMP' in message.value) return new ProtocolError('second-greeting', 'a second greeting', text);
  if (isReply(message.value))
    return new ProtocolError('unexpected-reply', 'a reply that belongs to no request', text);
  return new ProtocolError('bad-envelope', 'a message that is neither reply nor event', text);
}
