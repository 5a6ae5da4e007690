/**
 * The differ: all differences between two runs of the same case or program.
 *
 *   1. did both run: a skip compares to nothing, a crash or a hang of one side is a difference in itself;
 *   2. step by step: was the same asked, was it granted or refused on both, are the answers equal;
 *   3. where one side did what the other refused, all that follows is a consequence and not compared;
 *   4. events, as partial orders; contents of nodes; and what the case itself thought of it.
 */
import type { CaseRecord, TranscriptStep } from '../../reports/record.ts';
import { isJsonObject, type Json, jsonEqual } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import { validateArguments } from '../../spec/validate.ts';
import type { Difference } from './difference.ts';
import { compareEvents } from './events.ts';
import { SELF_DESCRIPTIONS } from './rules.ts';
import {
  answerOf,
  argumentsOf,
  commandOf,
  repliesOf,
  type SideRun,
  stepsOf,
  subjectOf,
  ZEROES,
} from './side.ts';
import { NamePairs } from './texts.ts';
import { ValueComparison } from './values.ts';

export interface Comparison {
  readonly differences: readonly Difference[];
  /** Why nothing was compared: one side cannot do this. */
  readonly skipped?: string;
  /** Why nothing could be compared: the harness itself has failed. */
  readonly fault?: string;
}

export interface CompareOptions {
  /** Numbers of the steps at which the sides stood differently by chance: in their jobs, or in what was in flight. */
  readonly skewed?: ReadonlySet<number>;
}

const LATE =
  'a job was further on one side, or commands in flight together were carried out in another order';

export function compareRuns(left: SideRun, right: SideRun, { skewed }: CompareOptions = {}): Comparison {
  const failed = [left, right].find(({ record }) => record.outcome === 'error');
  if (failed !== undefined) return { differences: [], fault: failed.record.reason ?? 'unknown' };
  const skipped = [left, right].find(({ record }) => record.outcome === 'skip');
  if (skipped !== undefined) return { differences: [], skipped: skipped.record.reason ?? 'skipped' };
  const names = new NamePairs();
  const found: Difference[] = [];
  const steps = { left: stepsOf(left), right: stepsOf(right) };
  const both = Math.min(steps.left.length, steps.right.length);
  let until = both;
  for (let index = 0; index < both; index += 1) {
    const pair: Pair = {
      number: index + 1,
      left: steps.left[index]!,
      right: steps.right[index]!,
      schemas: { left: left.offered, right: right.offered },
      names,
    };
    const { differences, parted } = compareSteps(pair);
    const late = skewed?.has(pair.number) === true;
    found.push(...(late ? differences.map((one) => excused(one, LATE)) : differences));
    if (parted) {
      until = index;
      break;
    }
  }
  const events = compareEvents(left, right, until, names);
  found.push(...(skewed !== undefined && skewed.size > 0 ? events.map((one) => excused(one, LATE)) : events));
  const whole = until === both;
  if (whole) found.push(...compareContents(left, right));
  const ends = compareEnds(left.record, right.record, both);
  // What ended one side early, or made a case fail, shows in the exchanges most often.
  const explained = found.some(({ class: of }) => of !== 'timing' && of !== 'schema') || !whole;
  if (ends !== null && !(explained && ends.subject === 'outcome')) found.push(ends);
  else if (!explained && steps.left.length !== steps.right.length)
    found.push(wentOn(steps.left[both], steps.right[both], both + 1));
  return { differences: found };
}

/** As a difference of timing. */
export function excused(difference: Difference, excuse: string): Difference {
  return difference.class === 'schema' ? difference : { ...difference, class: 'timing', excuse };
}

interface Pair {
  readonly number: number;
  readonly left: TranscriptStep;
  readonly right: TranscriptStep;
  readonly schemas: { readonly left: Schema; readonly right: Schema };
  readonly names: NamePairs;
}

/** `parted`: the sides have done different things, and what comes later cannot be compared. */
interface StepResult {
  readonly differences: readonly Difference[];
  readonly parted: boolean;
}

function compareSteps(pair: Pair): StepResult {
  const { left, right, number, names } = pair;
  const subject = subjectOf(left);
  const asked = new ValueComparison(subject, names);
  asked.compare(requestOf(left), requestOf(right), { left: undefined, right: undefined }, '$');
  if (asked.found.length > 0) return { differences: [wentOn(left, right, number)], parted: true };
  const [ours, theirs] = [answerOf(left), answerOf(right)];
  if (ours === null && theirs === null) return compareRaw(pair, subject);
  if (ours === theirs) {
    const differences = compareAnswers(pair, subject, ours === 'return');
    const excuse = ours === 'error' && differences.length > 0 ? requestDrift(pair) : null;
    return { differences: excuse === null ? differences : differences.map(drifted(excuse)), parted: false };
  }
  // Without an answer it is the crash or the hang that is told.
  if (ours === null || theirs === null) return { differences: [], parted: true };
  const drift = requestDrift(pair);
  const accepted = ours === 'return' ? 'left' : 'right';
  const refused = accepted === 'left' ? 'right' : 'left';
  const difference: Difference = {
    class: drift === null ? 'must' : 'schema',
    step: number,
    subject,
    path: '$',
    left: left.reply!,
    right: right.reply!,
    message: `${accepted} does it, ${refused} refuses: ${refusalOf(pair[refused])}`,
    ...(drift !== null && { excuse: drift }),
  };
  return { differences: [difference], parted: true };
}

function requestOf({ send, raw, greeting, monitor, ...rest }: TranscriptStep): Json {
  return {
    send: send ?? null,
    raw: raw ?? rest['raw-hex'] ?? null,
    greeting: greeting ?? false,
    monitor: monitor ?? 0,
  };
}

function refusalOf({ reply }: TranscriptStep): string {
  const error = isJsonObject(reply) && isJsonObject(reply.error) ? reply.error : {};
  return String(error.desc);
}

function compareAnswers(
  { left, right, number, schemas, names }: Pair,
  subject: string,
  granted: boolean,
): Difference[] {
  const comparison = new ValueComparison(subject, names);
  const [ours, theirs] = [left.reply, right.reply].map((reply) => (isJsonObject(reply) ? reply : {}));
  if (!granted) return compareErrors(ours!.error, theirs!.error, subject, number, comparison);
  if (SELF_DESCRIPTIONS.has(subject)) return [];
  const types = {
    left: schemas.left.commands.get(subject)?.returns,
    right: schemas.right.commands.get(subject)?.returns,
  };
  comparison.compare(ours!.return!, theirs!.return!, types, '$.return');
  return comparison.found.map((one) => ({ ...one, step: number }));
}

function compareErrors(
  ours: Json | undefined,
  theirs: Json | undefined,
  subject: string,
  step: number,
  comparison: ValueComparison,
): Difference[] {
  comparison.compare(ours ?? null, theirs ?? null, { left: undefined, right: undefined }, '$.error');
  return comparison.found.map((one) => ({
    ...one,
    step,
    subject,
    ...(one.path === '$.error.desc' && {
      class: 'text' as const,
      message: `${String(one.left)} / ${String(one.right)}`,
    }),
    ...(one.path === '$.error.class' && {
      message: `${String(one.left)}, ${String(one.right)}`,
    }),
  }));
}

/** What raw bytes brought; what a greeting says of who it is is not compared. */
function compareRaw({ left, right, number, names }: Pair, subject: string): StepResult {
  if (left.greeting === true) return { differences: [], parted: false };
  const comparison = new ValueComparison(subject, names);
  const [ours, theirs] = [left, right].map((step) => repliesOf(step).filter((reply) => !isEnd(reply)));
  comparison.compare(ours!, theirs!, { left: undefined, right: undefined }, '$.replies');
  const differences: Difference[] = comparison.found.map((one) => ({
    ...one,
    step: number,
    ...(one.path.endsWith('.error.desc') && { class: 'text' as const }),
  }));
  const ends = [left, right].map((step) => repliesOf(step).some(isEnd));
  if (ends[0] !== ends[1])
    differences.push({
      class: 'timing',
      step: number,
      subject,
      path: '$.replies',
      message: `only ${ends[0] ? 'left' : 'right'} was seen to close the connection`,
      excuse: 'whether an end is seen before the next look is open',
    });
  return { differences, parted: false };
}

/** The mark for the end of the connection. */
function isEnd(reply: Json): boolean {
  return isJsonObject(reply) && reply['@EOF@'] === true;
}

/** Why a request means something to one side only; null if it is well-formed for both, or for neither. */
function requestDrift({ left, schemas }: Pair): string | null {
  const command = commandOf(left);
  if (command === undefined) return null;
  const [ours, theirs] = [schemas.left, schemas.right].map((schema) => wellFormed(schema, left, command));
  if (ours === theirs) return null;
  return `${command}: only the ${ours ? 'left' : 'right'} schema has all that is asked for`;
}

/** A refusal that differs where only one schema has what was asked for. */
function drifted(excuse: string): (difference: Difference) => Difference {
  return (difference) => ({ ...difference, class: 'schema', message: 'another refusal', excuse });
}

function wellFormed(schema: Schema, step: TranscriptStep, command: string): boolean {
  return schema.commands.has(command) && validateArguments(schema, command, argumentsOf(step)).length === 0;
}

function compareContents(left: SideRun, right: SideRun): Difference[] {
  const [ours, theirs] = [left.contents ?? {}, right.contents ?? {}];
  return Object.keys(ours)
    .filter((node) => theirs[node] !== undefined && theirs[node] !== ours[node])
    .map((node) => ({
      class: 'must',
      subject: 'contents',
      path: '$',
      left: ours[node]!,
      right: theirs[node]!,
      message: `node ${node} ${contentsTold(ours[node]!, theirs[node]!)}`,
    }));
}

function contentsTold(left: string, right: string): string {
  const [ours, theirs] = [left.endsWith(ZEROES), right.endsWith(ZEROES)];
  if (ours === theirs) return 'reads differently';
  return `is zeroes on the ${ours ? 'left' : 'right'} only`;
}

/** How the two ended: a crash or hang of one, or another outcome; null if alike. */
function compareEnds(left: CaseRecord, right: CaseRecord, steps: number): Difference | null {
  if (left.outcome === right.outcome) return null;
  for (const [outcome, of] of [
    ['crash', 'crash'],
    ['timeout', 'hang'],
  ] as const) {
    if (left.outcome !== outcome && right.outcome !== outcome) continue;
    const [who, record] = left.outcome === outcome ? (['left', left] as const) : (['right', right] as const);
    const step = record.transcript?.steps.at(-1);
    return {
      class: of,
      step: steps,
      subject: step === undefined ? 'end' : subjectOf(step),
      path: '$',
      left: left.outcome,
      right: right.outcome,
      message: `${who}: ${[record.reason ?? of, ...lastWords(record)].join(': ')}`,
    };
  }
  const judged = [left, right].map(
    ({ outcome, deviations }) => `${outcome}: ${deviations[0]?.message ?? ''}`,
  );
  const [worse] = [left, right].filter(({ outcome }) => outcome !== 'pass' && outcome !== 'info');
  if (worse === undefined) return null;
  const { severity } = worse;
  return {
    class: severity === 'text' || severity === 'should' ? severity : 'must',
    subject: 'outcome',
    path: '$',
    left: judged[0]!,
    right: judged[1]!,
    message: `${worse === left ? 'left' : 'right'} ${worse.outcome}s: ${worse.deviations[0]?.message ?? ''}`,
  };
}

/** A line of stderr that says why a process ended. */
const WHY = /assert|unexpected error|sanitizer/i;

function lastWords({ process }: CaseRecord): string[] {
  const line = process?.lastWords.findLast((words) => WHY.test(words));
  return line === undefined ? [] : [line];
}

function wentOn(
  left: TranscriptStep | undefined,
  right: TranscriptStep | undefined,
  step: number,
): Difference {
  const tell = (one: TranscriptStep | undefined): Json =>
    one === undefined ? null : jsonEqual(one.send ?? null, null) ? (one.raw ?? null) : one.send!;
  return {
    class: 'must',
    step,
    subject: subjectOf((left ?? right)!),
    path: '$.send',
    left: tell(left),
    right: tell(right),
    message: 'the case goes on differently',
  };
}
