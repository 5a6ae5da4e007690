/**
 * Files of known differences, each with its reason, in YAML:
 *
 *   - left: reference                # glob on the target's name
 *     right: qemu-*
 *     version: '>=7.0 <8.0'          # optional, of the right side
 *     in: programs                   # optional: `cases` or `programs` only
 *     where: block_resize/*          # optional, glob on case ids
 *     program: '*"sync":"top"*'      # optional, glob on the text of a program
 *     differences:                   # globs on what `qmpcheck diff` prints: class, place, message
 *       - 'must block_resize $: left does it, right refuses: *'
 *     texts:                         # and wordings of errors: the left side's, the right side's, or any of several
 *       - ['Duplicate node name', "Duplicate nodes with node-name='*'"]
 *     of: [block_resize]             # optional, the commands that the texts are of
 *     reason: why both may do as they do, or whose fault it is
 *
 * In a glob only `*` is special.
 */
import { isJsonObject, type Json } from '../../spec/json.ts';
import { ExpectationsError, parseRange, readList } from '../runner/expectations.ts';

export interface KnownEntry {
  readonly left: string;
  readonly right: string;
  readonly version?: string;
  readonly in?: 'cases' | 'programs';
  readonly where: string;
  readonly program?: string;
  readonly differences: readonly string[];
  readonly texts: readonly TextPair[];
  /** Absent: of all commands. */
  readonly of?: readonly string[];
  readonly reason: string;
  readonly file: string;
}

/** Any of these on the left, and any of those on the right. */
export interface TextPair {
  readonly left: readonly string[];
  readonly right: readonly string[];
}

const TEXTS = ['left', 'right', 'version', 'in', 'where', 'program', 'reason'] as const;
const LISTS = ['differences', 'texts', 'of'] as const;
const KEYS = new Set<string>([...TEXTS, ...LISTS]);

/** Reads entries from YAML text; `file` is for messages. Throws `ExpectationsError`. */
export function readKnown(text: string, file: string): KnownEntry[] {
  return readList(text, file).map((entry, index) => readEntry(entry, `${file}: entry ${index + 1}`, file));
}

function readEntry(entry: Json, where: string, file: string): KnownEntry {
  if (!isJsonObject(entry)) throw new ExpectationsError(`${where}: not a mapping`);
  for (const key of Object.keys(entry))
    if (!KEYS.has(key)) throw new ExpectationsError(`${where}: unknown key '${key}'`);
  for (const key of TEXTS)
    if (entry[key] !== undefined && typeof entry[key] !== 'string')
      throw new ExpectationsError(`${where}: '${key}' is no string`);
  for (const key of ['left', 'right', 'reason'])
    if (entry[key] === undefined) throw new ExpectationsError(`${where}: '${key}' is missing`);
  const { differences, texts, of, version } = entry;
  if (differences === undefined && texts === undefined)
    throw new ExpectationsError(`${where}: neither 'differences' nor 'texts'`);
  for (const [key, list] of Object.entries({ differences, of }))
    if (list !== undefined && !isTexts(list))
      throw new ExpectationsError(`${where}: '${key}' is no list of strings`);
  if (entry.in !== undefined && entry.in !== 'cases' && entry.in !== 'programs')
    throw new ExpectationsError(`${where}: 'in' is neither cases nor programs`);
  if (typeof version === 'string') parseRange(version, where);
  const read = { differences: differences ?? [], texts: readPairs(texts ?? [], where) };
  return { where: '*', ...entry, ...read, file } as unknown as KnownEntry;
}

function readPairs(texts: Json, where: string): TextPair[] {
  if (!Array.isArray(texts)) throw new ExpectationsError(`${where}: 'texts' is no list`);
  return texts.map((pair) => {
    const sides = (Array.isArray(pair) ? pair : []).map((side) => (typeof side === 'string' ? [side] : side));
    if (sides.length !== 2 || !sides.every(isTexts))
      throw new ExpectationsError(`${where}: in 'texts' is no pair of texts, or of lists of texts`);
    return { left: sides[0] as string[], right: sides[1] as string[] };
  });
}

function isTexts(value: Json | undefined): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
