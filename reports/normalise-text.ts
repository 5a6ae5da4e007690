/** Texts without what differs from run to run: names, numbers, paths, addresses. Words of the schema stay. */
import { loadBlockSchema } from '../spec/block-core.ts';
import type { Schema, SchemaType } from '../spec/model.ts';

/** Takes out of a text what differs from run to run, and cuts it after 300 characters. */
export type NormaliseText = (text: string) => string;

/** Member names, enum values and command names of a schema. */
export function vocabulary({ commands, events, types }: Schema): ReadonlySet<string> {
  const words = new Set([...commands.keys(), ...events.keys()]);
  const add = (type: SchemaType): void => {
    if (type.kind === 'enum') for (const { name } of type.members) words.add(name);
    if (type.kind === 'object') for (const { name } of type.members) words.add(name);
    if (type.kind === 'object') for (const { type: branch } of type.variants) add(branch);
  };
  for (const type of types.values()) add(type);
  for (const { arguments: type } of commands.values()) add(type);
  return words;
}

/** Names that cases make up: `null-qvlwp1`. */
const MADE_NAME = /\b\w+-q[0-9a-z]{4}\d+\b/g;

const UUID = /\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi;
/** Addresses and hashes without a prefix; no word of so many letters has a digit among them. */
const BARE_HEX = /\b(?=[a-f]*\d)[0-9a-f]{8,}\b/gi;

const ASSERTION = /\bassert(ion)?\b/i;

/** Words of a schema, as `vocabulary` gives them, stay where they stand in quotes. */
export function textNormaliser(words: ReadonlySet<string>): NormaliseText {
  const known = (text: string): boolean => words.has(text);
  // `qcow2` is a word, also where a function's name begins with it.
  const spelled = [...words].filter((word) => /^[a-z]{3,}\d+$/.test(word));
  const numbers = new RegExp(
    [...spelled.map((word) => `(?<![A-Za-z])${word}(?!\\d)`), '\\d+'].join('|'),
    'g',
  );
  return (text) => {
    // What an assertion asserted is what tells it from others.
    const isKept = ASSERTION.test(text) ? () => true : known;
    return text
      .replace(MADE_NAME, 'NAME')
      .replace(/@DIR@[^\s'":,]*|\/[\w.-]+(\/[\w.-]+)+/g, 'PATH')
      .replace(/'([^']*)'/g, (_, inner: string) => (isKept(inner) ? `'${inner}'` : "'…'"))
      .replace(/"([^"]*)"/g, (_, inner: string) => (isKept(inner) ? `"${inner}"` : '"…"'))
      .replace(/#block\w+/g, 'NODE')
      .replace(/\b0x[0-9a-f]+\b/gi, 'N')
      .replace(UUID, 'N')
      .replace(BARE_HEX, 'N')
      .replace(/\b[a-z]\d{1,3}\b/g, 'NAME')
      .replace(numbers, (found) => (/^\d/.test(found) ? 'N' : found))
      .slice(0, 300);
  };
}

let ofSpec: NormaliseText | undefined;

/** Keeps the words of the spec: what reports and expectations make of the messages of a record. */
export function specNormaliser(): NormaliseText {
  ofSpec ??= textNormaliser(vocabulary(loadBlockSchema()));
  return ofSpec;
}
