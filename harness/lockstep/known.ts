/**
 * Differences that are known, each with its reason, from YAML:
 *
 *   - left: reference                # glob on the target's name
 *     right: qemu-*
 *     version: '>=7.0 <8.0'          # optional, of the right side
 *     in: programs                   # optional: `cases` or `programs` only
 *     where: block_resize/*          # optional, glob on case ids
 *     differences:                   # globs on what `qmpcheck diff` prints: class, place, message
 *       - 'must block_resize $: left does it, right refuses: *'
 *     reason: why both may do as they do, or whose fault it is
 *
 * In a glob only `*` is special. Entries also hold with the sides exchanged. One that nothing bears out is stale.
 */
import type { EndpointIdentity } from '../../reports/record.ts';
import { isJsonObject, type Json } from '../../spec/json.ts';
import { type Abstract, bucketOf } from '../differ/buckets.ts';
import { ExpectationsError, inRange, parseRange, readList, versionOf } from '../runner/expectations.ts';
import type { Explain } from './diff.ts';

interface Entry {
  readonly left: string;
  readonly right: string;
  readonly version?: string;
  readonly in?: 'cases' | 'programs';
  readonly where: string;
  readonly differences: readonly string[];
  readonly reason: string;
  readonly file: string;
}

/** What is asked of the known differences. */
export interface Question {
  /** As it is printed: class, place, message. */
  readonly key: string;
  readonly where: string;
  readonly isProgram: boolean;
}

export interface Stale {
  readonly file: string;
  readonly glob: string;
  readonly reason: string;
}

const TEXTS = ['left', 'right', 'version', 'in', 'where', 'reason'] as const;
const KEYS = new Set<string>([...TEXTS, 'differences']);

/** Reads entries from YAML text; `file` is for messages. Throws `ExpectationsError`. */
export function readKnown(text: string, file: string): Entry[] {
  return readList(text, file).map((entry, index) => readEntry(entry, `${file}: entry ${index + 1}`, file));
}

function readEntry(entry: Json, where: string, file: string): Entry {
  if (!isJsonObject(entry)) throw new ExpectationsError(`${where}: not a mapping`);
  for (const key of Object.keys(entry))
    if (!KEYS.has(key)) throw new ExpectationsError(`${where}: unknown key '${key}'`);
  for (const key of TEXTS)
    if (entry[key] !== undefined && typeof entry[key] !== 'string')
      throw new ExpectationsError(`${where}: '${key}' is no string`);
  for (const key of ['left', 'right', 'reason', 'differences'])
    if (entry[key] === undefined) throw new ExpectationsError(`${where}: '${key}' is missing`);
  const { differences, version } = entry;
  if (!Array.isArray(differences) || !differences.every((one) => typeof one === 'string'))
    throw new ExpectationsError(`${where}: 'differences' is no list of strings`);
  if (entry.in !== undefined && entry.in !== 'cases' && entry.in !== 'programs')
    throw new ExpectationsError(`${where}: 'in' is neither cases nor programs`);
  if (typeof version === 'string') parseRange(version, where);
  return { where: '*', ...entry, file } as unknown as Entry;
}

interface Live extends Entry {
  readonly globs: readonly { readonly glob: string; readonly matches: (text: string) => boolean }[];
  readonly concerns: (where: string) => boolean;
}

export class KnownDifferences {
  readonly #entries: readonly Live[];
  /** Globs that explained something. */
  readonly #borne = new Set<object>();

  /** Those that concern these two. */
  constructor(entries: readonly Entry[], left: EndpointIdentity, right: EndpointIdentity) {
    this.#entries = entries.flatMap((entry) => {
      const straight = concern(entry, left, right);
      if (!straight && !concern(entry, right, left)) return [];
      const globs = entry.differences.map((glob) => ({
        glob,
        matches: wildcard(straight ? glob : exchanged(glob)),
      }));
      return [{ ...entry, globs, concerns: wildcard(entry.where) }];
    });
  }

  /** The reason, or undefined if the difference is not known. */
  explain({ key, where, isProgram }: Question): string | undefined {
    let reason: string | undefined;
    for (const entry of this.#entries) {
      if (entry.in === (isProgram ? 'cases' : 'programs') || !entry.concerns(where)) continue;
      for (const glob of entry.globs) {
        if (!glob.matches(key)) continue;
        this.#borne.add(glob);
        reason ??= entry.reason;
      }
    }
    return reason;
  }

  /** Globs that nothing bore out, after a run of all cases. What only programs show says nothing. */
  stale(): Stale[] {
    return this.#entries
      .filter((entry) => entry.in !== 'programs')
      .flatMap(({ file, reason, globs }) =>
        globs.filter((glob) => !this.#borne.has(glob)).map(({ glob }) => ({ file, glob, reason })),
      );
  }
}

/** Names that cases make up. */
const MADE_NAME = /\b\w+-q[0-9a-z]{4}\d+\b/g;

/** Rules and schemas excuse first, then known differences explain. */
export function explainer(known: KnownDifferences, abstract: Abstract): Explain {
  return (difference, { where, program }) => {
    const key = bucketOf(difference, (text) => abstract(text.replace(MADE_NAME, 'NAME')));
    const reason = difference.excuse ?? known.explain({ key, where, isProgram: program !== undefined });
    return { key, ...(reason !== undefined && { reason }) };
  };
}

function concern(entry: Entry, left: EndpointIdentity, right: EndpointIdentity): boolean {
  const version = versionOf(right);
  return (
    names(left).some(wildcard(entry.left)) &&
    names(right).some(wildcard(entry.right)) &&
    (entry.version === undefined || (version !== null && inRange(version, entry.version)))
  );
}

function names({ target }: EndpointIdentity): string[] {
  return [target, target.split(':')[0]!];
}

/** The words for the sides exchanged. */
function exchanged(glob: string): string {
  return glob.replace(/\b(left|right)\b/g, (side) => (side === 'left' ? 'right' : 'left'));
}

/** Only `*` is special. */
function wildcard(glob: string): (text: string) => boolean {
  const parts = glob.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = new RegExp(`^${parts.join('.*')}$`, 's');
  return (text) => pattern.test(text);
}
