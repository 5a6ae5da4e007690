/** Cuts the bytes that a client sends into messages, wherever packets and lines end. */
import { parse, type Value } from './json-text.ts';

/** A message, or why what came is none. */
export type Received = { readonly value: Value } | { readonly fault: string };

const MOST_NESTED = 1024;
const RESET = 0xff;
const [LINE_END, QUOTE, APOSTROPHE, BACKSLASH] = [0x0a, 0x22, 0x27, 0x5c];
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);
const BLANK = new Set([0x20, 0x09, 0x0d, LINE_END]);

/** A byte 0xFF, which no JSON text has, takes back all that was begun, with the rest of its line. */
export class MessageReader {
  #held: number[] = [];
  #depth = 0;
  #quote = 0;
  #escaped = false;
  /** What follows up to the end of the line is not looked at. */
  #skipping = false;

  push(bytes: Uint8Array): Received[] {
    return [...bytes].flatMap((byte) => this.#byte(byte) ?? []);
  }

  #byte(byte: number): Received | null {
    if (this.#skipping) {
      this.#skipping = byte !== LINE_END;
      return null;
    }
    if (byte === RESET) return this.#giveUp('Invalid JSON syntax');
    if (this.#quote !== 0) return this.#inString(byte);
    if (BLANK.has(byte)) return this.#depth === 0 ? this.#complete() : this.#hold(byte);
    if (OPENING.has(byte)) {
      // A word that ends here is answered with what follows, as no message.
      this.#depth += 1;
      return this.#depth > MOST_NESTED ? this.#giveUp('JSON nesting is too deep') : this.#hold(byte);
    }
    this.#hold(byte);
    if (CLOSING.has(byte)) {
      this.#depth = Math.max(0, this.#depth - 1);
      return this.#depth === 0 ? this.#complete() : null;
    }
    if (byte === QUOTE || byte === APOSTROPHE) this.#quote = byte;
    return null;
  }

  #inString(byte: number): Received | null {
    this.#hold(byte);
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === this.#quote) {
      this.#quote = 0;
      return this.#depth === 0 ? this.#complete() : null;
    }
    return null;
  }

  #hold(byte: number): null {
    this.#held.push(byte);
    return null;
  }

  #giveUp(fault: string): Received {
    this.#held = [];
    this.#depth = 0;
    this.#quote = 0;
    this.#escaped = false;
    this.#skipping = true;
    return { fault };
  }

  #complete(): Received | null {
    if (this.#held.length === 0) return null;
    const bytes = Uint8Array.from(this.#held);
    this.#held = [];
    try {
      return { value: parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) };
    } catch {
      return { fault: 'Invalid JSON syntax' };
    }
  }
}
