/**
 * Finds where a JSON text ends in a stream of bytes, and where it can no longer become one. It is a recogniser of
 * JSON's structure only: words and numbers are taken as they come, what they say is left to the parser.
 * Neighbour: `framing.ts`, which feeds it.
 */

/** `open`: more is needed; `complete`: the text ended with the last byte; `broken`: no JSON text begins so. */
export type ScanState = 'open' | 'complete' | 'broken';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Deeper nesting is taken for garbage: ten times as deep as QEMU goes, and no memory to speak of. */
const MAX_DEPTH = 10_000;

type Expected = 'value' | 'value-or-close' | 'key' | 'key-or-close' | 'colon' | 'comma-or-close';

export function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Bytes that words and numbers are made of: letters, digits, sign, point. */
function isScalar(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x2e
  );
}

/** Scans one JSON object or list; anything else is broken from its first byte on. */
export class JsonScanner {
  state: ScanState = 'open';
  /** The closing brackets still due, innermost last. */
  readonly #due: number[] = [];
  #expected: Expected = 'value';
  #string = false;
  #escaped = false;
  #scalar = false;

  /** Scans `bytes` from `from` on. Returns the index behind the last byte looked at; see `state` then. */
  scan(bytes: Uint8Array, from: number, to: number): number {
    let index = from;
    while (index < to && this.state === 'open') this.#byte(bytes[index++]!);
    return index;
  }

  #byte(byte: number): void {
    if (this.#string) {
      this.#inString(byte);
      return;
    }
    if (this.#scalar) {
      if (isScalar(byte)) return;
      this.#scalar = false;
      this.#expected = 'comma-or-close';
    }
    if (isBlank(byte)) return;
    switch (this.#expected) {
      case 'colon':
        if (byte !== COLON) this.state = 'broken';
        this.#expected = 'value';
        return;
      case 'comma-or-close':
        if (byte === COMMA) this.#expected = this.#due.at(-1) === CLOSE_OBJECT ? 'key' : 'value';
        else this.#close(byte);
        return;
      case 'key':
      case 'key-or-close':
        if (byte === QUOTE) this.#string = true;
        else if (this.#expected === 'key-or-close') this.#close(byte);
        else this.state = 'broken';
        return;
      case 'value-or-close':
        if (byte === CLOSE_LIST) this.#close(byte);
        else this.#value(byte);
        return;
      case 'value':
        this.#value(byte);
    }
  }

  #inString(byte: number): void {
    if (byte < 0x20) this.state = 'broken';
    else if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) {
      this.#string = false;
      this.#expected =
        this.#expected === 'key' || this.#expected === 'key-or-close' ? 'colon' : 'comma-or-close';
    }
  }

  #value(byte: number): void {
    if (this.#due.length === MAX_DEPTH) this.state = 'broken';
    else if (byte === OPEN_OBJECT) {
      this.#due.push(CLOSE_OBJECT);
      this.#expected = 'key-or-close';
    } else if (byte === OPEN_LIST) {
      this.#due.push(CLOSE_LIST);
      this.#expected = 'value-or-close';
    } else if (this.#due.length === 0) this.state = 'broken';
    else if (byte === QUOTE) {
      this.#expected = 'value';
      this.#string = true;
    } else if (isScalar(byte)) this.#scalar = true;
    else this.state = 'broken';
  }

  #close(byte: number): void {
    if (byte !== this.#due.at(-1)) {
      this.state = 'broken';
      return;
    }
    this.#due.pop();
    this.#expected = 'comma-or-close';
    if (this.#due.length === 0) this.state = 'complete';
  }
}
