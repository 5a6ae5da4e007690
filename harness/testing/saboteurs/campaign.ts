/** What the hand-written cases notice of the saboteurs. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { packageRoot } from '../../../spec/package-root.ts';
import { type Requirement, requirements } from '../../../spec/requirements/index.ts';
import { cases } from '../../cases/index.ts';
import { judgedApart } from '../judging/judged-apart.ts';
import { type Noticed, type Outcomes, runSuite } from '../judging/suite-on-reference.ts';
import type { Saboteur } from './saboteur.ts';

const BUILT = new URL('dist/', packageRoot());

/** What the hand-written cases do on the sound reference, and the milliseconds that they take together. */
export interface Sound {
  readonly outcomes: Outcomes;
  readonly milliseconds: number;
}

/** Runs the suite twice; cases that end in two ways are left out, as they tell nothing. */
export async function soundOutcomes(onCase: () => void, signal?: AbortSignal): Promise<Sound> {
  const outcomes: Record<string, Outcomes[string]> = {};
  let milliseconds = 0;
  const reporter = {
    caseEnd({ id, outcome, durationMs }: { id: string; outcome: Outcomes[string]; durationMs: number }) {
      outcomes[id] = outcome;
      milliseconds += durationMs;
      onCase();
    },
    end() {},
  };
  const only = new Set(cases.map(({ id }) => id));
  await runSuite(reporter, { only, ...(signal === undefined ? {} : { signal }) });
  for (const [id, outcome] of Object.entries(outcomes)) if (outcome === 'skip') delete outcomes[id];
  const changing = await judgedApart(
    { changes: [], expected: outcomes, all: true },
    milliseconds * 2,
    signal,
  );
  for (const { by } of changing) delete outcomes[by];
  return { outcomes, milliseconds };
}

/** Changes with whatever can change what a case notices. */
export function fingerprint(): string {
  const hash = createHash('sha256');
  const files = readdirSync(BUILT, { recursive: true, encoding: 'utf8' });
  for (const file of files
    .filter((name) => /^(harness|reference-impl|spec)\/.*(?<!\.test)\.js$/.test(name))
    .toSorted())
    hash.update(file).update(readFileSync(new URL(file, BUILT)));
  return hash.digest('hex');
}

/** How a saboteur is judged. */
export interface JudgingOptions {
  /** Every case runs, and not up to the first that notices. */
  readonly all?: boolean;
  readonly signal?: AbortSignal;
}

/** The cases that notice. Those of the saboteur's definition run first. */
export async function judgeSaboteur(
  saboteur: Saboteur,
  { outcomes: expected, milliseconds }: Sound,
  { all = false, signal }: JudgingOptions = {},
): Promise<readonly Noticed[]> {
  const judgement = {
    changes: changedModules(saboteur),
    breach: saboteur.breach && saboteur.id,
    expected,
    first: casesNear(saboteur),
    all,
  };
  return judgedApart(judgement, milliseconds, signal);
}

/** The modules that a saboteur changes, with their texts. Throws if what it replaces does not stand there once. */
export function changedModules({ id, changes = [] }: Saboteur) {
  const texts = new Map<string, string>();
  for (const { file, find, put } of changes) {
    const { href: url } = new URL(`reference-impl/${file}.js`, BUILT);
    const [before, after, ...more] = (texts.get(url) ?? readFileSync(new URL(url), 'utf8')).split(find);
    if (after === undefined || more.length > 0)
      throw new Error(`saboteur '${id}': its text does not stand once in ${file}: ${find}`);
    texts.set(url, before + put + after);
  }
  return [...texts].map(([url, text]) => ({ url, text }));
}

/** Cases whose requirements are of the same definition, and those that bear its name. */
function casesNear({ definition }: Saboteur): string[] {
  const of: Readonly<Record<string, Requirement>> = requirements;
  return cases
    .filter(
      ({ id, requirements: own }) =>
        id.startsWith(`${definition}/`) ||
        own.some((requirement) => of[requirement]?.definition === definition),
    )
    .map(({ id }) => id);
}
