/** What `qmpcheck diff` prints: a difference an entry, its class first; totals last. */
import { encode } from '../../generators/sequences/encoding.ts';
import type { EndpointIdentity } from '../../reports/record.ts';
import { type Json, stringifyJson } from '../../spec/json.ts';
import { tellAtFault } from '../differ/at-fault.ts';
import { CLASSES } from '../differ/difference.ts';
import type { StaleEntry } from '../expectations/known-deviations.ts';
import { countClasses, type DiffTotals, type SeenDifference } from '../lockstep/diff-report.ts';
import type { Bucket } from '../lockstep/difference-buckets.ts';
import { staleLine } from './expectation-options.ts';

export interface DiffResult {
  readonly left: EndpointIdentity;
  readonly right: EndpointIdentity;
  readonly judge: EndpointIdentity | null;
  readonly entries: readonly Bucket<SeenDifference>[];
  readonly totals: DiffTotals;
  readonly stale: readonly StaleEntry[];
}

/** Characters of a value that people are shown. */
const SHOWN = 160;

/** `all`: also what is explained, with its reason. */
export function diffLines({ entries, totals, stale, judge }: DiffResult, all: boolean): string[] {
  const shown = entries.filter(({ reason }) => all || reason === undefined);
  const counted = countClasses(entries);
  const classes = CLASSES.filter((of) => counted[of].all > 0).map(
    (of) => `${of} ${counted[of].all - counted[of].unexplained} explained, ${counted[of].unexplained} not`,
  );
  const { compared, alike, known, skipped, faults } = totals;
  return [
    ...shown.flatMap((entry) => entryLines(entry, judge?.target ?? null)),
    ...stale.map(staleLine),
    ...classes,
    `${compared} compared: ${alike} alike but for schemas and timing, ${known} with known differences only, ${compared - alike - known} with others; ${skipped} skipped${faults > 0 ? `, ${faults} failed` : ''}`,
  ];
}

function entryLines({ key, count, first, reason }: Bucket<SeenDifference>, judge: string | null): string[] {
  const { where, difference, verdict, program } = first;
  const { step, left, right } = difference;
  const times = count === 1 ? '' : ` (${count} times)`;
  return [
    `${key}${times}`,
    `    ${where}${step === undefined ? '' : `, step ${step}`}: left ${tell(left)}, right ${tell(right)}`,
    `    ${reason ?? tellAtFault(verdict, judge)}`,
    ...(program && reason === undefined ? encode(program).trimEnd().split('\n') : []).map(
      (line) => `      ${line}`,
    ),
  ];
}

function tell(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  const text = stringifyJson(value);
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}

export function diffJson({ left, right, judge, entries, totals, stale }: DiffResult): string {
  const differences = entries.map(({ key, count, reason, first }) => {
    const { where, difference, verdict, program } = first;
    const { excuse: _, ...told } = difference;
    return { key, ...told, count, where, verdict, reason, ...(program && { program: encode(program) }) };
  });
  const document = {
    left,
    right,
    judge,
    differences,
    totals: { ...totals, classes: countClasses(entries) },
    stale: stale.map(({ file, line, deviation, cases, reason }) => ({
      file,
      line,
      glob: deviation ?? cases,
      reason,
    })),
  };
  return stringifyJson(document as unknown as Json, 2);
}
