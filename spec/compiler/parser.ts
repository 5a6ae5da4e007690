/**
 * Stage 1, the parser: files to top-level expressions, with the documentation comment before each.
 *
 * Directives are carried out here: an include is parsed where it stands, once; pragmas are collected. Neighbours:
 * `lexer.ts` gives the tokens, `doc.ts` reads the comments, `expr.ts` judges what the expressions say.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Expression, Members, ParsedSchema, Value } from './ast.ts';
import { type Diagnostic, fault, type Source } from './diagnostic.ts';
import { type Doc, type DocLine, readDoc } from './doc.ts';
import { Lexer, type Token, type TokenKind } from './lexer.ts';
import { Pragmas } from './pragma.ts';

/** Deeper nesting than any schema has; keeps the parser's own stack bounded. */
const MAX_NESTING = 100;

/** The depth of a top-level expression. */
const TOP = 1;

/** Parses a file and what it includes. `text`: its content, where it isn't to be read from the file system. */
export function parseSchema(file: string, text?: string): ParsedSchema {
  const output: Output = { expressions: [], docs: [], pragmas: new Pragmas(), visited: new Set() };
  parseFile(file, text ?? readFileSync(file, 'utf8'), undefined, output);
  return output;
}

interface Output extends ParsedSchema {
  readonly expressions: Expression[];
  readonly docs: Doc[];
  /** Absolute paths of all files seen. */
  readonly visited: Set<string>;
}

function parseFile(file: string, text: string, includedFrom: Source | undefined, output: Output): void {
  output.visited.add(resolve(file));
  const place = includedFrom === undefined ? { file } : { file, includedFrom };
  new Parser(place, new Lexer(text, place), output).parse();
}

class Parser {
  readonly #place: Pick<Source, 'file' | 'includedFrom'>;
  readonly #lexer: Lexer;
  readonly #output: Output;
  #token: Token;
  /** Definition documentation that waits for its definition. */
  #pending: Doc | undefined;

  constructor(place: Pick<Source, 'file' | 'includedFrom'>, lexer: Lexer, output: Output) {
    this.#place = place;
    this.#lexer = lexer;
    this.#output = output;
    this.#token = lexer.next();
  }

  parse(): void {
    for (;;) {
      if (this.#token.kind === 'comment') {
        this.#comment();
        continue;
      }
      if (this.#token.kind === 'end') break;
      this.#expression();
    }
    this.#dropPending();
  }

  #expression(): void {
    const source = this.#source();
    if (this.#token.kind !== '{')
      fault(source, `expected '{' to begin an expression, found ${this.#found()}`);
    const members = this.#object(TOP);
    if (members.has('include')) this.#include(members, source);
    else if (members.has('pragma')) this.#pragma(members, source);
    else {
      const doc = this.#pending;
      this.#pending = undefined;
      if (doc !== undefined) this.#output.docs.push(doc);
      this.#output.expressions.push({ members, source, ...(doc && { doc }) });
    }
  }

  #include(members: Members, source: Source): void {
    this.#dropPending();
    const name = directiveValue(members, 'include', source);
    if (typeof name !== 'string') fault(source, "value of 'include' must be a string");
    const file = join(dirname(this.#place.file), name);
    for (let from: Source | undefined = source; from !== undefined; from = from.includedFrom)
      if (resolve(from.file) === resolve(file)) fault(source, `inclusion loop for '${name}'`);
    if (this.#output.visited.has(resolve(file))) return;
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      fault(source, `can't read included file '${name}': ${(error as NodeJS.ErrnoException).code}`);
    }
    parseFile(file, text, source, this.#output);
  }

  #pragma(members: Members, source: Source): void {
    this.#dropPending();
    this.#output.pragmas.apply(directiveValue(members, 'pragma', source), source);
  }

  // JSON

  #value(depth: number): Value {
    const { kind, text } = this.#token;
    if (depth > MAX_NESTING) fault(this.#source(), 'nested too deeply');
    if (kind === '{') return this.#object(depth);
    if (kind === '[') return this.#array(depth);
    if (kind !== 'string' && kind !== 'literal')
      fault(this.#source(), `expected a value, found ${this.#found()}`);
    this.#advance();
    return kind === 'string' ? text : text === 'true';
  }

  #object(depth: number): Members {
    const members = new Map<string, Value>();
    this.#list('{', '}', depth, () => {
      const source = this.#source();
      const key = this.#token.text;
      if (this.#token.kind !== 'string') fault(source, `expected a member's name, found ${this.#found()}`);
      this.#advance();
      this.#expect(':');
      if (members.has(key)) fault(source, `duplicate key '${key}'`);
      members.set(key, this.#value(depth + 1));
    });
    return members;
  }

  #array(depth: number): Value[] {
    const values: Value[] = [];
    this.#list('[', ']', depth, () => values.push(this.#value(depth + 1)));
    return values;
  }

  /** Items between brackets, separated by commas. A comment after a top-level expression is left to be seen. */
  #list(open: TokenKind, close: TokenKind, depth: number, item: () => void): void {
    this.#expect(open);
    if (this.#token.kind !== close) {
      item();
      for (; this.#token.kind === ','; item()) this.#advance();
      if (this.#token.kind !== close)
        fault(this.#source(), `expected ',' or '${close}', found ${this.#found()}`);
    }
    if (depth === TOP) this.#token = this.#lexer.next();
    else this.#advance();
  }

  #expect(kind: TokenKind): void {
    if (this.#token.kind !== kind) fault(this.#source(), `expected '${kind}', found ${this.#found()}`);
    this.#advance();
  }

  #advance(): void {
    do this.#token = this.#lexer.next();
    while (this.#token.kind === 'comment');
  }

  #source(): Source {
    return { ...this.#place, line: this.#token.line };
  }

  #found(): string {
    const { kind, text } = this.#token;
    if (kind === 'end') return 'the end of the file';
    return kind === 'string' ? `string '${text}'` : `'${text}'`;
  }

  // Documentation

  #comment(): void {
    if (this.#token.text.startsWith('##')) this.#documentation();
    else this.#token = this.#lexer.next();
  }

  /** From a `##` to the next one. */
  #documentation(): void {
    const source = this.#source();
    const faults: Diagnostic[] = [];
    const report = (line: number, message: string) => faults.push({ source: { ...source, line }, message });
    if (this.#token.text !== '##') report(source.line, "text after the '##' that begins documentation");
    const lines: DocLine[] = [];
    for (;;) {
      this.#token = this.#lexer.next();
      const { kind, text, line } = this.#token;
      if (kind !== 'comment') {
        report(line, "documentation must end with '##'");
        break;
      }
      if (text.startsWith('##')) {
        if (text !== '##') report(line, "text after the '##' that ends documentation");
        this.#token = this.#lexer.next();
        break;
      }
      lines.push({ text, line });
    }
    this.#dropPending();
    const doc = readDoc(source, lines, faults);
    if (doc.symbol === undefined) this.#output.docs.push(doc);
    else this.#pending = doc;
  }

  /** Definition documentation with no definition after it. */
  #dropPending(): void {
    const doc = this.#pending;
    this.#pending = undefined;
    if (doc === undefined) return;
    const message = `documentation of '${doc.symbol}' is not followed by its definition`;
    this.#output.docs.push({ ...doc, faults: [...doc.faults, { source: doc.source, message }] });
  }
}

/** The value of a directive, which stands alone in its expression. */
function directiveValue(members: Members, name: string, source: Source): Value | undefined {
  const other = [...members.keys()].find((key) => key !== name);
  if (other !== undefined) fault(source, `'${name}' stands beside '${other}': a directive stands alone`);
  return members.get(name);
}
