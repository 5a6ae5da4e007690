/**
 * Splits the stream of bytes from an endpoint into messages. QMP sends an object a line; other endpoints may break
 * lines inside an object, or send none between two, so the end of a message is found by structure:
 *
 *   1. a line that lies whole in one chunk and parses is a message (nearly always);
 *   2. otherwise the scanner walks byte by byte, once, until the object closes;
 *   3. what cannot become JSON any more runs to the end of its line, and is delivered as unparsable.
 *
 * Every byte is looked at and copied a bounded number of times, and no more than `limit` bytes are held.
 */
import { isUtf8 } from 'node:buffer';
import { isJsonObject, type JsonObject, parseJson } from '../../spec/json.ts';
import { writtenNumbers } from '../../spec/written-numbers.ts';
import { excerpt, ProtocolError } from './errors.ts';
import { isBlank, JsonScanner } from './json-scanner.ts';

/** A message with its exact text, without the line end. */
export interface ParsedMessage {
  readonly text: string;
  readonly value: JsonObject;
}

/** Text that is no message. Bytes that are no UTF-8 are shown as U+FFFD. */
export interface UnparsableMessage {
  readonly text: string;
  readonly value?: undefined;
  readonly fault: ProtocolError;
}

/** Texts of messages that their values do not tell: those with integers that are written as fractions. */
const TEXTS = new WeakMap<JsonObject, string>();

/** The text of a message as it came, where its value does not tell it: with a number like `1.0`. */
export function exactText(message: JsonObject): string | undefined {
  return TEXTS.get(message);
}

export type Message = ParsedMessage | UnparsableMessage;

export const DEFAULT_MESSAGE_LIMIT = 64 * 1024 * 1024;

/** Buffers larger than this are given back after the message they held. */
const KEPT_CAPACITY = 1024 * 1024;

const NEWLINE = 0x0a;
const OPEN_OBJECT = 0x7b;

export class Splitter {
  readonly #deliver: (message: Message) => void;
  readonly #limit: number;
  /** The message that has begun but not ended. */
  #held = Buffer.alloc(0);
  #length = 0;
  #scanner: JsonScanner | null = null;

  /** `limit`: most bytes of one message. */
  constructor(deliver: (message: Message) => void, limit: number = DEFAULT_MESSAGE_LIMIT) {
    this.#deliver = deliver;
    this.#limit = limit;
  }

  /** Takes the next bytes. Throws `ProtocolError` (`too-long`); the splitter is of no use after that. */
  push(bytes: Uint8Array): void {
    const chunk = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    while (at < chunk.length) {
      if (this.#scanner === null) {
        while (at < chunk.length && isBlank(chunk[at]!)) at++;
        if (at === chunk.length) return;
        const end = this.#wholeLine(chunk, at);
        if (end > at) {
          at = end;
          continue;
        }
        this.#scanner = new JsonScanner();
      }
      at = this.#scan(this.#scanner, chunk, at);
    }
  }

  /** The stream has ended. The result says that it ended inside a message, null if it did not. */
  end(): ProtocolError | null {
    return this.#length === 0
      ? null
      : new ProtocolError('truncated', 'the stream ended inside a message', this.held());
  }

  /** Beginning of what has come of an unfinished message. */
  held(): string {
    return excerpt(this.#held.toString('utf8', 0, Math.min(this.#length, 4096)));
  }

  /** Delivers the line at `at` if it is one object. Returns the index behind it, or `at`. */
  #wholeLine(chunk: Buffer, at: number): number {
    if (chunk[at] !== OPEN_OBJECT) return at;
    const newline = chunk.indexOf(NEWLINE, at);
    if (newline < 0 || newline - at > this.#limit) return at;
    const line = chunk.subarray(at, chunk[newline - 1] === 0x0d ? newline - 1 : newline);
    if (!isUtf8(line)) return at;
    const text = line.toString('utf8');
    let value: JsonObject;
    try {
      value = parseJson(text) as JsonObject;
    } catch {
      return at;
    }
    keepText(value, text);
    this.#deliver({ text, value });
    return newline + 1;
  }

  #scan(scanner: JsonScanner, chunk: Buffer, at: number): number {
    let end = scanner.scan(chunk, at, chunk.length);
    let ended = scanner.state === 'complete';
    if (scanner.state === 'broken') {
      // The byte that broke it may itself be the end of the line.
      const newline = chunk.indexOf(NEWLINE, Math.max(at, end - 1));
      ended = newline >= 0;
      end = ended ? newline : chunk.length;
    }
    this.#hold(chunk, at, end);
    if (ended) this.#finish();
    return end;
  }

  #hold(chunk: Buffer, from: number, to: number): void {
    const length = this.#length + to - from;
    if (length > this.#limit)
      throw new ProtocolError(
        'too-long',
        `a message is longer than ${this.#limit} bytes and has no end`,
        this.held(),
      );
    if (length > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.min(this.#limit, Math.max(4096, 2 * length)));
      this.#held.copy(grown, 0, 0, this.#length);
      this.#held = grown;
    }
    chunk.copy(this.#held, this.#length, from, to);
    this.#length = length;
  }

  #finish(): void {
    const bytes = this.#held.subarray(0, this.#length);
    const message = toMessage(bytes);
    this.#length = 0;
    this.#scanner = null;
    if (this.#held.length > KEPT_CAPACITY) this.#held = Buffer.alloc(0);
    this.#deliver(message);
  }
}

function keepText(value: JsonObject, text: string): void {
  if (writtenNumbers(text).length > 0) TEXTS.set(value, text);
}

/** One message from its bytes, whatever they are. */
function toMessage(bytes: Buffer): Message {
  const text = bytes.toString('utf8').trimEnd();
  if (!isUtf8(bytes)) return unparsable('bad-utf8', 'received bytes that are not UTF-8', text);
  try {
    const value = parseJson(text);
    if (isJsonObject(value)) {
      keepText(value, text);
      return { text, value };
    }
  } catch {
    return unparsable('bad-json', 'received what is not JSON', text);
  }
  return unparsable('not-an-object', 'received JSON that is not an object', text);
}

function unparsable(
  kind: 'bad-utf8' | 'bad-json' | 'not-an-object',
  what: string,
  text: string,
): UnparsableMessage {
  return { text, fault: new ProtocolError(kind, what, excerpt(text)) };
}
