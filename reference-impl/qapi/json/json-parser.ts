/**
 * Tokens to messages, as they come: values are built while their tokens arrive, so memory follows the value.
 *
 * A message ends where its brackets and its braces are both closed, each counted for itself, or where one closes that
 * was not open; so `{]` is one faulty message, and an unclosed bracket takes in what follows. Of several faults the
 * outermost is told: a fault anywhere inside a member's value is, to the object, a missing value.
 */
import type { LexerSink } from './json-lexer.ts';
import type { TokenKind } from './json-lexer-table.ts';
import { stringFromBytes } from './string-token.ts';
import { numberFromText, type Wire, type WireObject } from './wire-value.ts';

/** A parsed value, or the description of why there is none. */
export type Message = { readonly value: Wire } | { readonly fault: string };

const INVALID_SYNTAX = 'Invalid JSON syntax';
const MAX_NESTING = 1024;
/** Bytes of a message's tokens, and what it takes to keep each of them. */
const MAX_ROOM = 2 ** 26;
const TOKEN_ROOM = 32;

/** What may come next in a container. */
type Expectation = 'key-or-end' | 'key' | 'colon' | 'value-or-end' | 'value' | 'separator-or-end';

interface Container {
  readonly list: Wire[] | undefined;
  readonly object: WireObject | undefined;
  key: string;
  expects: Expectation;
}

/** Calls back with each message, or with what is wrong with it. */
export class Parser implements LexerSink {
  readonly #emit: (message: Message) => void;
  #stack: Container[] = [];
  #fault: string | undefined;
  #result: Wire | undefined;
  #braces = 0;
  #brackets = 0;
  #room = 0;

  constructor(emit: (message: Message) => void) {
    this.#emit = emit;
  }

  lexicalError(): void {
    this.#finish({ fault: INVALID_SYNTAX });
  }

  token(kind: TokenKind, text: Buffer): void {
    if (kind === '{') this.#braces += 1;
    else if (kind === '}') this.#braces -= 1;
    else if (kind === '[') this.#brackets += 1;
    else if (kind === ']') this.#brackets -= 1;
    this.#room += TOKEN_ROOM + text.length;
    if (this.#braces + this.#brackets > MAX_NESTING || this.#room > MAX_ROOM) {
      this.lexicalError();
      return;
    }
    if (this.#fault === undefined) this.#accept(kind, text);
    if (this.#braces < 0 || this.#brackets < 0 || (this.#braces === 0 && this.#brackets === 0))
      this.#finish(this.#fault === undefined ? { value: this.#result! } : { fault: this.#fault });
  }

  #finish(message: Message): void {
    this.#stack = [];
    this.#fault = undefined;
    this.#result = undefined;
    this.#braces = 0;
    this.#brackets = 0;
    this.#room = 0;
    this.#emit(message);
  }

  #accept(kind: TokenKind, text: Buffer): void {
    const container = this.#stack.at(-1);
    switch (container?.expects) {
      case 'key-or-end':
        if (kind === '}') this.#close();
        else this.#acceptKey(container, kind, text);
        break;
      case 'key':
        this.#acceptKey(container, kind, text);
        break;
      case 'colon':
        if (kind === ':') container.expects = 'value';
        else this.#fail('missing : in object pair');
        break;
      case 'separator-or-end':
        this.#acceptSeparator(container, kind);
        break;
      case 'value-or-end':
        if (kind === ']') this.#close();
        else this.#acceptValue(kind, text);
        break;
      default:
        this.#acceptValue(kind, text);
    }
  }

  #acceptKey(object: Container, kind: TokenKind, text: Buffer): void {
    if (kind === 'string') {
      object.key = stringFromBytes(text);
      object.expects = 'colon';
    } else this.#fail('key is not a string in object');
  }

  #acceptSeparator(container: Container, kind: TokenKind): void {
    const isList = container.list !== undefined;
    if (kind === (isList ? ']' : '}')) this.#close();
    else if (kind === ',') container.expects = isList ? 'value' : 'key';
    else this.#fail(`expected separator in ${isList ? 'list' : 'dict'}`);
  }

  #acceptValue(kind: TokenKind, text: Buffer): void {
    switch (kind) {
      case '{':
        this.#stack.push({ list: undefined, object: Object.create(null), key: '', expects: 'key-or-end' });
        break;
      case '[':
        this.#stack.push({ list: [], object: undefined, key: '', expects: 'value-or-end' });
        break;
      case 'string':
        this.#put(stringFromBytes(text));
        break;
      case 'number':
        this.#put(numberFromText(text.toString('latin1')));
        break;
      case 'keyword':
        this.#acceptKeyword(text.toString('latin1'));
        break;
      case 'format':
        this.#failValue(INVALID_SYNTAX);
        break;
      default:
        this.#failValue(parseError('expecting value'));
    }
  }

  #acceptKeyword(keyword: string): void {
    if (keyword === 'null') this.#put(null);
    else if (keyword === 'true' || keyword === 'false') this.#put(keyword === 'true');
    else this.#failValue(parseError(`invalid keyword '${keyword}'`));
  }

  #close(): void {
    const container = this.#stack.pop()!;
    this.#put((container.list ?? container.object)!);
  }

  #put(value: Wire): void {
    const container = this.#stack.at(-1);
    if (container === undefined) {
      this.#result = value;
      return;
    }
    if (container.list !== undefined) container.list.push(value);
    else container.object![container.key] = value;
    container.expects = 'separator-or-end';
  }

  /** There is no value: a fault of its own only outside of any container. */
  #failValue(own: string): void {
    const container = this.#stack.at(-1);
    if (container === undefined) this.#fault = own;
    else this.#fail(missingValue(container));
  }

  /** A fault in the innermost container, told as the outermost one sees it. */
  #fail(own: string): void {
    const text = this.#stack.length > 1 ? missingValue(this.#stack[0]!) : own;
    this.#fault = parseError(text);
    this.#stack = [];
  }
}

function parseError(what: string): string {
  return `JSON parse error, ${what}`;
}

function missingValue(container: Container): string {
  return container.list === undefined ? 'Missing value in dict' : 'expecting value';
}
