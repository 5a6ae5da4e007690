/**
 * The messages in a stream of bytes, pulled one by one: what is not asked for is not lexed yet, so a session that
 * executes one command does not hold the replies to the next thousand.
 */
import { Lexer } from './json-lexer.ts';
import { type Message, Parser } from './json-parser.ts';

/** Takes bytes as they come; `next` gives one message at a time. */
export class MessageStream {
  readonly #ready: Message[] = [];
  readonly #lexer = new Lexer(new Parser((message) => void this.#ready.push(message)));
  #wanted = 1;
  readonly #isReady = () => this.#ready.length >= this.#wanted;
  #chunks: Buffer[] = [];
  /** Where in the first chunk lexing goes on. */
  #offset = 0;

  push(bytes: Uint8Array): void {
    this.#chunks.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  /** The next complete message; `undefined` until more bytes come. */
  next(): Message | undefined {
    const [message] = this.ahead(1);
    this.#ready.shift();
    return message;
  }

  /** The complete messages that come next, at most so many; they stay. */
  ahead(most: number): readonly Message[] {
    this.#wanted = most;
    while (!this.#isReady()) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) break;
      this.#offset = this.#lexer.feed(chunk, this.#offset, this.#isReady);
      if (this.#offset < chunk.length) break;
      this.#chunks.shift();
      this.#offset = 0;
    }
    return this.#ready;
  }
}
