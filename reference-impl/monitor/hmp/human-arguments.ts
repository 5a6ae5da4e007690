/**
 * A line of the human monitor: the command's name, then arguments as its table entry declares them.
 *
 * A declaration is a list such as `force:-f,device:B,size:o?`: `B` a device, `F` a file, `s` a word, `S` the rest of the
 * line, `i` a number, `o` a size (mebibytes where no unit is given), `-f` a flag, `?` one that may be left out.
 */
import { sizeFromText } from '../../qapi/keyval-types.ts';

/** Arguments by name: texts, numbers (as `bigint`) and flags. Absent where they were left out. */
export interface HumanArguments {
  readonly texts: Readonly<Record<string, string>>;
  readonly numbers: Readonly<Record<string, bigint>>;
  readonly flags: ReadonlySet<string>;
}

/** A line that does not fit; the message names the argument. */
export class UsageError extends Error {}

const EXPECTED: Readonly<Record<string, string>> = {
  B: 'block device name expected',
  F: 'filename expected',
  s: 'string expected',
};

interface Declared {
  readonly name: string;
  readonly type: string;
  readonly isOptional: boolean;
}

function declared(declaration: string): Declared[] {
  return declaration.split(',').flatMap((text) => {
    const [name, type] = text.split(':');
    if (name === undefined || type === undefined) return [];
    const isFlag = type.startsWith('-');
    return { name, type: isFlag ? type : type[0]!, isOptional: isFlag || type.endsWith('?') };
  });
}

/** The first word of a line, and what follows it. */
export function firstWord(line: string): [word: string, rest: string] {
  const [, word = '', rest = ''] = /^\s*(\S*)(.*)$/s.exec(line) ?? [];
  return [word, rest];
}

/** Throws `UsageError`. */
export function parseArguments(command: string, declaration: string, text: string): HumanArguments {
  const texts: Record<string, string> = {};
  const numbers: Record<string, bigint> = {};
  const flags = new Set<string>();
  const reader = new WordReader(text);
  for (const { name, type, isOptional } of declared(declaration)) {
    if (type.startsWith('-')) {
      if (reader.takeFlag(type)) flags.add(name);
      continue;
    }
    if (type === 'S') {
      const rest = reader.rest();
      if (rest !== '') texts[name] = rest;
      else if (!isOptional) throw new UsageError(`${command}: string expected`);
      continue;
    }
    const word = reader.word();
    if (type === 'i' || type === 'o') {
      if (word === undefined && isOptional) continue;
      numbers[name] = type === 'o' ? size(word) : integer(word);
    } else if (word !== undefined) texts[name] = word;
    else if (!isOptional) throw new UsageError(`${command}: ${EXPECTED[type]!}`);
  }
  if (reader.rest() !== '') throw new UsageError(`${command}: extraneous characters at the end of line`);
  return { texts, numbers, flags };
}

function size(word: string | undefined): bigint {
  const isBare = word !== undefined && /^[\d.]+$/.test(word);
  const bytes = word === undefined ? undefined : sizeFromText(isBare ? `${word}M` : word);
  if (typeof bytes !== 'number' && typeof bytes !== 'bigint') throw new UsageError('invalid size');
  return BigInt(bytes);
}

function integer(word: string | undefined): bigint {
  if (word === undefined) throw new UsageError('unexpected end of expression');
  const [, sign, digits] = /^([+-]?)(0x[\da-f]+|\d+)$/i.exec(word) ?? [];
  if (digits === undefined) throw new UsageError(`invalid char '${word[0]!}' in expression`);
  return sign === '-' ? -BigInt(digits) : BigInt(digits);
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r' };

/** Words are apart by blanks; one in double quotes may hold some, and `\"`, `\\`, `\n`, `\r`. */
class WordReader {
  #text: string;

  constructor(text: string) {
    this.#text = text.trimStart();
  }

  /** The next word, if there is one. Throws `UsageError` for one whose quotes are left open. */
  word(): string | undefined {
    if (this.#text.startsWith('"')) {
      const [quoted, inner] = /^"((?:[^"\\]|\\.)*)"/s.exec(this.#text) ?? [];
      if (quoted === undefined) throw new UsageError('unterminated string');
      this.#take(quoted.length);
      return inner!.replaceAll(/\\(.)/gs, (_, escaped: string) => ESCAPES[escaped] ?? escaped);
    }
    const [word] = /^\S+/.exec(this.#text) ?? [];
    if (word !== undefined) this.#take(word.length);
    return word;
  }

  takeFlag(flag: string): boolean {
    if (!new RegExp(`^${flag}(\\s|$)`).test(this.#text)) return false;
    this.#take(flag.length);
    return true;
  }

  rest(): string {
    const rest = this.#text;
    this.#text = '';
    return rest;
  }

  #take(length: number): void {
    this.#text = this.#text.slice(length).trimStart();
  }
}
