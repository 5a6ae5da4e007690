/**
 * QEMU's structured options: `driver=raw,file.driver=file,children.0=a`, values as strings, nested by dots, numbers
 * as names make a list, `,,` stands for a comma in a value. A text that starts with `{` is JSON instead.
 */
import { CommandError } from './command-error.ts';
import { Lexer } from './json/json-lexer.ts';
import { type Message, Parser } from './json/json-parser.ts';
import { isWireObject, type Wire, type WireObject } from './json/wire-value.ts';

/** A member's name: one of QAPI, perhaps with the prefix of a vendor, or the index of a list element. */
const NAME = /^(__[a-z0-9.-]+_)?[a-z][a-z0-9_-]*$|^\d+$/i;

/** Parses `text`; a first value without a name is that of `impliedKey`. Throws `CommandError`. */
export function parseKeyval(text: string, impliedKey?: string): WireObject {
  const root: WireObject = Object.create(null);
  splitOptions(text).forEach((option, index) => {
    const equals = option.indexOf('=');
    const isImplied = equals < 0 && index === 0 && impliedKey !== undefined;
    const key = isImplied ? impliedKey : equals < 0 ? option : option.slice(0, equals);
    if (!isImplied && equals < 0) throw new CommandError(`Expected '=' after parameter '${key}'`);
    put(root, key, isImplied ? option : option.slice(equals + 1));
  });
  return listify(root, '') as WireObject;
}

/** The options of a comma-separated text, `,,` resolved; a comma at the end adds none. */
export function splitOptions(text: string): string[] {
  const options: string[] = [];
  let option = '';
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] !== ',') option += text[at];
    else if (text[at + 1] === ',') {
      option += ',';
      at += 1;
    } else {
      options.push(option);
      option = '';
    }
  }
  if (option !== '') options.push(option);
  return options;
}

function put(root: WireObject, key: string, value: Wire): void {
  const parts = key.split('.');
  if (!parts.every((part) => NAME.test(part)) || /^\d/.test(key))
    throw new CommandError(`Invalid parameter '${key}'`);
  const last = parts.pop()!;
  let object = root;
  let prefix = '';
  for (const part of parts) {
    prefix += `${part}.`;
    const inner = object[part] ?? Object.create(null);
    if (!isWireObject(inner)) inconsistent(prefix);
    object[part] = inner;
    object = inner;
  }
  if (isWireObject(object[last])) inconsistent(`${key}.`);
  object[last] = value;
}

function inconsistent(prefix: string): never {
  throw new CommandError(`Parameters '${prefix}*' used inconsistently`);
}

/** Members named by dots (`file.filename`) become objects and lists. Throws `CommandError`. */
export function nest(flat: WireObject): WireObject {
  const root: WireObject = Object.create(null);
  for (const [key, value] of Object.entries(flat)) put(root, key, isWireObject(value) ? nest(value) : value);
  return listify(root, '') as WireObject;
}

/** Objects whose members are all numbered become lists. */
function listify(value: Wire, prefix: string): Wire {
  if (!isWireObject(value)) return value;
  const keys = Object.keys(value);
  for (const key of keys) value[key] = listify(value[key]!, `${prefix}${key}.`);
  const numbered = keys.filter((key) => /^\d+$/.test(key));
  if (numbered.length === 0) return value;
  if (numbered.length < keys.length) inconsistent(prefix);
  return keys.map((_, index) => {
    const element = value[index];
    if (element === undefined) throw new CommandError(`Parameter '${prefix}${index}' missing`);
    return element;
  });
}

/** Parses the JSON form of an option, which begins with `{`. Throws `CommandError`. */
export function parseJsonOption(text: string): WireObject {
  return parseJson(text) as WireObject;
}

/** Parses a text that is to be one JSON value. Throws `CommandError`. */
export function parseJson(text: string): Wire {
  if (text.trim() === '') throw new CommandError('Expecting a JSON value');
  const messages: Message[] = [];
  const lexer = new Lexer(new Parser((message) => messages.push(message)));
  lexer.feed(Buffer.from(`${text}\n`), 0, () => false);
  const [message] = messages;
  if (message === undefined) throw new CommandError('JSON parse error, premature EOI');
  if ('fault' in message) throw new CommandError(message.fault);
  if (messages.length > 1) throw new CommandError('Expecting at most one JSON value');
  return message.value;
}
