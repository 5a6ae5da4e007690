/**
 * One exchange as two sides saw it: was the same asked, was it granted or refused on both, are the answers equal.
 */
import type { TranscriptStep } from '../../reports/record.ts';
import { isJsonObject, type Json, jsonEqual } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import { validateArguments } from '../../spec/validate.ts';
import { ValueComparison } from './compare-values.ts';
import type { Difference } from './difference.ts';
import type { NamePairs } from './error-texts.ts';
import { SELF_DESCRIPTIONS, TAKEN_ON_HOST } from './normalisation-rules.ts';
import { answerOf, argumentsOf, commandOf, repliesOf, subjectOf } from './side-run.ts';

export interface StepPair {
  readonly number: number;
  readonly left: TranscriptStep;
  readonly right: TranscriptStep;
  readonly schemas: { readonly left: Schema; readonly right: Schema };
  readonly names: NamePairs;
}

/** `parted`: the sides have done different things, and what comes later cannot be compared. */
export interface StepResult {
  readonly differences: readonly Difference[];
  readonly parted: boolean;
}

export function compareSteps(pair: StepPair): StepResult {
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
  const refusal = refusalOf(pair[refused]);
  if (TAKEN_ON_HOST.test(refusal)) return { differences: [], parted: true };
  const difference: Difference = {
    class: drift === null ? 'must' : 'schema',
    step: number,
    subject,
    path: '$',
    left: left.reply!,
    right: right.reply!,
    message: `${accepted} does it, ${refused} refuses: ${refusal}`,
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
  { left, right, number, schemas, names }: StepPair,
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
function compareRaw({ left, right, number, names }: StepPair, subject: string): StepResult {
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
function requestDrift({ left, schemas }: StepPair): string | null {
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

/** The sides have not sent the same. */
export function wentOn(
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
