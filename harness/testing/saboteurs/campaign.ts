/** What the hand-written cases notice of the saboteurs. */
import { readFileSync } from 'node:fs';
import type { Outcome } from '../../../reports/record.ts';
import { type Requirement, requirements } from '../../../spec/requirements/index.ts';
import type { CaseDefinition } from '../../cases/case.ts';
import { cases } from '../../cases/index.ts';
import { REFERENCE } from '../judging/built.ts';
import { judgeAll } from '../judging/call.ts';
import { judgedApart } from '../judging/judged-apart.ts';
import { type CaseRun, insideFunctions, type Place, Reach } from '../judging/reach.ts';
import { type Noticed, type Outcomes, runSuite } from '../judging/suite-on-reference.ts';
import type { Change, Saboteur } from './saboteur.ts';

/** Cases that run in one process before another may take some. */
const LOT = 30;
/** What a case may take on the sound reference where nobody looks. */
const CASE_MILLISECONDS = 1_000;

/** What the hand-written cases do on the sound reference. */
export interface Sound {
  readonly outcomes: Outcomes;
  /** Of each case. */
  readonly milliseconds: Readonly<Record<string, number>>;
  /** The cases that execute what a saboteur changes, and those near it, by its id; absent where any case may. */
  readonly reached: Readonly<Record<string, readonly string[]>>;
  /** Globs on the ids of the cases, if not all of the suite judge. */
  readonly patterns?: readonly string[] | undefined;
}

/** Runs the suite, or the cases whose ids match `patterns`. Skipped cases tell nothing and are left out. */
export async function soundOutcomes(
  saboteurs: readonly Saboteur[],
  patterns: readonly string[] | undefined,
  onCase: () => void,
  signal?: AbortSignal,
): Promise<Sound> {
  const placed = saboteurs.flatMap((saboteur) =>
    placesOf(saboteur).map((place) => ({ id: saboteur.id, place })),
  );
  // What is computed once and kept is executed in one case and yet seen by others: those near it judge at any rate.
  const near = new Map(saboteurs.map((saboteur) => [saboteur.id, new Set(casesNear(saboteur))]));
  const reach = new Reach(
    placed.map(({ place }) => place),
    onCase,
  );
  const only = new Set(cases.map(({ id }) => id));
  const follow = (definition: CaseDefinition) => reach.follow(definition);
  await runSuite(reach, { only, patterns, follow, signal });
  const runs = reach.runs.filter(({ outcome }) => outcome !== 'skip');
  return {
    outcomes: Object.fromEntries(runs.map(({ id, outcome }) => [id, outcome])),
    milliseconds: Object.fromEntries(runs.map(({ id, milliseconds }) => [id, milliseconds])),
    reached: Object.fromEntries(
      [...new Set(placed.map(({ id }) => id))].map((saboteur) => {
        const own = placed.flatMap(({ id }, index) => (id === saboteur ? [index] : []));
        const isReached = ({ id, reached }: CaseRun) =>
          near.get(saboteur)!.has(id) || own.some((index) => reached.has(index));
        return [saboteur, runs.filter(isReached).map((run) => run.id)];
      }),
    ),
    ...(patterns && { patterns }),
  };
}

/** The same of these cases alone, `workers` at a time, and not who reaches what, which takes longer than they do. */
export async function soundOutcomesOf(
  ids: readonly string[],
  workers: number,
  signal: AbortSignal,
): Promise<Sound> {
  const outcomes: Record<string, Outcome> = {};
  await judgeAll(inLots([...new Set(ids)]), workers, signal, async (lot) => {
    const expected = Object.fromEntries(lot.map((id) => [id, 'pass' as const]));
    const sound = { changes: [], expected, all: true };
    const others = await judgedApart(sound, lot.length * CASE_MILLISECONDS, signal);
    Object.assign(outcomes, expected);
    for (const { by, outcome } of others) {
      if (expected[by] === undefined) throw new Error(`${by} of the sound reference: ${outcome}`);
      outcomes[by] = outcome as Outcome;
    }
  });
  const ran = Object.entries(outcomes).filter(([, outcome]) => outcome !== 'skip');
  return {
    outcomes: Object.fromEntries(ran),
    milliseconds: Object.fromEntries(ran.map(([id]) => [id, CASE_MILLISECONDS])),
    reached: {},
  };
}

function inLots<T>(items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / LOT);
  return Array.from({ length: count }, (_, lot) => items.slice(lot * LOT, (lot + 1) * LOT));
}

/** Where cases must come by to notice a saboteur: any word that it changes. None where what it changes is executed when the module is loaded. */
function placesOf({ changes: [change] = [] }: Saboteur): Place[] {
  if (change === undefined) return [];
  const url = moduleOf(change);
  const text = readFileSync(new URL(url), 'utf8');
  const start = text.indexOf(change.find);
  const words = [...change.find.matchAll(/(?<!\S)(?=\S)/g)].map(({ index }) => index);
  return insideFunctions(text)(start) ? words.map((at) => ({ url, start: start + at })) : [];
}

function moduleOf({ file }: Change): string {
  return new URL(`${file}.js`, REFERENCE).href;
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
  { outcomes, milliseconds, reached }: Sound,
  { all = false, signal }: JudgingOptions = {},
): Promise<readonly Noticed[]> {
  const ids = reached[saboteur.id] ?? Object.keys(outcomes);
  const expected = Object.fromEntries(ids.map((id) => [id, outcomes[id]!]));
  const judgement = {
    changes: changedModules(saboteur),
    breach: saboteur.breach && saboteur.id,
    expected,
    first: casesNear(saboteur),
    all,
  };
  return judgedApart(
    judgement,
    ids.reduce((sum, id) => sum + milliseconds[id]!, 0),
    signal,
  );
}

/** The modules that a saboteur changes, with their texts. Throws if what it replaces does not stand there once. */
export function changedModules({ id, changes = [] }: Saboteur) {
  const texts = new Map<string, string>();
  for (const change of changes) {
    const { file, find, put } = change;
    const url = moduleOf(change);
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
