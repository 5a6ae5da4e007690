/**
 * Which differences are known, and why (`known-file.ts`). Entries also hold with the sides exchanged. One that nothing
 * bears out is stale.
 */
import { encode } from '../../generators/sequences/encoding.ts';
import type { EndpointIdentity } from '../../reports/record.ts';
import { bucketOf, type NormaliseText, wordings } from '../differ/difference-buckets.ts';
import { inRange, versionOf } from '../runner/expectations.ts';
import { wildcard } from '../runner/wildcard.ts';
import type { Explain } from './diff.ts';
import type { KnownEntry, TextPair } from './known-file.ts';

/** What is asked of the known differences. */
export interface Question {
  /** As it is printed: class, place, message. */
  readonly key: string;
  readonly where: string;
  /** As text; null for what is no program. */
  readonly program: (() => string) | null;
  /** Where it is the text of a command's error that differs: of which, and what each side says. */
  readonly wording?: { readonly of: string; readonly left: string; readonly right: string };
}

export interface Stale {
  readonly file: string;
  readonly glob: string;
  readonly reason: string;
}

interface Sign {
  /** What is shown of it where it is stale. */
  readonly glob: string;
  readonly shows: (question: Question) => boolean;
}

interface Live extends KnownEntry {
  readonly signs: readonly Sign[];
  readonly concerns: (question: Question) => boolean;
  /** Asked last, as a program has to be put into words for it. */
  readonly suits: (question: Question) => boolean;
}

export class KnownDifferences {
  readonly #entries: readonly Live[];
  /** Signs that explained something. */
  readonly #borne = new Set<Sign>();

  /** Those that concern these two. */
  constructor(entries: readonly KnownEntry[], left: EndpointIdentity, right: EndpointIdentity) {
    this.#entries = entries.flatMap((entry) => {
      const straight = concern(entry, left, right);
      if (!straight && !concern(entry, right, left)) return [];
      return [
        { ...entry, signs: signsOf(entry, straight), concerns: scopeOf(entry), suits: programOf(entry) },
      ];
    });
  }

  /** The reason, or undefined if the difference is not known. */
  explain(question: Question): string | undefined {
    let reason: string | undefined;
    for (const entry of this.#entries) {
      if (!entry.concerns(question)) continue;
      for (const sign of entry.signs) {
        if (!sign.shows(question) || !entry.suits(question)) continue;
        this.#borne.add(sign);
        reason ??= entry.reason;
      }
    }
    return reason;
  }

  /** Globs that nothing bore out, after a run of all cases. What only programs show says nothing. */
  stale(): Stale[] {
    return this.#entries
      .filter((entry) => entry.in !== 'programs' && entry.program === undefined)
      .flatMap(({ file, reason, signs }) =>
        signs.filter((sign) => !this.#borne.has(sign)).map(({ glob }) => ({ file, glob, reason })),
      );
  }
}

/** Names that cases make up. */
const MADE_NAME = /\b\w+-q[0-9a-z]{4}\d+\b/g;

/** Rules and schemas excuse first, then known differences explain. */
export function explainer(known: KnownDifferences, normaliseText: NormaliseText): Explain {
  const bare: NormaliseText = (text) => normaliseText(text.replace(MADE_NAME, 'NAME'));
  return (difference, { where, program }) => {
    const key = bucketOf(difference, bare);
    const wording = wordings(difference, bare);
    const question = {
      key,
      where,
      program: program === undefined ? null : () => encode(program),
      ...(wording && { wording: { of: difference.subject, ...wording } }),
    };
    const reason = difference.excuse ?? known.explain(question);
    return { key, ...(reason !== undefined && { reason }) };
  };
}

function concern(entry: KnownEntry, left: EndpointIdentity, right: EndpointIdentity): boolean {
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

function scopeOf({ in: scope, where }: KnownEntry): Live['concerns'] {
  const matches = wildcard(where);
  return (question) =>
    scope !== (question.program === null ? 'programs' : 'cases') && matches(question.where);
}

function programOf({ program }: KnownEntry): Live['suits'] {
  if (program === undefined) return () => true;
  const matches = wildcard(program);
  return (question) => question.program !== null && matches(question.program());
}

/** `straight`: the sides are as in the file. */
function signsOf({ differences, texts, of }: KnownEntry, straight: boolean): Sign[] {
  return [
    ...differences.map((glob) => {
      const matches = wildcard(straight ? glob : exchanged(glob));
      return { glob, shows: ({ key }: Question) => matches(key) };
    }),
    ...texts.map(({ left, right }) =>
      pairSign(straight ? { left, right } : { left: right, right: left }, of && new Set(of)),
    ),
  ];
}

function pairSign({ left, right }: TextPair, of: ReadonlySet<string> | undefined): Sign {
  const [ours, theirs] = [left.map(wildcard), right.map(wildcard)];
  return {
    glob: `${left.join(' | ')} / ${right.join(' | ')}`,
    shows: ({ wording }) =>
      wording !== undefined &&
      (of === undefined || of.has(wording.of)) &&
      ours.some((matches) => matches(wording.left)) &&
      theirs.some((matches) => matches(wording.right)),
  };
}

/** The words for the sides exchanged. */
function exchanged(glob: string): string {
  return glob.replace(/\b(left|right)\b/g, (side) => (side === 'left' ? 'right' : 'left'));
}
