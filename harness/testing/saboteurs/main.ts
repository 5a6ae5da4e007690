/**
 * `npm run sabotage`: runs the hand-written cases on one broken endpoint after another and tells which breaks no case
 * notices. The file of results is written line by line, so that a campaign that was interrupted goes on.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import picomatch from 'picomatch';
import { abortOnSignals } from '../../cleanup.ts';
import { inOrder } from '../../runner/in-order.ts';
import type { Noticed } from '../judging/suite-on-reference.ts';
import { fingerprint, judgeSaboteur, type Sound, soundOutcomes } from './campaign.ts';
import { caughtBy, writeCaughtBy } from './caught-by.ts';
import { saboteurs } from './index.ts';
import type { Saboteur } from './saboteur.ts';

const HELP = `Usage: npm run sabotage -- [options] [PATTERN…]

  PATTERN          globs on the ids of saboteurs (default: all)

  --matrix         every case runs on each saboteur, not up to the first that notices
  --pairs          only the cases that must notice run, and each of them must
  --update         writes down who noticed: harness/testing/saboteurs/caught-by.json
  --workers N      at a time (default: one a core)
  --results FILE   what is known so far; a campaign goes on where its file ends (default: sabotage-results.jsonl)
  --list           prints the saboteurs and what they do

Prints which case notices each saboteur, and the saboteurs that none does. Exit code 1 if there is one of these. A file of
results of another build begins anew.
`;

/** The first line of the file of results. */
interface Head {
  readonly fingerprint: string;
  readonly sound: Sound;
}

/** A further line. */
interface Result {
  readonly id: string;
  readonly all: boolean;
  readonly noticed: readonly Noticed[];
}

const write = (text: string) => process.stdout.write(text);
const progress = (text: string) => process.stderr.isTTY && process.stderr.write(`\r\u001b[K${text}`);

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
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
  const workers = workersOf(values.workers);
  const { signal } = abortOnSignals();
  const { sound, results } = await begin(values.results, signal);
  const left = chosen.filter(({ id }) => {
    const known = results.get(id);
    return known === undefined || values.pairs || (values.matrix && !known.all);
  });
  let judged = 0;
  await inOrder({
    items: left,
    workers,
    signal,
    async work(_, saboteur) {
      const noticed = await judgeSaboteur(saboteur, values.pairs ? pairsOf(saboteur, sound) : sound, {
        all: values.matrix || values.pairs,
        signal,
      });
      const result = { id: saboteur.id, all: values.matrix, noticed };
      results.set(saboteur.id, result);
      if (!values.pairs) appendFileSync(values.results, `${JSON.stringify(result satisfies Result)}\n`);
      judged += 1;
      progress(`${judged} of ${left.length}`);
      return null;
    },
  });
  progress('');
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

function workersOf(text: string): number[] {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`--workers takes a whole number above 0, not '${text}'`);
  return Array.from({ length: Number(text) }, (_, index) => index);
}

async function begin(file: string, signal: AbortSignal) {
  const current = fingerprint();
  const [first, ...lines] = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  const head = first === undefined ? undefined : (JSON.parse(first) as Head);
  if (head?.fingerprint === current) {
    const known = lines.map((line) => JSON.parse(line) as Result);
    return { sound: head.sound, results: new Map(known.map((result) => [result.id, result])) };
  }
  let ran = 0;
  const sound = await soundOutcomes(
    saboteurs,
    () => {
      ran += 1;
      progress(`the sound reference: ${ran} cases`);
    },
    signal,
  );
  writeFileSync(file, `${JSON.stringify({ fingerprint: current, sound } satisfies Head)}\n`);
  return { sound, results: new Map<string, Result>() };
}

/** Only what the cases do that must notice. */
function pairsOf({ id }: Saboteur, sound: Sound): Sound {
  const isKnown = (name: string) => sound.outcomes[name] !== undefined;
  return { ...sound, reached: { [id]: caughtBy(id).filter(isKnown) } };
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
  const failed = done.flatMap(({ saboteur: { id }, noticed }) =>
    caughtBy(id)
      .filter((name) => !noticed.some(({ by }) => by === name || by.startsWith('the ')))
      .map((name) => `${id} is not noticed by ${name}\n`),
  );
  for (const line of failed) write(line);
  write(`${done.length} saboteurs: ${failed.length} cases do not notice what they must\n`);
  return failed.length > 0 ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`sabotage: ${(error as Error).message}\n`);
  process.exitCode = 2;
}
