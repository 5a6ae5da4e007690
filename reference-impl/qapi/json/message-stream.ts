/**
 * The messages in a stream of bytes, pulled one by one: what is not asked for is not lexed yet, so a session that
 * executes one command does not hold the replies to the next thousand.
 */
import { Lexer } from './json-lexer.ts';
import { type Message, Parser } from './json-parser.ts';

/** Takes bytes as they come; `next` gives one message at a time. */
export class MessageStream {
  #ready: Message | undefined;
  readonly #lexer = new Lexer(new Parser((message) => (this.#ready = message)));
  readonly #isReady = () => this.#ready !== undefined;
  #chunks: Buffer[] = [];
  /** Where in the first chunk lexing goes on. */
  #offset = 0;

  push(bytes: Uint8Array): void {
    this.#chunks.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  /** The next complete message; `undefined` until more bytes come. */
  next(): Message | undefined {
    while (this.#ready === undefined) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) return undefined;
      this.#offset = this.#lexer.feed(chunk, this.#offset, this.#isReady);
      if (this.#offset < chunk.length) break;
      this.#chunks.shift();
      this.#offset = 0;
    }
    const message = this.#ready;
    this.#ready = undefined;
    return message;
  }
}
