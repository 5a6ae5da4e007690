/**
 * Cases grouped by cause: one mistake of an endpoint is told once, with all cases that show it, by every report. `cause.ts`
 * says what a cause is. Groups are coarser than causes: what several commands do in the same way is one.
 */

import { loadBlockSchema } from '../spec/block-core.ts';
import {
  type Cause,
  causeKey,
  causesOf,
  isOnTheWay,
  pathWithoutPositions,
  type ShownCause,
} from './cause.ts';
import type { CaseRecord, Deviation, Policy } from './record.ts';
import { printable } from './text.ts';
import { isBreach, isNotOk, isUnexpected } from './unexpected.ts';

/** A case that shows a cause. */
export interface ShowingCase {
  readonly record: CaseRecord;
  /** What is told of it first; null for how the case ended. */
  readonly deviation: Deviation | null;
  /** Index of the record that holds it, where several are grouped. */
  readonly endpoint: number;
}

/** A cause, and at least one case that shows it. */
export interface CauseGroup {
  /** The same for the same cause in other records. */
  readonly key: string;
  /** With `…` for the command in its message where several commands show it. */
  readonly cause: Cause;
  /** What people read, on one line: in the case's own words where all cases have the same. */
  readonly text: string;
  /** Its two parts: what happened, and the path at which it shows; null for the whole. */
  readonly what: string;
  readonly at: string | null;
  /** Names of the commands that show it, each once; of an end, none. */
  readonly commands: readonly string[];
  /** Each case of an endpoint once, in the order of the records. */
  readonly cases: readonly ShowingCase[];
}

/** What is grouped of a record: `isTold` picks its cases. */
export interface Groupable {
  readonly cases: readonly CaseRecord[];
  readonly policy?: Policy | undefined;
}

/** The causes of what fails a run, most cases first. */
export function unexpectedCauses(run: Groupable): CauseGroup[] {
  return groupByCause([run], (one) => isUnexpected(one, run.policy));
}

/** The causes that the cases of one or more records show, most cases first, of as many an end first. Each case that is told of is in some group. */
export function groupByCause(
  records: readonly Groupable[],
  isTold: (one: CaseRecord, endpoint: number) => boolean,
): CauseGroup[] {
  const groups = new Map<string, Gathered>();
  records.forEach(({ cases, policy }, endpoint) => {
    for (const record of cases.filter((one) => isTold(one, endpoint))) {
      for (const shown of tellingCauses(record, policy)) {
        const command = commandIn(shown);
        const key = causeKey(withoutCommand(shown.cause, command));
        const group = groups.get(key) ?? new Gathered(key, shown.cause);
        groups.set(key, group);
        group.add({ record, deviation: shown.deviation, endpoint }, shown.cause, command);
      }
    }
  });
  return [...groups.values()]
    .map((group) => group.told())
    .toSorted((a, b) => b.cases.length - a.cases.length || Number(isEnd(b.cause)) - Number(isEnd(a.cause)));
}

/** What one case shows. */
export function causesOfCase(one: CaseRecord, policy?: Policy): CauseGroup[] {
  return groupByCause([{ cases: [one], policy }], () => true);
}

/** Whether it is how a case ended, and no deviation of a reply. */
export function isEnd({ check }: Cause): boolean {
  return Object.hasOwn(ENDS, check);
}

/** The first case, or the first that is none of `shown`; `alone`: it as if it showed this cause only. */
export function exampleOf(
  { cases, cause }: CauseGroup,
  shown: ReadonlySet<CaseRecord> = new Set(),
): { readonly record: CaseRecord; readonly alone: CaseRecord } {
  const { record, deviation } = cases.find((one) => !shown.has(one.record)) ?? cases[0]!;
  if (deviation === null)
    return {
      record,
      alone: { ...record, deviations: record.deviations.filter((one) => !isOnTheWay(one, record)) },
    };
  // What a check looks at at every exchange has nothing to do with what the case is about.
  const ofCase = deviation.requirement === undefined ? record.requirements : [deviation.requirement];
  const requirements = cause.check === 'case' ? ofCase : [];
  return { record, alone: { ...record, requirements, deviations: [deviation] } };
}

class Gathered {
  readonly #key: string;
  readonly #cause: Cause;
  readonly #cases: ShowingCase[] = [];
  readonly #commands = new Set<string>();
  /** The same in the words of each case. */
  readonly #wordings = new Map<string, Cause>();

  constructor(key: string, cause: Cause) {
    this.#key = key;
    this.#cause = cause;
  }

  add(shown: ShowingCase, cause: Cause, command: string | null): void {
    if (command !== null) this.#commands.add(command);
    const { message, path = '$' } = shown.deviation ?? cause;
    this.#wordings.set(JSON.stringify([message, path]), { ...cause, message, path });
    const last = this.#cases.at(-1);
    if (last?.record !== shown.record || last.endpoint !== shown.endpoint) this.#cases.push(shown);
  }

  told(): CauseGroup {
    const commands = [...this.#commands];
    const cause = commands.length > 1 ? withoutCommand(this.#cause, commands[0]!) : this.#cause;
    const [wording, ...others] = this.#wordings.values();
    const said = others.length === 0 ? wording! : cause;
    const what = printable(whatOf(said) || cause.check);
    // Messages of cases tell the place themselves.
    const at = said.path === '$' || said.message.includes(said.path) ? null : printable(said.path);
    const text = at === null ? what : `${what} at ${at}`;
    return { key: this.#key, cause, text, what, at, commands, cases: this.#cases };
  }
}

/** How ends are told. */
const ENDS: Readonly<Record<string, string>> = {
  crash: 'the endpoint crashed',
  hang: 'no answer in time',
  error: 'harness error',
};

function whatOf({ check, message }: Cause): string {
  return Object.hasOwn(ENDS, check) ? `${ENDS[check]}: ${message}` : message;
}

/** Of a case that fails a run, what does so; of another all that it shows. */
function tellingCauses(record: CaseRecord, policy: Policy | undefined): ShownCause[] {
  const all = causesOf(record);
  // What a flaky case showed is of its first try: it did not end so.
  const broken = isNotOk(record, policy) && record.outcome !== 'flaky';
  const told = all.filter(({ deviation }) => {
    if (deviation === null) return true;
    return (!broken || isBreach(deviation, record, policy)) && !isConsequence(deviation, record);
  });
  if (told.length > 0) return told;
  const { outcome, reason, title } = record;
  return [{ cause: { check: outcome, message: reason ?? title, path: '$' }, deviation: null }];
}

/**
 * Two things follow from another deviation at the same exchange. Where arguments were taken that should have been refused,
 * the case misses the error, and the reply is of no use. Where the schema forbids a member's value, a case that compares
 * that member cannot find the value that it wants.
 */
function isConsequence(deviation: Deviation, { deviations }: CaseRecord): boolean {
  const { check, exchange } = deviation;
  if (exchange === undefined || (check !== 'case' && check !== 'reply-schema')) return false;
  return deviations.some(
    (other) =>
      other.exchange === exchange &&
      (other.check === 'invalid-refused' ||
        (check === 'case' && other.check === 'reply-schema' && isOfSameMember(deviation, other))),
  );
}

/** Whether both are about the same member of a reply, or about a value of another JSON type than it should have. */
function isOfSameMember({ path = '$', expected, got }: Deviation, ofSchema: Deviation): boolean {
  if (path !== '$') {
    const member = pathWithoutPositions(path).replace(/^\$(?:\.return|\[\])*/, '');
    return member !== '' && pathWithoutPositions(ofSchema.path ?? '$').endsWith(member);
  }
  const isScalar = typeof expected !== 'object' && expected !== undefined;
  return isScalar && typeof expected !== typeof got && String(expected) === String(got);
}

/** A command's name that says itself that it is one, or any at the beginning. */
function commandNames(): RegExp {
  const names = [...loadBlockSchema().commands.keys()].toSorted((a, b) => b.length - a.length);
  const told = names.filter((name) => /[-_]/.test(name)).map((name) => `(?<![\\w'-])${name}(?![\\w'-])`);
  return new RegExp(`^(?:${names.join('|')})(?= )|${told.join('|')}`);
}

let commands: RegExp | undefined;

/** The command that a check's message names: what it says of it, it may say of any. */
function commandIn({ cause }: ShownCause): string | null {
  if (cause.check === 'case' || isEnd(cause)) return null;
  commands ??= commandNames();
  return commands.exec(cause.message)?.[0] ?? null;
}

function withoutCommand(cause: Cause, command: string | null): Cause {
  return command === null ? cause : { ...cause, message: cause.message.replace(command, '…') };
}
