/**
 * Stage 1, the lexer: QAPI text to tokens, one at a time, so that the first fault in the file is found first.
 *
 * QAPI is JSON with single quotes: strings of printable ASCII whose only escape is `\\`, the literals `true` and
 * `false`, comments from `#` to the end of the line; no numbers and no null. The parser decides what a comment means.
 */
import { fault, type Source } from './diagnostic.ts';

export type TokenKind = '{' | '}' | '[' | ']' | ':' | ',' | 'string' | 'literal' | 'comment' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** A string's value, a literal's or comment's text (from its `#`), the character of a bracket, else empty. */
  readonly text: string;
  readonly line: number;
}

const PUNCTUATION = '{}[]:,';
/** What is shown of a character sequence that starts no token. */
const STRAY = /[^\s{}[\]:,'#]+|./suy;
const LITERAL = /(?:true|false)\b/y;

export class Lexer {
  readonly #text: string;
  readonly #file: Pick<Source, 'file' | 'includedFrom'>;
  #position = 0;
  #line = 1;

  constructor(text: string, file: Pick<Source, 'file' | 'includedFrom'>) {
    this.#text = text;
    this.#file = file;
  }

  /** The next token; `end`, on the last line, for ever after the last one. */
  next(): Token {
    this.#skipSpace();
    const text = this.#text;
    const start = this.#position;
    const char = text[start];
    if (char === undefined) return { kind: 'end', text: '', line: this.#lastLine() };
    if (PUNCTUATION.includes(char)) return this.#token(char as TokenKind, char, start + 1);
    if (char === '#') {
      const end = text.indexOf('\n', start);
      const comment = text.slice(start, end < 0 ? text.length : end);
      return this.#token('comment', comment.trimEnd(), start + comment.length);
    }
    if (char === "'") return this.#string(start + 1);
    LITERAL.lastIndex = start;
    const literal = LITERAL.exec(text)?.[0];
    if (literal !== undefined) return this.#token('literal', literal, start + literal.length);
    STRAY.lastIndex = start;
    const stray = STRAY.exec(text)![0];
    return this.#fail(`stray ${JSON.stringify(stray.slice(0, 40))}`);
  }

  #skipSpace(): void {
    for (; ; this.#position++) {
      const char = this.#text[this.#position];
      if (char === '\n') this.#line++;
      else if (char !== ' ' && char !== '\t' && char !== '\r') return;
    }
  }

  #string(start: number): Token {
    let value = '';
    for (let at = start; ; at++) {
      const char = this.#text[at];
      if (char === undefined || char === '\n') return this.#fail("string lacks its closing quote (')");
      if (char === "'") return this.#token('string', value, at + 1);
      if (char === '\\') {
        const escaped = this.#text[++at];
        if (escaped !== '\\')
          return this.#fail(
            `unknown escape ${JSON.stringify(escaped ?? '')} in string: only \\\\ is allowed`,
          );
      } else if (char < ' ' || char > '~') {
        return this.#fail(`string holds ${JSON.stringify(char)}: only printable ASCII is allowed`);
      }
      value += char;
    }
  }

  #token(kind: TokenKind, text: string, end: number): Token {
    this.#position = end;
    return { kind, text, line: this.#line };
  }

  /** A newline that ends the text does not begin a line. */
  #lastLine(): number {
    return this.#text.endsWith('\n') && this.#line > 1 ? this.#line - 1 : this.#line;
  }

  #fail(message: string): never {
    return fault({ ...this.#file, line: this.#line }, message);
  }
}
