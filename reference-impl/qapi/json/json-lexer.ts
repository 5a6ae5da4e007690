/**
 * Bytes to tokens, one byte at a time, by `json-lexer-table.ts`. A byte that fits nowhere is a lexical error, takes the
 * token it broke with it, and the next byte starts afresh.
 */
import {
  DOUBLE_QUOTED,
  ENDS_BEFORE_BYTE,
  ERROR,
  KIND_MASK,
  KINDS,
  SINGLE_QUOTED,
  START,
  TABLE,
  type TokenKind,
} from './json-lexer-table.ts';

export interface LexerSink {
  /** `text`: the token's bytes; of a string those between the quotes. Valid during the call only. */
  token(kind: TokenKind, text: Buffer): void;
  /** A byte that fits nowhere, or a token longer than `MAX_TOKEN_BYTES`. */
  lexicalError(): void;
}

export const MAX_TOKEN_BYTES = 64 * 1024 * 1024;

/** Takes bytes in pieces of any size, and hands tokens and errors to its sink. */
export class Lexer {
  readonly #sink: LexerSink;
  #state = START;
  /** Bytes of the unfinished token that came in earlier chunks: the first `#begunBytes` of a growing buffer. */
  #begun = Buffer.alloc(0);
  #begunBytes = 0;

  constructor(sink: LexerSink) {
    this.#sink = sink;
  }

  /**
   * Lexes `chunk` from `at`, until its end or until `stop` says so after a token or error; returns where it stopped.
   * Keeps no reference into `chunk`.
   */
  feed(chunk: Buffer, at: number, stop: () => boolean): number {
    let state = this.#state;
    let tokenStart = at;
    while (at < chunk.length) {
      const next = TABLE[(state << 8) | chunk[at]!]!;
      if (state === START) tokenStart = at;
      if (next < ERROR) {
        state = next;
        at += 1;
        if (state === DOUBLE_QUOTED || state === SINGLE_QUOTED) at = skipOrdinary(chunk, at, state);
        continue;
      }
      state = START;
      this.#state = START;
      if (next === ERROR) {
        at += 1;
        this.#forget();
        this.#sink.lexicalError();
      } else {
        if (next < ENDS_BEFORE_BYTE) at += 1;
        this.#finish(KINDS[next & KIND_MASK]!, this.#take(chunk, tokenStart, at));
      }
      if (stop()) return at;
    }
    this.#state = state;
    if (state !== START) this.#keep(chunk.subarray(tokenStart));
    return at;
  }

  #finish(kind: TokenKind, text: Buffer): void {
    this.#sink.token(kind, kind === 'string' ? text.subarray(1, -1) : text);
  }

  /** The token's bytes up to `end` of this chunk, with those from before. */
  #take(chunk: Buffer, start: number, end: number): Buffer {
    const last = chunk.subarray(start, end);
    if (this.#begunBytes === 0) return last;
    const whole = Buffer.concat([this.#begun.subarray(0, this.#begunBytes), last]);
    this.#forget();
    return whole;
  }

  #keep(bytes: Buffer): void {
    const length = this.#begunBytes + bytes.length;
    if (length > MAX_TOKEN_BYTES) {
      this.#forget();
      this.#state = START;
      this.#sink.lexicalError();
      return;
    }
    if (length > this.#begun.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#begun.length));
      this.#begun.copy(larger, 0, 0, this.#begunBytes);
      this.#begun = larger;
    }
    bytes.copy(this.#begun, this.#begunBytes);
    this.#begunBytes = length;
  }

  #forget(): void {
    this.#begun = Buffer.alloc(0);
    this.#begunBytes = 0;
  }
}

/** Inside a string: the first byte at or after `at` that does more than continue it. */
function skipOrdinary(chunk: Buffer, at: number, state: number): number {
  const row = state << 8;
  while (at < chunk.length && TABLE[row | chunk[at]!] === state) at += 1;
  return at;
}
