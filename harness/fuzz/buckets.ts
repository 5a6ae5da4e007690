/**
 * Buckets: what makes two misbehaviours the same. The key is kind, check, and message or last words, abstracted; it
 * is also what people read.
 */

import { type Cause, causeOf, crashCause, hangCause, isOnTheWay } from '../../reports/cause.ts';
import type { NormaliseText } from '../../reports/normalise-text.ts';
import type { CaseRecord, Deviation, ProcessState } from '../../reports/record.ts';
import { effectsOf } from '../../spec/effects/effects-of.ts';
import { isJsonObject } from '../../spec/json.ts';

export type SymptomKind = 'crash' | 'hang' | 'deviation';

export interface Symptom {
  readonly kind: SymptomKind;
  /** `crash`, `hang`, or the check that saw it. */
  readonly check: string;
  /** Name of the signal, where there is one. */
  readonly signal?: string;
  readonly bucket: string;
  /** A crash without a word, or a hang: the command in flight says little of the cause, the minimal program says more. */
  readonly silent?: true;
}

/** When is a smaller program still the same finding. */
export const MATCH_RULES = ['bucket', 'signal', 'check'] as const;
export type MatchRule = (typeof MATCH_RULES)[number];

export function matches(wanted: Symptom, seen: readonly Symptom[], rule: MatchRule): boolean {
  return seen.some((symptom) => {
    if (symptom.kind !== wanted.kind) return false;
    if (rule === 'bucket') return symptom.bucket === wanted.bucket;
    return rule === 'signal' ? symptom.signal === wanted.signal : symptom.check === wanted.check;
  });
}

/** Drivers that are there to end the endpoint when copies differ. */
const MEANT_TO_END = /\b(blkverify|quorum): .*mismatch/;

/**
 * The symptom of a silent crash or of a hang, told by the minimal program: by the first deviation on the way there, of
 * which it is most often the consequence whatever command it comes in, or by the last command.
 */
export function toldBy(
  symptom: Symptom,
  command: string,
  record: CaseRecord,
  normaliseText: NormaliseText,
): Symptom {
  const how = symptom.kind === 'hang' ? 'hang' : `crash ${symptom.signal ?? 'exit'}:`;
  const before = record.deviations.find((one) => isGrave(one) && isOnTheWay(one, record));
  const cause = before === undefined ? command : breach(before, normaliseText).bucket;
  return { ...symptom, bucket: `${how} after ${cause}` };
}

/** Each bucket once, the gravest first. */
export function symptomsOf(record: CaseRecord, normaliseText: NormaliseText): Symptom[] {
  const { outcome, process, deviations } = record;
  if (outcome === 'crash')
    return process?.lastWords.some((line) => MEANT_TO_END.test(line)) ? [] : [crash(process, normaliseText)];
  if (outcome === 'timeout') return [hang(process)];
  const seen = new Map<string, Symptom>();
  for (const deviation of deviations) {
    if (!isGrave(deviation)) continue;
    // What is left after a command that nothing can undo is no leak.
    if (deviation.check === 'leftovers' && commandsOf(record).some(isForGood)) continue;
    const symptom = breach(deviation, normaliseText);
    seen.set(symptom.bucket, symptom);
  }
  return [...seen.values()];
}

/** The deviation of a record that a symptom is: the one of its bucket, else of its check. None of a crash or a hang. */
export function deviationShown(
  { kind, check, bucket }: Symptom,
  { deviations }: CaseRecord,
  normaliseText: NormaliseText,
): Deviation | undefined {
  if (kind !== 'deviation') return undefined;
  const grave = deviations.filter((one) => isGrave(one) && one.check === check);
  return grave.find((one) => breach(one, normaliseText).bucket === bucket) ?? grave[0];
}

function isGrave({ severity }: Deviation): boolean {
  return severity === 'must' || severity === 'should';
}

function isForGood(command: string): boolean {
  return effectsOf(command).undo === 'impossible';
}

function commandsOf({ transcript }: CaseRecord): string[] {
  const sent = (transcript?.steps ?? []).map(({ send }) => send ?? null).filter(isJsonObject);
  return sent.map(({ execute }) => String(execute));
}

function crash(process: ProcessState | undefined, normaliseText: NormaliseText): Symptom {
  const signal = process?.signal ?? undefined;
  const { silent, ...text } = crashCause(process, normaliseText);
  return {
    kind: 'crash',
    check: 'crash',
    ...(signal !== undefined && { signal }),
    bucket: bucketOf(text),
    ...(silent && { silent }),
  };
}

function hang(process: ProcessState | undefined): Symptom {
  return { kind: 'hang', check: 'hang', bucket: bucketOf(hangCause(process)), silent: true };
}

function breach(deviation: Deviation, normaliseText: NormaliseText): Symptom {
  const { check } = deviation;
  return { kind: 'deviation', check, bucket: bucketOf(causeOf(deviation, normaliseText)) };
}

/** `crash SIGABRT: …`, `hang in …`, `deviation CHECK: … at $.path`. */
function bucketOf({ check, message, path }: Cause): string {
  if (check === 'crash' || check === 'hang') return `${check} ${message}`;
  return `deviation ${check}: ${message}${path === '$' ? '' : ` at ${path}`}`;
}

/** The deviation that a bucket is of; it undoes `bucketOf`. */
export function deviationOf(bucket: string): Cause {
  const [, check = '', message = bucket, path = '$'] =
    /^(crash|hang) (.*)$/s.exec(bucket) ?? /^deviation (\S+): (.*?)(?: at (\$[.[].*))?$/s.exec(bucket) ?? [];
  return { check, message, path };
}
