/**
 * A deviation in words that are the same in every run: which check saw it, its message with values normalised, and the
 * path at which it shows. Expectations name deviations so, and the fuzzer's buckets are made of it.
 */
import type { CaseRecord, Deviation, ProcessState } from '../../reports/record.ts';
import { isJsonObject, type Json, parseJson } from '../../spec/json.ts';
import type { NormaliseText } from './normalise-text.ts';

/** What an expectation names a deviation by. */
export interface DeviationText {
  /** `crash`, `hang`, or the id of the check. */
  readonly check: string;
  /** Of a crash the signal or exit status, and what was said last; of a hang what was in flight. */
  readonly message: string;
  /** Without positions in lists: `$.nodes[].image`. */
  readonly path: string;
}

/** The words for a deviation of a record. */
export function deviationText(
  { check, message, path = '$' }: Deviation,
  normaliseText: NormaliseText,
): DeviationText {
  return { check, message: normaliseText(message), path: path.replace(/\[\d+\]/g, '[]') };
}

/** Of a crash, by how the process ended. `silent`: nothing was said last, so that the message can only tell what was in flight. */
export function crashText(
  process: ProcessState | undefined,
  normaliseText: NormaliseText,
): DeviationText & { readonly silent: boolean } {
  const how = process?.signal ?? `exit ${process?.exitCode ?? 'unknown'}`;
  const words = lastWords(process?.lastWords ?? []);
  const where =
    words === undefined ? commandInFlight(process?.inFlight) : normaliseText(withoutProgram(words));
  return { check: 'crash', message: `${how}: ${where}`, path: '$', silent: words === undefined };
}

/** The words for an endpoint that no longer answers, by the command that it owes an answer to. */
export function hangText(process: ProcessState | undefined): DeviationText {
  return { check: 'hang', message: commandInFlight(process?.inFlight), path: '$' };
}

/** Whether a deviation came before the last step: not as a consequence of how the case ended. */
export function isOnTheWay({ exchange }: Deviation, { transcript }: CaseRecord): boolean {
  const last = (transcript?.steps.length ?? 0) - 1;
  return (exchange ?? last) < last;
}

/** Lines that say why a process ended: its own, of its threads, a sanitizer's, GLib's, the allocator's. */
const LAST_WORDS =
  /assert|unexpected error|Sanitizer|runtime error|fatal|CRITICAL|GLib|abort|smashing|corrupted|double free|^qemu: \w+: |(alloc|free|chunk)\w*\(\): /i;

/** Of an error that nobody expected the first line says where, the next one what. */
const UNEXPECTED = /^Unexpected error in .*:$/;

/** What says why; undefined if nothing does. */
function lastWords(lines: readonly string[]): string | undefined {
  const index = lines.findLastIndex((line) => LAST_WORDS.test(line));
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
