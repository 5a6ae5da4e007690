/** Random mutants of the built reference, the cases that execute their lines, and which of these notices them. */
import { fork } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../../../generators/random.ts';
import { packageRoot } from '../../../spec/package-root.ts';
import { atProcessEnd } from '../../cleanup.ts';
import type { Judged, Judgement } from './judge-mutant.ts';
import { type Mutation, mutationsOf } from './mutations.ts';
import { type CaseRun, Reach } from './reach.ts';
import { type Noticed, type Outcomes, runSuite } from './suite-on-reference.ts';

/** The reference as it runs. */
const BUILT = new URL('dist/reference-impl/', packageRoot());

/** Milliseconds for a process to start, and how much longer than the sound reference the cases may take. */
const START_MS = 20_000;
const SLOWER = 8;

/** A change of one place of the reference, and what the cases that execute it do on the sound one. */
export interface Mutant extends Mutation {
  /** Below the folder of the built reference. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The line as it stands, and as changed, without indentation. */
  readonly before: string;
  readonly after: string;
  readonly expected: Outcomes;
  /** What these cases took on the sound reference. */
  readonly milliseconds: number;
}

/** Chooses `count` mutants by `seed`, among all places that some case executes. Runs the suite once to see which. */
export async function chooseMutants(
  seed: string,
  count: number,
  onCase: (run: CaseRun) => void,
): Promise<readonly Mutant[]> {
  const modules = readdirSync(BUILT, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js') && !/\.test\.js$|^testing\//.test(file))
    .toSorted();
  const places = modules.flatMap((file) => {
    const { href: url } = new URL(file, BUILT);
    const text = readFileSync(new URL(url), 'utf8');
    return mutationsOf(text).map((mutation) => ({ ...mutation, file, url, text }));
  });
  const reach = new Reach(places, onCase);
  await runSuite(reach, { follow: (definition) => reach.follow(definition) });
  const casesOf = new Map<number, CaseRun[]>();
  for (const run of reach.runs)
    for (const index of run.reached) casesOf.set(index, [...(casesOf.get(index) ?? []), run]);
  const reached = [...casesOf.keys()].toSorted((a, b) => a - b);
  const random = new Random(seed);
  const chosen: Mutant[] = [];
  while (chosen.length < count && reached.length > 0) {
    const [index] = reached.splice(random.below(reached.length), 1);
    const { start, end, replacement, kind, file, text } = places[index!]!;
    const mutation = { start, end, replacement, kind };
    const runs = casesOf.get(index!)!;
    chosen.push({
      ...mutation,
      file,
      ...lineOf(text, mutation),
      expected: Object.fromEntries(runs.map(({ id, outcome }) => [id, outcome])),
      milliseconds: runs.reduce((sum, run) => sum + run.milliseconds, 0),
    });
  }
  return chosen;
}

function lineOf(text: string, { start, end, replacement }: Mutation) {
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
  const url = new URL(mutant.file, BUILT);
  const text = readFileSync(url, 'utf8');
  const changed = text.slice(0, mutant.start) + mutant.replacement + text.slice(mutant.end);
  return judge(
    { change: { url: url.href, text: changed }, expected: mutant.expected },
    START_MS + mutant.milliseconds * SLOWER,
    signal,
  );
}

/** What is noticed of the sound reference; anything but null says that the outcomes of cases are not their own. */
export async function judgeSound(mutants: readonly Mutant[], signal?: AbortSignal): Promise<Noticed | null> {
  const expected = Object.assign({}, ...mutants.map((mutant) => mutant.expected)) as Outcomes;
  const longest = mutants.reduce((sum, { milliseconds }) => Math.max(sum, milliseconds), 0);
  return judge({ change: null, expected }, START_MS + longest * SLOWER * 2, signal);
}

async function judge(
  judgement: Judgement,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<Noticed | null> {
  const scratch = mkdtempSync(join(tmpdir(), 'qmpcheck-mutant-'));
  const child = fork(new URL('judge-mutant.js', import.meta.url), {
    env: { ...process.env, TMPDIR: scratch },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const kill = () => child.kill('SIGKILL');
  const withdraw = atProcessEnd(kill);
  signal?.addEventListener('abort', kill);
  const timer = setTimeout(kill, limit);
  try {
    const noticed = await new Promise<Noticed | null>((resolve, reject) => {
      child.once('message', (message) => resolve((message as Judged).noticed));
      child.once('error', reject);
      child.once('exit', (code, killedBy) =>
        resolve({ by: 'the process', outcome: killedBy === null ? `exit code ${code}` : 'hang' }),
      );
      child.send(judgement);
    });
    signal?.throwIfAborted();
    return noticed;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', kill);
    kill();
    withdraw();
    rmSync(scratch, { recursive: true, force: true });
  }
}
