/**
 * `npm run mutants`: changes the built reference in one random place after another and tells which changes no case of
 * the suite notices. The file of results is written line by line, so that a campaign that was interrupted goes on.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { addResult, call, counted, judgeAll, openResults, wholeNumber, write } from '../judging/call.ts';
import type { Noticed } from '../judging/suite-on-reference.ts';
import { chooseMutants, judgedWithout, judgeMutant, type Mutant, unsteadyCases } from './campaign.ts';
import { EQUIVALENT, sameMutant } from './equivalent.ts';

const HELP = `Usage: npm run mutants -- [options]

  --seed TEXT      which places are changed (default: the day)
  --count N        how many (default: 200)
  --files GLOB     only in these files, below reference-impl/ (default: all; e.g. 'jobs/*.js')
  --cases GLOB     judged by these cases alone, e.g. 'json/*'; may be repeated (default: the suite)
  --workers N      at a time (default: one a core)
  --results FILE   what is known so far; a campaign goes on where its file ends (default: mutants-SEED.jsonl)

Prints each mutant that no case notices, with file and line. Exit code 1 if there is one that is not in the list of
equivalent ones. A file of results of another build begins anew.
`;

/** A line of the file of results; before the first stand the mutants. */
interface Result {
  readonly index: number;
  readonly noticed: Noticed | null;
}

async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: new Date().toISOString().slice(0, 10) },
      count: { type: 'string', default: '200' },
      files: { type: 'string', default: '**' },
      cases: { type: 'string', multiple: true },
      workers: { type: 'string', default: String(availableParallelism()) },
      results: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    write(HELP);
    return 0;
  }
  const [count, workers] = [wholeNumber('--count', values.count), wholeNumber('--workers', values.workers)];
  const file = values.results ?? `mutants-${values.seed}.jsonl`;
  const { head: mutants, lines } = await openResults<readonly Mutant[], Result>(file, () =>
    begin(values.seed, count, values.files, values.cases),
  );
  const results = new Map(lines.map(({ index, noticed }) => [index, noticed]));
  const left = [...mutants.keys()].filter((index) => !results.has(index));
  await judgeAll(left, workers, signal, async (index) => {
    const noticed = await judgeMutant(mutants[index]!, signal);
    results.set(index, noticed);
    addResult(file, { index, noticed } satisfies Result);
  });
  return report(mutants, results);
}

async function begin(
  seed: string,
  count: number,
  files: string,
  cases: readonly string[] | undefined,
): Promise<readonly Mutant[]> {
  const mutants = await chooseMutants(
    seed,
    count,
    files,
    cases,
    counted((ran) => `what cases execute: ${ran} cases`),
  );
  const unsteady = await unsteadyCases(mutants);
  for (const { by, outcome } of unsteady) {
    if (!mutants.some(({ expected }) => expected[by] !== undefined))
      throw new Error(`unchanged, the reference fails when it runs again: ${by}: ${outcome}`);
    process.stderr.write(
      `mutants: ${by} judges nothing: it ends otherwise when it runs again (${outcome})\n`,
    );
  }
  return mutants.map((mutant) => judgedWithout(new Set(unsteady.map(({ by }) => by)), mutant));
}

function report(mutants: readonly Mutant[], results: ReadonlyMap<number, Noticed | null>): number {
  const survivors = mutants.filter((_, index) => results.get(index) === null);
  const equivalent = survivors.filter((mutant) => EQUIVALENT.some((known) => sameMutant(known, mutant)));
  const holes = survivors.filter((mutant) => !equivalent.includes(mutant));
  for (const { file, line, before, after, kind } of holes)
    write(`${file}:${line}: ${kind}\n  - ${before}\n  + ${after}\n`);
  const noticed = results.size - survivors.length;
  const share = ((100 * noticed) / Math.max(1, results.size - equivalent.length)).toFixed(1);
  write(
    `${results.size} mutants: ${noticed} noticed, ${equivalent.length} equivalent, ${holes.length} not noticed (${share} % of those that are not equivalent noticed)\n`,
  );
  return holes.length > 0 ? 1 : 0;
}

await call('mutants', main);
