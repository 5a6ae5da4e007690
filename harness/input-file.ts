/**
 * What people write for qmpcheck, YAML or JSON: parsed, held to a valibot schema, and its first fault told as
 * `FILE:LINE: PATH: what is wrong`.
 */
import * as v from 'valibot';
import { isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseDocument } from 'yaml';
import { type Json, parseJson } from '../spec/json.ts';
import { InputError } from './input-error.ts';

type Place = readonly (string | number)[];

/** A file's contents, and where in its text each part of it stands. */
export interface InputText {
  readonly value: Json;
  /** Line, from 1, of the member or item at this place, or of what is nearest to it. */
  readonly lineOf: (place: Place) => number;
  /** The error that tells of a fault at this place. */
  readonly fault: (place: Place, what: string) => InputError;
}

/** Parses YAML. `file` is for messages. Throws `InputError`. */
export function readYaml(text: string, file: string): InputText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error) throw new InputError(`${file}:${lines.linePos(error.pos[0]).line}: ${error.message}`);
  const lineOf = (place: Place): number => lines.linePos(offsetOf(document.contents, place)).line;
  try {
    return inputText(document.toJS() as Json, file, lineOf);
  } catch (fault) {
    // An alias of what is not there, or of too much.
    throw new InputError(`${file}: ${(fault as Error).message}`);
  }
}

/** Parses JSON with exact integers. `file` is for messages. Throws `InputError`. */
export function readJson(text: string, file: string): InputText {
  let value: Json;
  try {
    value = parseJson(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const position = /position (\d+)/.exec(error.message)?.[1];
    const line = position === undefined ? '' : `:${text.slice(0, Number(position)).split('\n').length}`;
    throw new InputError(`${file}${line}: ${error.message}`);
  }
  // JSON is YAML; the slower parser is asked only where a fault has to be found in the text.
  return inputText(value, file, (place) => readYaml(text, file).lineOf(place));
}

/** A value that has no text, such as what a module exports: its faults name no line. */
export function inputValue(value: Json, file: string): InputText {
  return inputText(value, file, null);
}

/** The input as the schema types it. Throws `InputError` with the first fault. */
export function validate<S extends v.GenericSchema>(schema: S, input: InputText): v.InferOutput<S> {
  const result = v.safeParse(schema, input.value, { abortPipeEarly: true });
  if (result.success) return result.output;
  // A key that is misspelt is not there by its own name, which would say less.
  const issue = result.issues.find(isUnknownKey) ?? result.issues[0];
  const place = (issue.path ?? []).map(({ key }) => key as string | number);
  throw input.fault(place, describe(issue));
}

function isUnknownKey({ type, expected }: v.BaseIssue<unknown>): boolean {
  return type === 'strict_object' && expected === 'never';
}

/** A mapping of these members and no others. */
export function mapping<const E extends v.ObjectEntries>(entries: E): v.StrictObjectSchema<E, undefined> {
  return notOfLists(v.strictObject(entries));
}

/** A mapping of any keys to such values. */
export function mappingOf<const S extends v.GenericSchema>(
  value: S,
): v.RecordSchema<v.StringSchema<undefined>, S, undefined> {
  return notOfLists(v.record(v.string(), value));
}

/** valibot takes a list for an object without members. */
function notOfLists<S extends v.GenericSchema>(schema: S): S {
  const run: S['~run'] = (dataset, config) =>
    schema['~run'](Array.isArray(dataset.value) ? { value: undefined } : dataset, config);
  return { ...schema, '~run': run };
}

function inputText(value: Json, file: string, lineOf: InputText['lineOf'] | null): InputText {
  return {
    value,
    lineOf: lineOf ?? (() => 1),
    fault: (place, what) => {
      const line = lineOf === null ? '' : `:${lineOf(place)}`;
      return new InputError([`${file}${line}`, ...(place.length > 0 ? [spell(place)] : []), what].join(': '));
    },
  };
}

/** What is wrong, for those schemas that give no message of their own. */
function describe(issue: v.BaseIssue<unknown>): string {
  const { type, expected, message, path } = issue;
  if (type === 'variant' && path === undefined) return 'it takes a mapping';
  if (isUnknownKey(issue)) return 'unknown key';
  if (/^(strict|loose)_object$/.test(type) && expected?.startsWith('"')) return 'missing';
  return KINDS[type] === undefined ? message : `it takes ${KINDS[type]}`;
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  strict_object: 'a mapping',
  loose_object: 'a mapping',
  record: 'a mapping',
};

/** `[0].deviations[1].check`, `targets.ours`. */
function spell(place: Place): string {
  return place
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${key}`))
    .join('');
}

/** Where the key of a member begins, or an item; of what is not there, what it would be in. */
function offsetOf(root: ParsedNode | null, place: Place): number {
  let [node, offset] = [root, root?.range[0] ?? 0];
  for (const key of place) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (pair === undefined) break;
      offset = (pair.key as ParsedNode).range[0];
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(key)];
      if (item === undefined) break;
      offset = item.range[0];
      node = item;
    } else break;
  }
  return offset;
}
