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

/** Real milliseconds of a case: a mutant that hangs costs no more. */
const CASE_TIMEOUT = 6_000;

/** Stands between the suite and the reference. */
type Wrap = (target: Target) => Target;

interface SuiteOptions {
  readonly only?: ReadonlySet<string>;
  /** Globs on case ids. */
  readonly patterns?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly follow?: (definition: CaseDefinition) => CaseDefinition;
  readonly wrap?: Wrap | undefined;
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
  }: SuiteOptions = {},
): Promise<void> {
  const handWritten = only !== undefined && ![...only].some((id) => id.startsWith('derived/'));
  await run({
    target: wrap(reference('reference')),
    spec: loadBlockSchema(),
    cases: (schema) => [...cases, ...(handWritten ? [] : derivedCases(schema))].map(follow),
    only,
    ...(patterns && { patterns }),
    signal,
    reporters: [reporter],
    limits: { caseTimeout: CASE_TIMEOUT },
  });
}

interface ChangesOptions {
  readonly first?: readonly string[] | undefined;
  readonly all?: boolean | undefined;
  readonly wrap?: Wrap | undefined;
  /** A case begins. */
  readonly onCase?: (() => void) | undefined;
}

/** The cases of `expected` that end otherwise than there: the first of them, those in `first` before others, or all. */
export async function changedOutcomes(
  expected: Outcomes,
  { first = [], all = false, wrap, onCase = () => {} }: ChangesOptions = {},
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
  const parts = all ? [ids] : [ids.filter((id) => near.has(id)), ids.filter((id) => !near.has(id))];
  for (const part of parts) {
    const only = new Set(part);
    if (only.size === 0 || noticed.length > 0) continue;
    const stop = new AbortController();
    const watcher: Reporter = {
      caseEnd({ id, outcome }) {
        if (outcome === expected[id] || stop.signal.aborted) return;
        noticed.push({ by: id, outcome });
        if (!all) stop.abort();
      },
      end() {},
    };
    await runSuite(watcher, { only, signal: stop.signal, follow, wrap });
  }
  return noticed;
}
