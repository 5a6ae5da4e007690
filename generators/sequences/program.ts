/**
 * Programs: command sequences as plain data.
 *
 * What a step makes and another uses is named by a symbol: `$n3` is a node, `$f0` a file. A symbol may stand anywhere
 * in a string (`qemu-io $n0 "write 0 64k"`); its letter says what it is (`resources.ts`). Programs start from a
 * start state, which has made some symbols before the first step. Texts are in `encoding.ts`, rules in `validate-program.ts`.
 */
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';

/** A command. */
export interface Call {
  readonly kind: 'call';
  readonly command: string;
  readonly arguments: JsonObject;
  /** Which monitor it goes to; 0 is the first. */
  readonly monitor: number;
  /** The next step does not wait for its reply. */
  readonly pipelined: boolean;
}

/** Bytes for the first monitor, whatever they are. */
export interface Raw {
  readonly kind: 'raw';
  readonly text: string;
}

/** Time passes. */
export interface Sleep {
  readonly kind: 'sleep';
  readonly milliseconds: number;
}

/** Waits for an event for a limited time; that it does not come is no fault. */
export interface Wait {
  readonly kind: 'wait';
  readonly event: string;
}

/** The image file is replaced under the endpoint by `size` times the byte. */
export interface Overwrite {
  readonly kind: 'overwrite';
  readonly file: string;
  readonly size: number;
  readonly byte: number;
}

/** `length` times the byte are written through the data plane: through an export of the program's, or to a node. */
export interface Write {
  readonly kind: 'write';
  /** Symbol of a node or an export. */
  readonly through: string;
  /** Bytes. */
  readonly offset: number;
  readonly length: number;
  readonly byte: number;
}

/** Every node whose contents can be known is read, and held to what it must contain. */
export interface Compare {
  readonly kind: 'compare';
}

/** Steps that go through the NBD access, and are no exchange of QMP. */
export type DataStep = Write | Compare;
/** One step; `kind` tells them apart. */
export type Step = Call | Raw | Sleep | Wait | Overwrite | DataStep;

/** A command sequence as data: it starts from a start state, and its steps run one after another. */
export interface Program {
  /** Name of the start state. */
  readonly startState: string;
  readonly steps: readonly Step[];
}

/** What a program can start from. */
export interface StartState {
  readonly name: string;
  /** What is there, as symbols without the dollar sign: `n0`. */
  readonly symbols: readonly string[];
  readonly monitors: number;
}

const SYMBOL = /\$([a-z]\d+)/g;

export function call(command: string, args: JsonObject = {}): Call {
  return { kind: 'call', command, arguments: args, monitor: 0, pipelined: false };
}

/** Symbols in a value, in order, with repetitions. */
export function symbolsIn(value: Json): string[] {
  if (typeof value === 'string')
    return value.includes('$') ? [...value.matchAll(SYMBOL)].map((match) => match[1]!) : [];
  if (Array.isArray(value)) return value.flatMap(symbolsIn);
  return isJsonObject(value) ? Object.values(value).flatMap(symbolsIn) : [];
}

/** Symbols that a step names. */
export function symbolsOf(step: Step): string[] {
  if (step.kind === 'call') return symbolsIn(step.arguments);
  if (step.kind === 'write') return symbolsIn(step.through);
  if (step.kind === 'raw') return symbolsIn(step.text);
  return step.kind === 'overwrite' ? symbolsIn(step.file) : [];
}

/** A copy of a value with every string rewritten. */
export function mapTexts<T extends Json>(value: T, rewrite: (text: string) => string): T {
  if (typeof value === 'string') return rewrite(value) as T;
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, rewrite)) as T;
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, rewrite)])) as T;
}

/** A copy with every symbol replaced; `rename` takes and gives symbols without the dollar sign. */
export function renameIn<T extends Json>(value: T, rename: (symbol: string) => string): T {
  return mapTexts(value, (text) => text.replace(SYMBOL, (_, symbol: string) => `$${rename(symbol)}`));
}

/** A copy in which some symbols are plain text. */
export function unnameIn<T extends Json>(value: T, symbols: ReadonlySet<string>): T {
  return mapTexts(value, (text) =>
    text.replace(SYMBOL, (whole, symbol: string) => (symbols.has(symbol) ? symbol : whole)),
  );
}

export function renameSymbols(step: Step, rename: (symbol: string) => string): Step {
  if (step.kind === 'call') return { ...step, arguments: renameIn(step.arguments, rename) };
  if (step.kind === 'write') return { ...step, through: renameIn(step.through, rename) };
  if (step.kind === 'raw') return { ...step, text: renameIn(step.text, rename) };
  return step.kind === 'overwrite' ? { ...step, file: renameIn(step.file, rename) } : step;
}

/** Whether the step reads or writes contents, which only some endpoints offer. */
export function isDataStep(step: Step): step is DataStep {
  return step.kind === 'write' || step.kind === 'compare';
}

/** The value as it is sent: symbols become names, those of files paths inside `dir`. */
export function concrete<T extends Json>(value: T, dir: string): T {
  return mapTexts(value, (text) =>
    text
      .replace(SYMBOL, (_, symbol: string) => (symbol[0] === 'f' ? `${dir}/${symbol}` : symbol))
      .replaceAll('@DIR@', dir),
  );
}
