/**
 * What is known of an endpoint, or of two that are compared: `run`, `fuzz` and `diff` each ask about what they see. An
 * entry excuses the deviations that it names and no other; one that nothing bears out is stale.
 */

import type { Cause } from '../../reports/cause.ts';
import type { EndpointIdentity, Outcome } from '../../reports/record.ts';
import { isInRange } from './endpoint-version.ts';
import type { About, DeviationPattern, Expectation, Wording } from './expectation.ts';
import { caseGlob, listOf, type Matcher, nameGlob, textGlob } from './glob.ts';

/** A deviation that was seen. */
export interface SeenDeviation extends Cause {
  /** All of it, as the command prints it. */
  readonly printed: string;
  /** Id of the case, name of the program or file; empty where that says nothing. */
  readonly where: string;
  /** How the case ended. */
  readonly outcome?: Outcome;
  /** Text of the program that shows it. */
  readonly program?: () => string;
  /** For a difference: the command, `event NAME`, or what else was compared. */
  readonly command?: string;
  /** For a difference in the text of an error: what each side says. */
  readonly wording?: { readonly left: string; readonly right: string };
}

/** What entries must be about to be asked here. */
export interface ExpectationScope {
  readonly about: About;
  /** The endpoint that deviates; for a difference the right side. */
  readonly endpoint: Subject;
  readonly left?: Subject;
}

/** What an entry can tell of an endpoint whether it is about it. */
export type Subject = Pick<EndpointIdentity, 'target' | 'name' | 'version' | 'implementation'>;

/** An expectation, or a part of one, that this run did not bear out. */
export interface StaleEntry {
  readonly shipped: boolean;
  readonly file: string;
  readonly line: number;
  /** Globs on the cases that it is about; `*` where it is not about some. */
  readonly cases: string;
  /** What of it is stale, as the entry names it; null for all of it. */
  readonly deviation: string | null;
  /** The entry's own. */
  readonly reason: string;
  /** One line. */
  readonly why: string;
}

/** A case that was there to be run. */
export interface PlannedCase {
  readonly id: string;
  /** `skip`: it was not run. */
  readonly outcome: Outcome;
}

/** One deviation of an entry, compiled. */
interface Sign {
  /** As it is told where it is stale. */
  readonly told: string;
  readonly shows: Matcher<SeenDeviation>;
}

interface CompiledExpectation extends Expectation {
  readonly signs: readonly Sign[];
  readonly inCase: Matcher;
  readonly concerns: Matcher<SeenDeviation>;
}

/** The expectations about one subject. It is asked about every deviation, and in the end for what is stale. */
export class KnownDeviations {
  readonly #entries: readonly CompiledExpectation[];
  /** Shipped entries that would be about the subject, if it were known to be of an implementation that they know. */
  readonly #foreign: readonly CompiledExpectation[];
  /** Signs that were seen. */
  readonly #borne = new Set<Sign>();

  /** Keeps the entries about this subject and leaves the others alone. */
  constructor(expectations: readonly Expectation[], subject: ExpectationScope) {
    const all = expectations.flatMap((expectation) => {
      const straight = isOf(expectation, subject.endpoint, subject.left);
      // Differences hold with the sides exchanged too.
      const exchanged = subject.left !== undefined && isOf(expectation, subject.left, subject.endpoint);
      if (expectation.about !== subject.about || !(straight || exchanged)) return [];
      return [compile(expectation, !straight)];
    });
    // Any endpoint may say that it is QEMU 7.2, for the sake of its clients.
    const isTaken = [subject.endpoint, subject.left].every(
      (side) => side === undefined || side.implementation,
    );
    this.#entries = all.filter(({ shipped }) => isTaken || !shipped);
    this.#foreign = all.filter(({ shipped }) => !isTaken && shipped);
  }

  /** The first entry that names the deviation; undefined if none does. All that name it are borne out by it. */
  find(deviation: SeenDeviation): Expectation | undefined {
    let found: Expectation | undefined;
    for (const entry of this.#entries) {
      for (const sign of entry.signs) {
        // A program is put into words last, as that takes the longest.
        if (!sign.shows(deviation) || !entry.concerns(deviation)) continue;
        this.#borne.add(sign);
        found ??= entry;
      }
    }
    return found;
  }

  /** A shipped entry that names the deviation, and is about an implementation that the subject is not known to be. */
  resembling(deviation: SeenDeviation): Expectation | undefined {
    return this.#foreign.find(
      ({ signs, concerns }) => concerns(deviation) && signs.some(({ shows }) => shows(deviation)),
    );
  }

  /**
   * Deviations that nothing bore out. What is about some cases says nothing unless one of them ran; what is not, and what
   * is about cases that do not exist, says something only after a `whole` run. Programs are random: what only they show
   * is never stale.
   */
  stale(planned: readonly PlannedCase[], whole: boolean): StaleEntry[] {
    return this.#entries.flatMap((entry): StaleEntry[] => {
      const { file, line, shipped, reason, outcome, inCase } = entry;
      const unseen = entry.signs.filter((sign) => !this.#borne.has(sign));
      const ofSome = (entry.case !== undefined && entry.case !== '*') || entry.where !== undefined;
      if (entry.program !== undefined || unseen.length === 0 || !(ofSome || whole)) return [];
      const cases = listOf(entry.case ?? entry.where ?? '*').join(' | ');
      const told = { file, line, shipped, cases, deviation: null, reason };
      const there = planned.filter(({ id }) => inCase(id));
      if (ofSome && there.length === 0) return whole ? [{ ...told, why: 'no such case' }] : [];
      const ran = there.filter((one) => one.outcome !== 'skip');
      if (ofSome && ran.length === 0) return [];
      if (outcome !== undefined) {
        const got = new Set(ran.map((one) => one.outcome));
        return [{ ...told, why: `expected ${outcome}, got ${[...got].join(', ')}` }];
      }
      return unseen.map((sign) => ({
        ...told,
        deviation: sign.told,
        why: `does not show any more: ${sign.told}`,
      }));
    });
  }
}

function isOf({ endpoint, version, left }: Expectation, right: Subject, other: Subject | undefined): boolean {
  return (
    namesOf(right).some(nameGlob(endpoint)) &&
    (version === undefined || isInRange(right, version)) &&
    (left === undefined || (other !== undefined && namesOf(other).some(nameGlob(left))))
  );
}

/** `qemu-system:/usr/bin/qemu` is a `qemu-system` too, and whatever it was named. */
export function namesOf({ target, name }: Subject): string[] {
  return [target, target.split(':')[0]!, ...(name === undefined ? [] : [name])];
}

function compile(expectation: Expectation, exchanged: boolean): CompiledExpectation {
  const { case: cases, program, where, outcome } = expectation;
  const inCase = cases === undefined ? textGlob(where ?? '*') : caseGlob(cases);
  const inProgram = program === undefined ? null : textGlob(program);
  return {
    ...expectation,
    signs: expectation.deviations.flatMap((deviation) => signsOf(deviation, exchanged)),
    inCase,
    concerns: (deviation) =>
      (outcome === undefined || deviation.outcome === outcome) &&
      (cases === undefined || deviation.program === undefined) &&
      inCase(deviation.where) &&
      (inProgram === null || (deviation.program !== undefined && inProgram(deviation.program()))),
  };
}

/** A sign for each message. */
function signsOf(pattern: DeviationPattern, exchanged: boolean): Sign[] {
  const turn = exchanged ? exchangeSides : (glob: string) => glob;
  if ('printed' in pattern) {
    const matches = textGlob(turn(pattern.printed));
    return [{ told: pattern.printed, shows: ({ printed }) => matches(printed) }];
  }
  const check = textGlob(pattern.check);
  const command = textGlob(pattern.command ?? '*');
  return listOf(pattern.message).map((message) => {
    const says = typeof message === 'string' ? textOf(turn(message)) : wordingOf(message, exchanged);
    const path = textGlob(pattern.path ?? (typeof message === 'string' ? '$' : '*'));
    return {
      told: tell(pattern, message),
      shows: (deviation) =>
        check(deviation.check) && command(deviation.command ?? '') && path(deviation.path) && says(deviation),
    };
  });
}

function textOf(glob: string): Matcher<SeenDeviation> {
  const matches = textGlob(glob);
  return ({ message }) => matches(message);
}

function wordingOf({ left, right }: Wording, exchanged: boolean): Matcher<SeenDeviation> {
  const [ours, theirs] = (exchanged ? [right, left] : [left, right]).map(textGlob) as [Matcher, Matcher];
  return ({ wording }) => wording !== undefined && ours(wording.left) && theirs(wording.right);
}

/** The words of a message for the sides exchanged. */
function exchangeSides(glob: string): string {
  return glob.replace(/\b(left|right)\b/g, (side) => (side === 'left' ? 'right' : 'left'));
}

function tell(
  { check, command, path }: Exclude<DeviationPattern, { printed: string }>,
  message: string | Wording,
): string {
  const text =
    typeof message === 'string'
      ? message
      : `${listOf(message.left).join(' | ')} / ${listOf(message.right).join(' | ')}`;
  const place = [check, command ?? [], path ?? []].map((globs) => listOf(globs).join(' | '));
  return `${place.filter((part) => part !== '').join(' ')}: ${text}`;
}
