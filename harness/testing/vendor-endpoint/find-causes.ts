/** What a run finds of the vendor's endpoint with mistakes switched on. */
import { fileURLToPath } from 'node:url';
import { type Cause, causeKey, causesOf } from '../../../reports/cause.ts';
import type { Outcome, RunRecord } from '../../../reports/record.ts';
import { loadBlockSchema } from '../../../spec/block-core.ts';
import { packageRoot } from '../../../spec/package-root.ts';
import { derivedCases } from '../../cases/derived/index.ts';
import { cases } from '../../cases/index.ts';
import { run } from '../../runner/run.ts';
import { execTarget } from '../../targets/exec.ts';
import type { Mistake } from './mistake.ts';

const program = fileURLToPath(new URL('dist/harness/testing/vendor-endpoint/main.js', packageRoot()));
const spec = loadBlockSchema();

/** Outcomes of which the reason is what was noted. */
const HAS_NOTES: ReadonlySet<Outcome> = new Set(['info', 'warn', 'fail']);

/** What no program on Node can do: its buffers are not aligned as O_DIRECT asks. */
const BEYOND_NODE: ReadonlySet<string> = new Set(['node-options/cache-direct-opens']);

/** Cases of texts that only QEMU gives: which of several members that nobody knows is named. */
const TEXTS_OF_QEMU: ReadonlySet<string> = new Set([
  'schema/left-over-arguments',
  'schema/left-over-members',
]);

/** A cause with the ids of the cases that show it. */
export interface FoundCause extends Cause {
  readonly cases: readonly string[];
}

/** The command line of the endpoint. */
export function vendorCommand(...options: readonly string[]): string {
  return [process.execPath, program, ...options].join(' ');
}

/** Runs the cases that match; all without patterns. A time-out is short, since most is answered at once. */
export function runVendor(
  options: readonly string[],
  patterns: readonly string[] = [],
  answerTimeout = 10_000,
  workers = 1,
): Promise<RunRecord> {
  return run({
    target: execTarget('acme', vendorCommand(...options)),
    spec,
    cases: (schema) => [
      ...cases.filter(({ id }) => !BEYOND_NODE.has(id) && !TEXTS_OF_QEMU.has(id)),
      ...derivedCases(schema),
    ],
    patterns,
    workers,
    limits: { answerTimeout, eventTimeout: answerTimeout, caseTimeout: 5 * answerTimeout },
  });
}

/** What was found of a mistake; undefined if it was not. */
export function causeOfMistake({ cause }: Mistake, causes: readonly FoundCause[]): FoundCause | undefined {
  return causes.find(({ check, message }) => check === cause.check && cause.message.test(message));
}

/** The causes of all that is no pass, and not skipped; what was only noted has the check `info`. */
export function causesIn(record: RunRecord): FoundCause[] {
  const found = new Map<string, { cause: Cause; cases: Set<string> }>();
  for (const result of record.cases) {
    if (result.outcome === 'skip') continue;
    const noted = HAS_NOTES.has(result.outcome) ? (result.reason?.split('; ') ?? []) : [];
    const notes = noted.map((message) => ({ cause: { check: 'info', message, path: '$' } }));
    for (const { cause } of [...causesOf(result), ...notes]) {
      const entry = found.get(causeKey(cause)) ?? { cause, cases: new Set() };
      entry.cases.add(result.id);
      found.set(causeKey(cause), entry);
    }
  }
  return [...found.values()].map(({ cause, cases: ids }) => ({ ...cause, cases: [...ids] }));
}
