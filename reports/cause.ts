/**
 * The cause of a deviation, in words that are the same in every run: which check saw it, its message with values normalised,
 * and the path at which it shows. Reports group deviations by it, expectations and baselines name them so, and the
 * fuzzer's buckets are made of it. It is computed from a record and the words of the spec; records hold none.
 */

import { constants } from 'node:os';
import { isJsonObject, type Json, parseJson } from '../spec/json.ts';
import { type NormaliseText, specNormaliser } from './normalise-text.ts';
import type { CaseRecord, Deviation, ProcessState } from './record.ts';

/** Two deviations have the same cause if all of this is equal. */
export interface Cause {
  /** The id of the check, `case` for what the case itself states, `crash`, `hang`; `error` for a fault of the harness, `skip`. */
  readonly check: string;
  /** For a crash: the signal or exit status, and what was said last. For a hang: what was in flight. */
  readonly message: string;
  /** Without positions in lists: `$.nodes[].image`. */
  readonly path: string;
}

/** A member that a type does not have, by whatever name: the name is a value. */
const FOREIGN_MEMBER = /(?:'.*' )?is not a member(?= where |$)/;
/** The last step of a path. */
const LAST_STEP = /(?:\.[\w-]+|\["[^"]*"\])$/;

/** The cause of one deviation of a record. */
export function causeOf(deviation: Deviation, normaliseText: NormaliseText): Cause {
  const { check, path = '$' } = deviation;
  const message = withoutList(deviation);
  const place = pathWithoutPositions(path);
  if (!FOREIGN_MEMBER.test(message)) return { check, message: normaliseText(message), path: place };
  return {
    check,
    message: normaliseText(message.replace(FOREIGN_MEMBER, "'…' is not a member")),
    path: place.replace(LAST_STEP, '.*'),
  };
}

/** The path without positions in lists: `$.nodes[].image`. */
export function pathWithoutPositions(path: string): string {
  return path.replace(/\[\d+\]/g, '[]');
}

/** A list of names with which a message ends is a value, however long it is. Of files more is told than the name. */
function withoutList({ message, got }: Deviation): string {
  const isOfNames =
    Array.isArray(got) && got.every((item) => typeof item === 'string' && !item.includes('/'));
  const list = isOfNames ? got.join(', ') : '';
  return list !== '' && message.endsWith(` ${list}`) ? `${message.slice(0, -list.length)}…` : message;
}

/** Describes a crash by how the process ended. `silent`: nothing was said last, so that the message can only tell what was in flight. */
export function crashCause(
  process: ProcessState | undefined,
  normaliseText: NormaliseText,
): Cause & { readonly silent: boolean } {
  const signal = process?.signal ?? signalOfStatus(process?.exitCode ?? 0);
  const how = signal ?? `exit ${process?.exitCode ?? 'unknown'}`;
  const words = lastWords((process?.lastWords ?? []).filter(isEndpoints), signal === undefined);
  const where =
    words === undefined ? commandInFlight(process?.inFlight) : normaliseText(withoutProgram(words));
  return { check: 'crash', message: `${how}: ${where}`, path: '$', silent: words === undefined };
}

/** Describes an endpoint that no longer answers, by the command that it owes an answer to. */
export function hangCause(process: ProcessState | undefined): Cause {
  return { check: 'hang', message: commandInFlight(process?.inFlight), path: '$' };
}

/** A cause that a case showed. */
export interface ShownCause {
  readonly cause: Cause;
  /** What it is the cause of; null for how the case ended. */
  readonly deviation: Deviation | null;
}

/**
 * All causes that a case showed, none if it passed. Where it did not come to its end, that is the first, and what was seen
 * with its end is a consequence of it; what was seen before counts too. Of a flaky case: what its first try showed.
 */
export function causesOf(record: CaseRecord, normaliseText: NormaliseText = specNormaliser()): ShownCause[] {
  const { outcome, earlier = [], process, deviations, reason = '' } = record;
  const ended = outcome === 'flaky' ? earlier[0] : outcome;
  const shown = (some: readonly Deviation[]) =>
    some.map((deviation) => ({ cause: causeOf(deviation, normaliseText), deviation }));
  const ending = (cause: Cause) => [
    { cause, deviation: null },
    ...shown(deviations.filter((deviation) => isOnTheWay(deviation, record))),
  ];
  switch (ended) {
    case 'pass':
      return [];
    case 'skip':
      return [{ cause: { check: 'skip', message: reason, path: '$' }, deviation: null }];
    case 'error':
      return [{ cause: { check: 'error', message: normaliseText(reason), path: '$' }, deviation: null }];
    case 'crash': {
      if (record.cause) return ending(record.cause);
      const { check, message, path } = crashCause(process, normaliseText);
      return ending({ check, message, path });
    }
    case 'timeout':
      return ending(record.cause ?? hangCause(process));
    default:
      return shown(deviations);
  }
}

/** Equal for equal causes. */
export function causeKey({ check, message, path }: Cause): string {
  return JSON.stringify([check, message, path]);
}

/** A deviation, and how many of the case have its cause. */
export interface RepeatedDeviation {
  readonly deviation: Deviation;
  readonly times: number;
}

/** Of each cause the first: a case that does the same a hundred times may deviate in the same way as often. */
export function withoutRepetition(deviations: readonly Deviation[]): RepeatedDeviation[] {
  const first = new Map<string, { deviation: Deviation; times: number }>();
  for (const deviation of deviations) {
    const key = `${deviation.severity} ${causeKey(causeOf(deviation, specNormaliser()))}`;
    const before = first.get(key);
    if (before === undefined) first.set(key, { deviation, times: 1 });
    else before.times += 1;
  }
  return [...first.values()];
}

/** Whether a deviation came before the last step of the case's own: not as a consequence of how the case ended. */
export function isOnTheWay({ exchange }: Deviation, { transcript }: CaseRecord): boolean {
  const last = (transcript?.steps ?? []).findLastIndex(({ by }) => by === undefined);
  return (exchange ?? last) < last;
}

/** Lines that say why a process ended: its own, of its threads, a sanitizer's, GLib's, the allocator's. */
const LAST_WORDS =
  /assert|unexpected error|Sanitizer|runtime error|fatal|CRITICAL|GLib|abort|smashing|corrupted|double free|^qemu: \w+: |(alloc|free|chunk)\w*\(\): /i;

/** A first line that only says where an error came up; the next one says what it was. */
const UNEXPECTED = /^Unexpected error in .*:$/;

/** How a shell tells that the program in it was ended by a signal. */
function signalOfStatus(status: number): string | undefined {
  return Object.entries(constants.signals).find(([, number]) => number === status - 128)?.[0];
}

/** What a shell says of a program in it that a signal ended: not words of the endpoint. */
const SHELLS =
  /^(Aborted|Segmentation fault|Bus error|Illegal instruction|Floating point exception|Killed|Terminated)( \(core dumped\))?$/;

function isEndpoints(line: string): boolean {
  return !SHELLS.test(line.trim());
}

/** What says why; undefined if nothing does. Who ends itself says why last. */
function lastWords(lines: readonly string[], endedItself: boolean): string | undefined {
  const words = lines.findLastIndex((line) => LAST_WORDS.test(line));
  const index = words === -1 && endedItself ? lines.findLastIndex((line) => line.trim() !== '') : words;
  const line = lines[index];
  return line !== undefined && UNEXPECTED.test(line)
    ? [line, ...lines.slice(index + 1, index + 2)].join(' ')
    : line;
}

/** `qemu-system-x86_64: ../block.c:1: f: Assertion …`: program and line number say nothing of the fault. */
function withoutProgram(line: string): string {
  return line.replace(/^[\w./-]*qemu[\w-]*: /, '').replace(/(\.\.\/)*([\w./-]+\.[ch]):\d+/, '$2');
}

function commandInFlight(inFlight: string | undefined): string {
  if (inFlight === undefined) return 'with nothing in flight';
  try {
    const message: Json = parseJson(inFlight);
    if (isJsonObject(message) && typeof message.execute === 'string') return `in ${message.execute}`;
  } catch {
    // not JSON
  }
  return 'in raw bytes';
}
