/**
 * A connection as a sequence of messages: bytes out, messages in, each with its exact text. It gives no meaning to
 * them: ids, greeting and errors are the client's business. The replayer and the cases about the protocol itself
 * work here.
 */
import { type Json, stringifyJson } from '../../spec/json.ts';
import type { Transport } from '../transports/transport.ts';
import { ClosedError, ProtocolError } from './errors.ts';
import { DEFAULT_MESSAGE_LIMIT, type Message, Splitter } from './framing.ts';

export type { Message } from './framing.ts';

/** Sees what crosses a channel, in order, before anyone acts on it. */
export interface ChannelObserver {
  /** `value` is absent when raw bytes were sent. */
  sent?(text: string | Uint8Array, value?: Json): void;
  received?(message: Message): void;
  /** Once, last. */
  closed?(reason: ClosedReason): void;
}

export interface ChannelListener {
  message(message: Message): void;
  /** Called once, last. */
  closed(reason: ClosedReason): void;
}

/** A clean end, an end inside a message or a message beyond the limit, or a broken connection. */
export type ClosedReason = ClosedError | ProtocolError;

export interface ChannelOptions {
  /** Most bytes of one message; a longer one closes the channel with `too-long`. Default 64 MiB. */
  readonly messageLimit?: number;
  readonly observer?: ChannelObserver;
}

/** Messages over a transport, in both directions. It knows nothing of requests. */
export class Channel {
  readonly name: string;
  readonly #transport: Transport;
  readonly #splitter: Splitter;
  readonly #observer: ChannelObserver | undefined;
  #listener: ChannelListener | null = null;
  #closed: ClosedReason | null = null;
  /** Lines that were sent at the same moment: they go out in one piece. */
  #lines: string[] = [];

  constructor(transport: Transport, options: ChannelOptions = {}) {
    this.name = transport.name;
    this.#transport = transport;
    this.#observer = options.observer;
    this.#splitter = new Splitter(
      (message) => this.#message(message),
      options.messageLimit ?? DEFAULT_MESSAGE_LIMIT,
    );
  }

  /** Why it is closed; null while it is open. */
  get closed(): ClosedReason | null {
    return this.#closed;
  }

  /** Beginning of an unfinished message, empty if there is none. */
  get unfinished(): string {
    return this.#splitter.held();
  }

  /** Starts delivery. May be called once. */
  open(listener: ChannelListener): void {
    this.#listener = listener;
    this.#transport.open({
      data: (chunk) => this.#data(chunk),
      closed: (error) => this.#end(this.#splitter.end() ?? new ClosedError(this.name, error)),
    });
  }

  /** Sends a value as one line. Returns its text, without the line end. Throws the reason once it is closed. */
  send(value: Json): string {
    const text = stringifyJson(value);
    this.#check();
    this.#observer?.sent?.(text, value);
    if (this.#lines.push(`${text}\n`) === 1) queueMicrotask(() => this.#flush());
    return text;
  }

  /** Sends bytes exactly so. Throws the reason once it is closed. */
  sendRaw(bytes: string | Uint8Array): void {
    this.#check();
    this.#observer?.sent?.(bytes);
    this.#flush();
    this.#write(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
  }

  /** Ends the sending side where the medium can; what comes is still delivered. */
  end(): void {
    this.#flush();
    this.#transport.end();
  }

  /** Closes both sides. Idempotent. */
  close(): Promise<void> {
    this.#flush();
    return this.#transport.close();
  }

  #check(): void {
    if (this.#closed !== null) throw this.#closed;
  }

  #flush(): void {
    if (this.#lines.length === 0) return;
    const text = this.#lines.join('');
    this.#lines = [];
    this.#write(Buffer.from(text));
  }

  #write(bytes: Uint8Array): void {
    // A write that fails is a connection that ends: `closed` tells.
    this.#transport.write(bytes)?.catch(() => {});
  }

  #data(chunk: Uint8Array): void {
    if (this.#closed !== null) return;
    try {
      this.#splitter.push(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#end(error);
      void this.#transport.close();
    }
  }

  #message(message: Message): void {
    this.#observer?.received?.(message);
    this.#listener?.message(message);
  }

  #end(reason: ClosedReason): void {
    if (this.#closed !== null) return;
    this.#closed = reason;
    this.#observer?.closed?.(reason);
    this.#listener?.closed(reason);
  }
}
