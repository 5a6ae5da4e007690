/**
 * `npm run sabotage`: runs the hand-written cases on one broken endpoint after another and tells which breaks no case
 * notices. The file of results is written line by line, so that a campaign that was interrupted goes on.
 */
import { availableParallelism } from 'node:os';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import picomatch from 'picomatch';
import { addResult, call, counted, judgeAll, openResults, wholeNumber, write } from '../judging/call.ts';
import type { Noticed } from '../judging/suite-on-reference.ts';
import { judgeSaboteur, type Sound, soundOutcomes, soundOutcomesOf } from './campaign.ts';
import { caughtBy, writeCaughtBy } from './caught-by.ts';
import { saboteurs } from './index.ts';
import type { Saboteur } from './saboteur.ts';

const HELP = `Usage: npm run sabotage -- [options] [PATTERN…]

  PATTERN          globs on the ids of saboteurs (default: all)

  --cases GLOB     judged by these cases alone, e.g. 'json/*'; may be repeated (default: the suite)
  --matrix         every case runs on each saboteur, not up to the first that notices
  --pairs          only the cases that must notice run, and each of them must
  --update         writes down who noticed: harness/testing/saboteurs/caught-by.json
  --workers N      at a time (default: one a core)
  --results FILE   what is known so far; a campaign goes on where its file ends (default: sabotage-results.jsonl)
  --list           prints the saboteurs and what they do

Prints which case notices each saboteur, and the saboteurs that none does. Exit code 1 if there is one of these. A file of
results of another build begins anew.
`;

/** How often a saboteur is judged before a case counts as one that does not notice it. */
const PAIR_ATTEMPTS = 3;

/** A line of the file of results; before the first stands what the sound reference does. */
interface Result {
  readonly id: string;
  readonly all: boolean;
  readonly noticed: readonly Noticed[];
}

async function main(signal: AbortSignal): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      cases: { type: 'string', multiple: true },
      matrix: { type: 'boolean', default: false },
      pairs: { type: 'boolean', default: false },
      update: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      workers: { type: 'string', default: String(availableParallelism()) },
      results: { type: 'string', default: 'sabotage-results.jsonl' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    write(HELP);
    return 0;
  }
  const chosen = choose(positionals);
  if (values.list) {
    for (const { id, definition, breaks } of chosen) write(`${id}: ${breaks} (${definition})\n`);
    return 0;
  }
  const workers = wholeNumber('--workers', values.workers);
  const must = chosen.flatMap(({ id }) => caughtBy(id));
  const { head: sound, lines } = values.pairs
    ? { head: await soundOutcomesOf(must, workers, signal), lines: [] }
    : await openResults<Sound, Result>(values.results, () =>
        soundOutcomes(
          saboteurs,
          values.cases,
          counted((count) => `the sound reference: ${count} cases`),
          signal,
        ),
      );
  if (!values.pairs && !isDeepStrictEqual(sound.patterns, values.cases))
    throw new Error(`${values.results} holds what other cases noticed: --results names another file`);
  const results = new Map(lines.map((result) => [result.id, result]));
  const left = chosen.filter(({ id }) => {
    const known = results.get(id);
    return known === undefined || (values.matrix && !known.all);
  });
  await judgeAll(left, workers, signal, async (saboteur) => {
    const noticed = values.pairs
      ? await judgePairs(saboteur, pairsOf(saboteur, sound), signal)
      : await judgeSaboteur(saboteur, sound, { all: values.matrix, signal });
    const result: Result = { id: saboteur.id, all: values.matrix, noticed };
    results.set(saboteur.id, result);
    if (!values.pairs) addResult(values.results, result);
  });
  // What was found out of pairs is written nowhere: some of it is no result.
  if (values.pairs) signal.throwIfAborted();
  const done = chosen.flatMap((saboteur) => {
    const result = results.get(saboteur.id);
    return result === undefined ? [] : [{ saboteur, noticed: result.noticed }];
  });
  if (values.update) writeCaughtBy(done.map(({ saboteur: { id }, noticed }) => ({ id, noticed })));
  return values.pairs ? reportPairs(done) : report(done);
}

function choose(patterns: readonly string[]): readonly Saboteur[] {
  const chosen =
    patterns.length === 0 ? saboteurs : saboteurs.filter(({ id }) => picomatch.isMatch(id, [...patterns]));
  if (chosen.length === 0) throw new Error(`no saboteur matches '${patterns.join(' ')}'`);
  return chosen;
}

/** Only what the cases do that must notice. */
function pairsOf({ id }: Saboteur, sound: Sound): Sound {
  const isKnown = (name: string) => sound.outcomes[name] !== undefined;
  return { ...sound, reached: { [id]: caughtBy(id).filter(isKnown) } };
}

/** Judges by all cases that must notice; where one does not, once or twice more, since a busy machine may hide what it looks for. */
async function judgePairs(
  saboteur: Saboteur,
  sound: Sound,
  signal: AbortSignal,
): Promise<readonly Noticed[]> {
  let noticed: readonly Noticed[] = [];
  for (let attempt = 1; attempt <= PAIR_ATTEMPTS; attempt += 1) {
    noticed = [...noticed, ...(await judgeSaboteur(saboteur, sound, { all: true, signal }))];
    const missing = missingOf({ saboteur, noticed });
    if (missing.length === 0) break;
    if (attempt < PAIR_ATTEMPTS)
      write(`${saboteur.id} is not noticed by ${missing.join(', ')}: tried again\n`);
  }
  return noticed;
}

interface Done {
  readonly saboteur: Saboteur;
  readonly noticed: readonly Noticed[];
}

function report(done: readonly Done[]): number {
  for (const { saboteur, noticed } of done)
    if (noticed.length > 0)
      write(`caught ${saboteur.id}: ${noticed.map(({ by, outcome }) => `${by} (${outcome})`).join(', ')}\n`);
  const missed = done.filter(({ noticed }) => noticed.length === 0);
  for (const { saboteur } of missed)
    write(`missed ${saboteur.id}: ${saboteur.breaks} (${saboteur.definition})\n`);
  const caught = done.length - missed.length;
  write(`${done.length} saboteurs: ${caught} caught, ${missed.length} missed\n`);
  return missed.length > 0 ? 1 : 0;
}

function reportPairs(done: readonly Done[]): number {
  const failed = done.flatMap((result) =>
    missingOf(result).map((name) => `${result.saboteur.id} is not noticed by ${name}\n`),
  );
  for (const line of failed) write(line);
  write(`${done.length} saboteurs: ${failed.length} cases do not notice what they must\n`);
  return failed.length > 0 ? 1 : 0;
}

/** The cases that must notice and did not. */
function missingOf({ saboteur, noticed }: Done): readonly string[] {
  return caughtBy(saboteur.id).filter(
    (name) => !noticed.some(({ by }) => by === name || by.startsWith('the ')),
  );
}

await call('sabotage', main);
