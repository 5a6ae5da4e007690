/** Random mutants of the built reference, the cases that execute their lines, and which of these notices them. */
import { readdirSync, readFileSync } from 'node:fs';
import picomatch from 'picomatch';
import { Random } from '../../../generators/random.ts';
import { REFERENCE } from '../judging/built.ts';
import { judgedApart } from '../judging/judged-apart.ts';
import { type CaseRun, insideFunctions, Reach } from '../judging/reach.ts';
import { type Noticed, type Outcomes, runSuite } from '../judging/suite-on-reference.ts';
import { type Mutation, mutationsOf } from './mutations.ts';

/** How many cases run before the others. */
const FIRST = 40;

/** A change of one place of the reference, and what the cases that execute it do on the sound one. */
export interface Mutant extends Mutation {
  /** Below the folder of the built reference. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The line as it stands, and as changed, without indentation. */
  readonly before: string;
  readonly after: string;
  /** Cases that run before the others: those that execute most of the file. */
  readonly first: readonly string[];
  readonly expected: Outcomes;
  /** What these cases took on the sound reference. */
  readonly milliseconds: number;
}

/**
 * Chooses `count` mutants by `seed`, among all places that some case executes in files that match `glob`, below the
 * folder of the built reference. Runs the suite once, or the cases whose ids match `patterns`, to see which.
 */
export async function chooseMutants(
  seed: string,
  count: number,
  glob: string,
  patterns: readonly string[] | undefined,
  onCase: (run: CaseRun) => void,
): Promise<readonly Mutant[]> {
  const modules = readdirSync(REFERENCE, { recursive: true, encoding: 'utf8' })
    .filter(
      (file) => file.endsWith('.js') && !/\.test\.js$|^testing\//.test(file) && picomatch.isMatch(file, glob),
    )
    .toSorted();
  if (modules.length === 0) throw new Error(`no file of the built reference matches '${glob}'`);
  const places = modules.flatMap((file) => {
    const { href: url } = new URL(file, REFERENCE);
    const text = readFileSync(new URL(url), 'utf8');
    const isInside = insideFunctions(text);
    return mutationsOf(text).map((mutation) => ({
      ...mutation,
      file,
      url,
      text,
      isAtLoad: !isInside(mutation.start),
    }));
  });
  const reach = new Reach(
    places.map(({ url, reachedAt }) => ({ url, start: reachedAt })),
    onCase,
  );
  await runSuite(reach, { patterns, follow: (definition) => reach.follow(definition) });
  const casesOf = new Map<number, CaseRun[]>();
  const perFile = new Map(reach.runs.map((run) => [run, new Map<string, number>()]));
  for (const run of reach.runs)
    for (const index of run.reached) {
      if (!casesOf.has(index)) casesOf.set(index, []);
      casesOf.get(index)!.push(run);
      const counts = perFile.get(run)!;
      const { file } = places[index]!;
      counts.set(file, (counts.get(file) ?? 0) + 1);
    }
  const reached = [...casesOf.keys()].toSorted((a, b) => a - b);
  const random = new Random(seed);
  const chosen: Mutant[] = [];
  while (chosen.length < count && reached.length > 0) {
    const [index] = reached.splice(random.below(reached.length), 1);
    const { start, end, replacement, reachedAt, kind, file, text, isAtLoad } = places[index!]!;
    const mutation = { start, end, replacement, reachedAt, kind };
    const executed = (run: CaseRun): number => perFile.get(run)!.get(file) ?? 0;
    const runs = (isAtLoad ? reach.runs : casesOf.get(index!)!).toSorted((a, b) => executed(b) - executed(a));
    chosen.push({
      ...mutation,
      file,
      ...lineOf(text, mutation),
      first: runs.slice(0, FIRST).map(({ id }) => id),
      expected: Object.fromEntries(runs.map(({ id, outcome }) => [id, outcome])),
      milliseconds: runs.reduce((sum, run) => sum + run.milliseconds, 0),
    });
  }
  return chosen;
}

/** The line of a module that a mutation changes, and what becomes of it. */
export function lineOf(text: string, { start, end, replacement }: Mutation) {
  const from = text.lastIndexOf('\n', start) + 1;
  const to = text.indexOf('\n', end);
  return {
    line: text.slice(0, start).split('\n').length,
    before: text.slice(from, to).trim(),
    after: (text.slice(from, start) + replacement + text.slice(end, to)).trim(),
  };
}

/** Null if no case that executes the changed place notices; a mutant that hangs is noticed. */
export async function judgeMutant(mutant: Mutant, signal?: AbortSignal): Promise<Noticed | null> {
  const url = new URL(mutant.file, REFERENCE);
  const text = readFileSync(url, 'utf8');
  const changed = text.slice(0, mutant.start) + mutant.replacement + text.slice(mutant.end);
  const changes = [{ url: url.href, text: changed }];
  const [noticed] = await judgedApart(
    { changes, first: mutant.first, expected: mutant.expected },
    mutant.milliseconds,
    signal,
  );
  return noticed ?? null;
}

/**
 * The cases that end otherwise when the sound reference runs them again: their outcomes are not their own, and they
 * judge no mutant.
 */
export async function unsteadyCases(
  mutants: readonly Mutant[],
  signal?: AbortSignal,
): Promise<readonly Noticed[]> {
  const expected = Object.assign({}, ...mutants.map((mutant) => mutant.expected)) as Outcomes;
  const longest = mutants.reduce((sum, { milliseconds }) => Math.max(sum, milliseconds), 0);
  return judgedApart({ changes: [], expected, all: true }, longest * 2, signal);
}

/** The mutant, judged by other cases than these. */
export function judgedWithout(cases: ReadonlySet<string>, mutant: Mutant): Mutant {
  const steady = Object.entries(mutant.expected).filter(([id]) => !cases.has(id));
  return { ...mutant, expected: Object.fromEntries(steady) };
}
