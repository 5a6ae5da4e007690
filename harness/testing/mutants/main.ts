/**
 * `npm run mutants`: changes the built reference in one random place after another and tells which changes no case of
 * the suite notices. The file of results is written line by line, so that a campaign that was interrupted goes on.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { abortOnSignals } from '../../cleanup.ts';
import { inOrder } from '../../runner/in-order.ts';
import type { Noticed } from '../judging/suite-on-reference.ts';
import { chooseMutants, judgeMutant, judgeSound, type Mutant } from './campaign.ts';
import { EQUIVALENT, sameMutant } from './equivalent.ts';

const HELP = `Usage: npm run mutants -- [options]

  --seed TEXT      which places are changed (default: the day)
  --count N        how many (default: 200)
  --workers N      at a time (default: one a core)
  --results FILE   what is known so far; a campaign goes on where its file ends (default: mutants-SEED.jsonl)

Prints each mutant that no case notices, with file and line. Exit code 1 if there is one that is not in the list of
equivalent ones.
`;

/** A line of the file of results, behind the first, which holds the mutants. */
interface Result {
  readonly index: number;
  readonly noticed: Noticed | null;
}

const write = (text: string) => process.stdout.write(text);
const progress = (text: string) => process.stderr.isTTY && process.stderr.write(`\r\u001b[K${text}`);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: new Date().toISOString().slice(0, 10) },
      count: { type: 'string', default: '200' },
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
  const { signal } = abortOnSignals();
  const { mutants, results } = existsSync(file) ? read(file) : await begin(file, values.seed, count);
  await inOrder({
    items: mutants.map((mutant, index) => ({ mutant, index })).filter(({ index }) => !results.has(index)),
    workers: Array.from({ length: workers }, (_, index) => index),
    signal,
    async work(_, { mutant, index }) {
      const noticed = await judgeMutant(mutant, signal);
      results.set(index, noticed);
      appendFileSync(file, `${JSON.stringify({ index, noticed } satisfies Result)}\n`);
      progress(`${results.size} of ${mutants.length}`);
      return null;
    },
  });
  progress('');
  return report(mutants, results);
}

function wholeNumber(option: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`${option} takes a whole number above 0, not '${text}'`);
  return Number(text);
}

function read(file: string) {
  const [first, ...lines] = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  const known = lines.map((line) => JSON.parse(line) as Result);
  return {
    mutants: JSON.parse(first!) as readonly Mutant[],
    results: new Map(known.map(({ index, noticed }) => [index, noticed])),
  };
}

async function begin(file: string, seed: string, count: number) {
  let ran = 0;
  const mutants = await chooseMutants(seed, count, () => {
    ran += 1;
    progress(`what cases execute: ${ran} cases`);
  });
  const noticed = await judgeSound(mutants);
  if (noticed !== null)
    throw new Error(`unchanged, ${noticed.by} ends otherwise when it runs again: ${noticed.outcome}`);
  writeFileSync(file, `${JSON.stringify(mutants)}\n`);
  return { mutants, results: new Map<number, Noticed | null>() };
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

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`mutants: ${(error as Error).message}\n`);
  process.exitCode = 2;
}
