/** Runs cases of the suite on the embedded reference, one after another, until one ends otherwise than before. */
import type { CaseRecord } from '../../../reports/record.ts';
import type { Reporter } from '../../../reports/reporter.ts';
import { loadBlockSchema } from '../../../spec/block-core.ts';
import type { CaseDefinition } from '../../cases/case.ts';
import { derivedCases } from '../../cases/derived/index.ts';
import { cases } from '../../cases/index.ts';
import { run } from '../../runner/run.ts';
import { reference } from '../../targets/reference.ts';
import type { Target } from '../../targets/target.ts';

/** The outcome of a case, by its id. */
export type Outcomes = Readonly<Record<string, CaseRecord['outcome']>>;

/** A case that ended otherwise. */
export interface Noticed {
  readonly by: string;
  readonly outcome: string;
}

/** Real milliseconds of a case, where the reference may be broken: one that hangs costs no more. */
const CASE_TIMEOUT = 6_000;
/** The same where the machine may just have been slow, or the reference is sound and every line that it executes is counted. */
const PATIENT_TIMEOUT = 25_000;

/** Stands between the suite and the reference. */
type Wrap = (target: Target) => Target;

type Load = Parameters<typeof reference>[1];

interface SuiteOptions {
  readonly only?: ReadonlySet<string>;
  /** Globs on case ids. */
  readonly patterns?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly follow?: (definition: CaseDefinition) => CaseDefinition;
  readonly wrap?: Wrap | undefined;
  /** Gives the modules of the reference. Default: its own. */
  readonly load?: Load | undefined;
  /** Real milliseconds of a case. */
  readonly caseTimeout?: number;
}

/** Runs the whole suite, or the cases of these ids, and tells `reporter` of each. */
export async function runSuite(
  reporter: Reporter,
  {
    only,
    patterns,
    signal,
    follow = (definition) => definition,
    wrap = (target) => target,
    load,
    caseTimeout = PATIENT_TIMEOUT,
  }: SuiteOptions = {},
): Promise<void> {
  const handWritten = only !== undefined && ![...only].some((id) => id.startsWith('derived/'));
  await run({
    target: wrap(reference('reference', load)),
    spec: loadBlockSchema(),
    cases: (schema) => [...cases, ...(handWritten ? [] : derivedCases(schema))].map(follow),
    only,
    ...(patterns && { patterns }),
    signal,
    reporters: [reporter],
    limits: { caseTimeout },
  });
}

interface ChangesOptions {
  readonly first?: readonly string[] | undefined;
  readonly all?: boolean | undefined;
  readonly wrap?: Wrap | undefined;
  readonly load?: Load | undefined;
  /** A case begins. */
  readonly onCase?: (() => void) | undefined;
}

/**
 * The cases of `expected` that end otherwise than there: the first of them, those in `first` before others, or all. One
 * that takes too long has another, longer try alone: a busy machine is nobody's defect.
 */
export async function changedOutcomes(
  expected: Outcomes,
  { first = [], all = false, wrap, load, onCase = () => {} }: ChangesOptions = {},
): Promise<readonly Noticed[]> {
  const ids = Object.keys(expected);
  const near = new Set(first);
  const follow = (definition: CaseDefinition): CaseDefinition => ({
    ...definition,
    run: (t) => {
      onCase();
      return definition.run(t);
    },
  });
  const noticed: Noticed[] = [];
  const isOver = (): boolean => !all && noticed.length > 0;
  const note = ({ id, outcome }: CaseRecord): void => {
    if (outcome !== expected[id]) noticed.push({ by: id, outcome });
  };
  /** Runs cases up to the one that decides, and takes those that are done out of `left`. True: one took too long, and others are left. */
  const isCutShort = async (left: Set<string>): Promise<boolean> => {
    const stop = new AbortController();
    let slow: string | undefined;
    const caseEnd = (record: CaseRecord): void => {
      if (stop.signal.aborted) return;
      left.delete(record.id);
      if (record.outcome === 'timeout' && expected[record.id] !== 'timeout') slow = record.id;
      else note(record);
      if (slow !== undefined || isOver()) stop.abort();
    };
    const request = { follow, wrap, load };
    await runSuite(
      { caseEnd, end() {} },
      { ...request, only: new Set(left), signal: stop.signal, caseTimeout: CASE_TIMEOUT },
    );
    if (slow === undefined) return false;
    await runSuite({ caseEnd: note, end() {} }, { ...request, only: new Set([slow]) });
    return left.size > 0 && !isOver();
  };
  const parts = all ? [ids] : [ids.filter((id) => near.has(id)), ids.filter((id) => !near.has(id))];
  for (const part of parts) {
    const left = new Set(part);
    if (left.size === 0 || isOver()) continue;
    while (await isCutShort(left));
  }
  return noticed;
}
