/** Runs cases of the suite on the embedded reference, one after another, until one ends otherwise than before. */
import type { CaseRecord } from '../../../reports/record.ts';
import type { Reporter } from '../../../reports/reporter.ts';
import { loadBlockSchema } from '../../../spec/block-core.ts';
import type { CaseDefinition } from '../../cases/case.ts';
import { derivedCases } from '../../cases/derived/index.ts';
import { cases } from '../../cases/index.ts';
import { run } from '../../runner/run.ts';
import { reference } from '../../targets/reference.ts';

/** The outcome of a case, by its id. */
export type Outcomes = Readonly<Record<string, CaseRecord['outcome']>>;

/** A case that ended otherwise. */
export interface Noticed {
  readonly by: string;
  readonly outcome: string;
}

/** Real milliseconds of a case: a mutant that hangs costs no more. */
const CASE_TIMEOUT = 6_000;

interface SuiteOptions {
  readonly only?: ReadonlySet<string>;
  readonly signal?: AbortSignal;
  readonly follow?: (definition: CaseDefinition) => CaseDefinition;
}

/** Runs the whole suite, or the cases of these ids, and tells `reporter` of each. */
export async function runSuite(
  reporter: Reporter,
  { only, signal, follow = (definition) => definition }: SuiteOptions = {},
): Promise<void> {
  await run({
    target: reference('reference'),
    spec: loadBlockSchema(),
    cases: (schema) => [...cases, ...derivedCases(schema)].map(follow),
    only,
    signal,
    reporters: [reporter],
    limits: { caseTimeout: CASE_TIMEOUT },
  });
}

/** Null if every case of `expected` ends as there. */
export async function firstChange(expected: Outcomes): Promise<Noticed | null> {
  const stop = new AbortController();
  let noticed: Noticed | null = null;
  const watcher: Reporter = {
    caseEnd({ id, outcome }) {
      if (noticed !== null || outcome === expected[id]) return;
      noticed = { by: id, outcome };
      stop.abort();
    },
    end() {},
  };
  await runSuite(watcher, { only: new Set(Object.keys(expected)), signal: stop.signal });
  return noticed;
}
