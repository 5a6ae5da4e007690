/**
 * Buckets: what makes two misbehaviours the same. The key is kind, check, and message or last words, abstracted; it
 * is also what people read.
 */
import type { CaseRecord, Deviation, ProcessState } from '../../reports/record.ts';
import { effectsOf } from '../../spec/effects/lookup.ts';
import { isJsonObject, type Json, parseJson } from '../../spec/json.ts';
import type { NormaliseText } from './normalise-text.ts';

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

/** Lines that say why a process ended: its own, of its threads, a sanitizer's, GLib's, the allocator's. */
const LAST_WORDS =
  /assert|unexpected error|Sanitizer|runtime error|fatal|CRITICAL|GLib|abort|smashing|corrupted|double free|^qemu: \w+: |(alloc|free|chunk)\w*\(\): /i;

/** Of an error that nobody expected the first line says where, the next one what. */
const UNEXPECTED = /^Unexpected error in .*:$/;

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
  const last = (record.transcript?.steps.length ?? 0) - 1;
  const before = record.deviations.find((one) => isGrave(one) && (one.exchange ?? last) < last);
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
  const how = signal ?? `exit ${process?.exitCode ?? 'unknown'}`;
  const words = lastWords(process?.lastWords ?? []);
  const where = words === undefined ? commandOf(process?.inFlight) : normaliseText(withoutProgram(words));
  return {
    kind: 'crash',
    check: 'crash',
    ...(signal !== undefined && { signal }),
    bucket: `crash ${how}: ${where}`,
    ...(words === undefined && { silent: true as const }),
  };
}

/** What says why; undefined if nothing does. */
function lastWords(lines: readonly string[]): string | undefined {
  const index = lines.findLastIndex((line) => LAST_WORDS.test(line));
  const line = lines[index];
  return line !== undefined && UNEXPECTED.test(line)
    ? [line, ...lines.slice(index + 1, index + 2)].join(' ')
    : line;
}

function hang(process: ProcessState | undefined): Symptom {
  return { kind: 'hang', check: 'hang', bucket: `hang ${commandOf(process?.inFlight)}`, silent: true };
}

function breach({ check, message, path }: Deviation, normaliseText: NormaliseText): Symptom {
  const where = path === undefined || path === '$' ? '' : ` at ${path.replace(/\[\d+\]/g, '[]')}`;
  return { kind: 'deviation', check, bucket: `deviation ${check}: ${normaliseText(message)}${where}` };
}

/** `qemu-system-x86_64: ../block.c:1: f: Assertion …`: program and line number say nothing of the fault. */
function withoutProgram(line: string): string {
  return line.replace(/^[\w./-]*qemu[\w-]*: /, '').replace(/(\.\.\/)*([\w./-]+\.[ch]):\d+/, '$2');
}

function commandOf(inFlight: string | undefined): string {
  if (inFlight === undefined) return 'with nothing in flight';
  try {
    const message: Json = parseJson(inFlight);
    if (isJsonObject(message) && typeof message.execute === 'string') return `in ${message.execute}`;
  } catch {
    // Raw bytes, or what was waited for.
  }
  return 'in raw bytes';
}
