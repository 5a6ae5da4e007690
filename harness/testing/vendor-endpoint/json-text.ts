/** JSON as the endpoint reads and writes it: exact integers, single quotes taken, ASCII out. */

/** An integer is a bigint, of whatever size; a number is one that was written with a fraction or an exponent. */
export type Value = null | boolean | string | number | bigint | Value[] | Obj;

export type Obj = { [key: string]: Value };

export function isObj(value: Value | undefined): value is Obj {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const WORDS: Readonly<Record<string, Value>> = { true: true, false: false, null: null };
const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  '/': '/',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/** Throws `SyntaxError` for what is no JSON, or more than one value. */
export function parse(text: string): Value {
  const parser = new Parser(text);
  const value = parser.value();
  parser.end();
  return value;
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): Value {
    const next = this.#peek();
    if (next === '{') return this.#object();
    if (next === '[') return this.#list();
    if (next === '"' || next === "'") return this.#string();
    NUMBER.lastIndex = this.#at;
    const [number, fraction, exponent] = NUMBER.exec(this.#text) ?? [];
    if (number !== undefined && !/[\w.+-]/.test(this.#text[NUMBER.lastIndex] ?? '')) {
      this.#at += number.length;
      if (fraction === undefined && exponent === undefined) return BigInt(number);
      if (!Number.isFinite(Number(number))) throw new SyntaxError(`no number at ${this.#at}`);
      return Number(number);
    }
    const word = /^[a-z]+/.exec(this.#text.slice(this.#at, this.#at + 8))?.[0] ?? '';
    if (!Object.hasOwn(WORDS, word)) throw new SyntaxError(`no value at ${this.#at}`);
    this.#at += word.length;
    return WORDS[word]!;
  }

  end(): void {
    if (this.#peek() !== '') throw new SyntaxError(`more than a value at ${this.#at}`);
  }

  #object(): Obj {
    const object: Obj = Object.create(null);
    this.#items('}', () => {
      const quote = this.#peek();
      if (quote !== '"' && quote !== "'") throw new SyntaxError(`no key at ${this.#at}`);
      const key = this.#string();
      this.#take(':');
      object[key] = this.value();
    });
    return object;
  }

  #list(): Value[] {
    const list: Value[] = [];
    this.#items(']', () => void list.push(this.value()));
    return list;
  }

  #items(close: string, item: () => void): void {
    this.#at += 1;
    if (this.#peek() !== close) {
      item();
      while (this.#peek() === ',') {
        this.#at += 1;
        item();
      }
    }
    this.#take(close);
  }

  #string(): string {
    const quote = this.#text[this.#at]!;
    let content = '';
    for (this.#at += 1; this.#text[this.#at] !== quote; this.#at += 1) {
      const char = this.#text[this.#at];
      if (char === undefined || char < ' ') throw new SyntaxError(`a string breaks off at ${this.#at}`);
      content += char === '\\' ? this.#escape() : char;
    }
    this.#at += 1;
    return content;
  }

  #escape(): string {
    this.#at += 1;
    const letter = this.#text[this.#at] ?? '';
    if (letter !== 'u') {
      if (!Object.hasOwn(ESCAPES, letter)) throw new SyntaxError(`no escape at ${this.#at}`);
      return ESCAPES[letter]!;
    }
    const digits = this.#text.slice(this.#at + 1, this.#at + 5);
    if (!/^[\da-fA-F]{4}$/.test(digits)) throw new SyntaxError(`no character at ${this.#at}`);
    this.#at += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  #peek(): string {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at += 1;
    return this.#text[this.#at] ?? '';
  }

  #take(char: string): void {
    if (this.#peek() !== char) throw new SyntaxError(`no ${char} at ${this.#at}`);
    this.#at += 1;
  }
}

/** One line, in ASCII. */
export function format(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(format).join(', ')}]`;
  if (isObj(value))
    return `{${Object.entries(value)
      .map(([key, item]) => `${format(key)}: ${format(item)}`)
      .join(', ')}}`;
  if (typeof value === 'bigint') return String(value);
  if (Number.isInteger(value)) return /e/.test(String(value)) ? String(value) : `${String(value)}.0`;
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
