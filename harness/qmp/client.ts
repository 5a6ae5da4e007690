/**
 * A QMP client. Over the channel's messages it knows greeting, negotiation, ids, replies and events:
 *
 *   1. the first message must be the greeting, then capabilities are negotiated;
 *   2. each later message is a reply (claimed by the request with its id, wherever it stands in the order), an
 *      event (goes to `events`), or a breach of the protocol;
 *   3. a breach is never lost: it fails all requests in flight, or else the next call; where somebody listens to
 *      breaches it is told there, and the client goes on as well as it can (`pairing.ts`, `quirks.ts`). The connection
 *      stays usable, unless the channel itself gave it up.
 *
 * Each request has a time limit that grows with its size.
 */
import { isJsonObject, type Json, type JsonObject, stringifyJson } from '../../spec/json.ts';
import { DEFAULT_TIME_LIMITS } from '../time-limits.ts';
import type { Transport } from '../transports/transport.ts';
import { Channel, type ChannelOptions, type ClosedReason, type Message } from './channel.ts';
import { Deadlines } from './deadlines.ts';
import { ClosedError, excerpt, ProtocolError, QmpError, TimeoutError } from './errors.ts';
import { type EventFilter, EventStream, type QmpEvent, type WaitOptions } from './event-queue.ts';
import { Pairing, type Pending } from './pairing.ts';
import { isOneAtATime, type Quirks } from './quirks.ts';
import {
  quietExchange,
  type RawArrivals,
  type RawCollector,
  type RawOptions,
  rawExchange,
} from './raw-exchange.ts';

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
  /** Hears of each breach of the protocol; then none of them fails a request. */
  readonly onBreach?: (breach: ProtocolError) => void;
  /** What is known of the endpoint's habits. */
  readonly quirks?: Quirks;
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

/** A client of one monitor. What an endpoint does against the protocol rejects with `ProtocolError`. */
export class QmpClient {
  readonly channel: Channel;
  readonly events: EventStream;
  readonly #deadlines = new Deadlines();
  readonly #timeout: number;
  readonly #pairing: Pairing;
  readonly #onBreach: ((breach: ProtocolError) => void) | null;
  /** Breaches that nobody was told of yet. */
  readonly #breaches: ProtocolError[] = [];
  #greeting: JsonObject | null = null;
  /** Texts that came before it. */
  readonly #before: string[] = [];
  #quirks: Quirks;
  #isNegotiating: boolean;
  #awaitsGreeting: { resolve(): void; reject(reason: Error): void } | null = null;
  /** The last of those that are sent one at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #collector: RawCollector | null = null;
  #lastRaw: Promise<unknown> = Promise.resolve();
  #nextId = 1;
  /** When the next command may be sent, in the milliseconds of `performance.now()`. */
  #nextCommand = 0;
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
    const { quirks = {}, onBreach = null } = options;
    this.#timeout = options.timeout ?? DEFAULT_TIME_LIMITS.answerTimeout;
    this.#quirks = quirks;
    this.#onBreach = onBreach;
    this.#isNegotiating = options.negotiate ?? true;
    this.#pairing = new Pairing(this.#deadlines, () => this.#quirks, onBreach);
    this.channel = new Channel(transport, options);
    this.events = new EventStream(this.#deadlines, this.#timeout);
  }

  /** As received. */
  get greeting(): JsonObject {
    return this.#greeting!;
  }

  /** What the greeting says: its `QMP`, or what stands there in its place. Empty where there was no greeting. */
  get introduction(): JsonObject {
    const key = introductionIn(this.greeting, true);
    return key === null ? {} : (this.greeting[key] as JsonObject);
  }

  /** What is known of the endpoint's habits; what is set counts from the next command on. */
  get quirks(): Quirks {
    return this.#quirks;
  }

  set quirks(quirks: Quirks) {
    this.#quirks = quirks;
  }

  /** Whether out-of-band execution was negotiated. */
  get oob(): boolean {
    return this.#oob;
  }

  /** Executes a command and gives its return value. Rejects with `QmpError` and with what `request` rejects with. */
  async execute(command: string, args?: JsonObject, options: RequestOptions = {}): Promise<Json> {
    const message: JsonObject = { [options.oob ? 'exec-oob' : 'execute']: command };
    if (args !== undefined) message.arguments = args;
    message.id = this.#ownId();
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
    if (!isOneAtATime(this.#quirks)) return this.#request(message, options);
    const reply = this.#turn.then(() => this.spaced()).then(() => this.#request(message, options));
    this.#turn = reply.catch(() => undefined);
    return reply;
  }

  /**
   * Sends bytes exactly so, those of a list each in a write of its own, and gives all that comes for them, see
   * `raw-exchange.ts`. Exchanges of this kind wait for each other. Rejects with `TimeoutError` or `ClosedError`.
   */
  raw(bytes: RawBytes | readonly RawBytes[], options: RawOptions = {}): Promise<RawArrivals> {
    const pieces = [bytes].flat().map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece));
    const time = pieces.reduce((sum, piece) => sum + piece.length, 0) * MILLISECONDS_A_BYTE;
    const before = isOneAtATime(this.#quirks) ? Promise.all([this.#lastRaw, this.#turn]) : this.#lastRaw;
    const exchange = before.then(() => {
      const refusal = this.#breaches.shift() ?? this.#closedReason('raw bytes');
      if (refusal !== null) throw refusal;
      const way = needsQuiet(this.#quirks) ? quietExchange : rawExchange;
      return way(
        {
          send: (part) => this.channel.sendRaw(part),
          spaced: () => this.spaced(),
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
        options.idle,
      );
    });
    this.#lastRaw = exchange.catch(() => {});
    if (isOneAtATime(this.#quirks)) this.#turn = this.#lastRaw;
    return exchange;
  }

  /** Waits for an event, see `EventStream`. */
  waitEvent(filter?: EventFilter, options?: WaitOptions): Promise<QmpEvent> {
    return this.events.wait(filter, options);
  }

  /** Resolves when the next command may be sent to an endpoint that limits their rate. */
  async spaced(): Promise<void> {
    const { commandInterval = 0 } = this.#quirks;
    const wait = this.#nextCommand - performance.now();
    if (commandInterval > 0 && wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    this.#nextCommand = performance.now() + commandInterval;
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
      const came = [...this.#before, this.channel.unfinished].filter((text) => text !== '');
      this.#awaitsGreeting!.reject(new ProtocolError('greeting-timeout', message, excerpt(came.join(' | '))));
    });
    this.channel.open({
      message: (message) => this.#message(message),
      closed: (reason) => this.#closed(reason),
    });
    if (this.#quirks.noGreeting === true) {
      this.#greeting = {};
      this.#awaitsGreeting!.resolve();
    }
    try {
      await greeting;
    } finally {
      this.#deadlines.cancel(deadline);
      signal?.removeEventListener('abort', abort);
    }
  }

  async #negotiate(options: ClientOptions): Promise<void> {
    const { capabilities } = this.introduction;
    const oob = options.oob === true && Array.isArray(capabilities) && capabilities.includes('oob');
    try {
      const { signal } = options;
      await this.execute('qmp_capabilities', oob ? { enable: ['oob'] } : undefined, { signal });
      this.#oob = oob;
    } catch (error) {
      if (!(error instanceof QmpError)) throw error;
      const refused = new ProtocolError('negotiation-refused', error.message);
      if (this.#onBreach === null) throw refused;
      this.#onBreach(refused);
    } finally {
      this.#isNegotiating = false;
    }
  }

  /** Where the endpoint takes nothing but texts as ids, a text. */
  #ownId(): string | number {
    const id = this.#nextId++;
    return this.#quirks.stringIds === true ? `qmpcheck-${id}` : id;
  }

  /** An id that nobody gave tells the reply from those that nobody asked for. */
  async #withOwnId(message: JsonObject, options: RequestOptions): Promise<JsonObject> {
    const { id: _id, ...reply } = await this.#request({ ...message, id: this.#ownId() }, options);
    return reply;
  }

  #request(message: JsonObject, options: RequestOptions): Promise<JsonObject> {
    const command = commandOf(message);
    const { signal } = options;
    const refusal =
      this.#breaches.shift() ?? (signal?.aborted ? (signal.reason as Error) : this.#closedReason(command));
    if (refusal !== null) return Promise.reject(refusal);
    const { unaskedReplies, lostId } = this.#quirks;
    if (unaskedReplies === true && lostId === undefined && message.id === undefined)
      return this.#withOwnId(message, options);
    const before = this.#pairing.at(message.id);
    if (before !== undefined)
      return new Promise((resolve) => {
        before.next.push(() => resolve(this.#request(message, options)));
      });
    return new Promise((resolve, reject) => {
      const giveUp = (reason: Error) => {
        if (this.#pairing.giveUp(pending)) reject(reason);
      };
      const text = this.channel.send(message);
      const timeout = (options.timeout ?? this.#timeout) + text.length * MILLISECONDS_A_BYTE;
      const deadline = this.#deadlines.start(timeout, () => giveUp(new TimeoutError(command, timeout)));
      const pending: Pending = { command, id: message.id, deadline, next: [], resolve, reject };
      if (signal !== undefined) {
        const abort = () => giveUp(signal.reason as Error);
        signal.addEventListener('abort', abort, { once: true });
        pending.forget = () => signal.removeEventListener('abort', abort);
      }
      this.#pairing.add(pending);
    });
  }

  #message(message: Message): void {
    const { value } = message;
    if (this.#greeting === null) this.#firstMessage(message);
    else if (typeof value?.event === 'string') this.#event(value as QmpEvent);
    else if (value !== undefined && this.#pairing.claim(value)) return;
    else if (value === undefined && this.#quirks.strayLines === true) this.#breach(message.fault);
    else if (this.#collector !== null) this.#collector.message(message);
    else this.#breach(value === undefined ? message.fault : this.#pairing.breachOf(value));
  }

  #event(event: QmpEvent): void {
    if (this.#isNegotiating && this.#onBreach !== null) {
      const what = `event ${event.event} before capabilities were negotiated`;
      this.#onBreach(new ProtocolError('event-before-negotiation', what, excerpt(stringifyJson(event))));
    }
    this.events.push(event);
  }

  /** Before the greeting a strict client takes nothing else; a tolerant one reads on until it comes. */
  #firstMessage(message: Message): void {
    const { value, text } = message;
    const qmp = value === undefined ? null : introductionIn(value, this.#onBreach !== null);
    if (qmp !== null) {
      this.#greeting = value!;
      if (qmp !== 'QMP')
        this.#onBreach?.(
          new ProtocolError('other-greeting', `the greeting has ${qmp} in place of QMP`, excerpt(text)),
        );
      this.#awaitsGreeting?.resolve();
      return;
    }
    if (this.#onBreach === null) {
      this.#awaitsGreeting?.reject(
        message.value === undefined
          ? message.fault
          : new ProtocolError('bad-greeting', 'the first message is no greeting', excerpt(text)),
      );
      return;
    }
    this.#before.push(text);
    if (typeof value?.event === 'string') {
      const what = `event ${value.event} before the greeting`;
      this.#onBreach(new ProtocolError('early-event', what, excerpt(text)));
      this.events.push(value as QmpEvent);
    } else if (value === undefined)
      this.#onBreach(
        new ProtocolError('banner', 'a line that is no JSON before the greeting', excerpt(text)),
      );
    else this.#onBreach(new ProtocolError('bad-greeting', 'the first message is no greeting', excerpt(text)));
  }

  #breach(fault: ProtocolError): void {
    if (this.#onBreach !== null) {
      this.#onBreach(fault);
      return;
    }
    if (this.#pairing.size === 0) this.#breaches.push(fault);
    this.#pairing.rejectAll(() => fault, true);
  }

  #closed(reason: ClosedReason): void {
    const before = excerpt(this.#before.join(' | '));
    this.#awaitsGreeting?.reject(
      before === '' ? reason : new ProtocolError('bad-greeting', 'no greeting came, but', before),
    );
    this.#pairing.rejectAll((command) => this.#closedReason(command)!, false);
    this.#collector?.closed();
    this.events.close((waitingFor) => this.#closedReason(waitingFor)!);
  }

  /** Why nothing more comes for who waits for `waitingFor`; null while the connection is open. */
  #closedReason(waitingFor: string): ClosedReason | null {
    const { closed } = this.channel;
    if (closed === null || closed instanceof ProtocolError) return closed;
    return new ClosedError(this.channel.name, closed.cause as Error | undefined, waitingFor);
  }
}

/** What a request is called in messages. */
function commandOf(message: JsonObject): string {
  const command = message.execute ?? message['exec-oob'];
  return typeof command === 'string' ? command : 'a request without a command';
}

/** Whether replies to sync commands cannot be told from others, or a sync command must not be sent ahead. */
function needsQuiet(quirks: Quirks): boolean {
  return isOneAtATime(quirks) || quirks.lostId !== undefined || quirks.changedId === 'wrong';
}

/** The member of a greeting under which the endpoint introduces itself; null if it is no greeting. */
function introductionIn(message: JsonObject, tolerant: boolean): string | null {
  if (isJsonObject(message.QMP)) return 'QMP';
  if (!tolerant) return null;
  const found = Object.entries(message).find(
    ([, value]) => isJsonObject(value) && ('version' in value || 'capabilities' in value),
  );
  return found?.[0] ?? null;
}
