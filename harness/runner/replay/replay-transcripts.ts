/**
 * `qmpcheck replay`: plays transcripts on a target and tells whether it answers as recorded.
 *
 *   1. find the files; ask the target what it offers;
 *   2. for each file, in parallel: read it, skip it if target or host lack something that it names;
 *   3. set up the host, start an endpoint of its own, play the steps, end it, look at what remains;
 *   4. compare, after normalisation; the first difference is the verdict's reason.
 *
 * The parts are in `replay/`; this file only calls them.
 */
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { loadBlockSchema } from '../../../spec/block-core.ts';
import type { Json } from '../../../spec/json.ts';
import { KNOWN_COMMANDS } from '../../../spec/known-commands.ts';
import { mapStrings } from '../../differ/map-strings.ts';
import { errorText } from '../../error-text.ts';
import {
  type Endpoint,
  type ExitInfo,
  type RestartKind,
  StartError,
  startAgain,
  type Target,
} from '../../targets/target.ts';
import { inOrder } from '../in-order.ts';
import { ScratchArea } from '../scratch.ts';
import { freePort, Host, HostError, HostLacks, hostLacks, lastLine, normalizeOutput } from './host.ts';
import { judge, normalization } from './judge.ts';
import { Offer } from './offer.ts';
import { Placeholders } from './placeholders.ts';
import { Player } from './player.ts';
import { firstReplayDifference, type ReplayDifference, tellDifference } from './replay-difference.ts';
import { type Known, missing } from './replay-needs.ts';
import { readTranscript, TranscriptError, type TranscriptFile } from './transcript-file.ts';

export const VERDICTS = ['MATCH', 'DIFFERS', 'SKIPPED', 'ERROR'] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface ReplayResult {
  /** As found: an argument, or a path below one. */
  readonly file: string;
  readonly verdict: Verdict;
  /** One line; null for a MATCH. */
  readonly reason: string | null;
  readonly difference?: ReplayDifference;
}

export interface ReplayReport {
  /** In the order of the files. */
  readonly results: readonly ReplayResult[];
  readonly totals: Readonly<Record<Verdict, number>>;
}

export interface ReplayOptions {
  readonly target: Target;
  /** Transcripts, or folders that hold some at any depth (`*.json`, in the order of their names). */
  readonly paths: readonly string[];
  /** Transcripts at a time, at least 1. Default 1. */
  readonly workers?: number;
  readonly signal?: AbortSignal | undefined;
  /** Called in the order of the files. */
  readonly onResult?: ((result: ReplayResult) => void) | undefined;
}

/** Rejects if a path cannot be read, the target does not come up, or with the signal's reason. */
export async function replay(options: ReplayOptions): Promise<ReplayReport> {
  const files = (await Promise.all(options.paths.map(findFiles))).flat();
  const unavailable = await options.target.unavailable();
  if (unavailable !== null) throw new StartError(unavailable);
  const known: Known = { commands: new Set(KNOWN_COMMANDS), schema: loadBlockSchema() };
  const area = await ScratchArea.for(options.target);
  try {
    const session: ReplayContext = { ...options, known, area, offer: await Offer.of(options.target, area) };
    const { workers = 1, onResult, signal } = options;
    const done = await inOrder({
      items: files,
      workers: Array.from({ length: workers }, () => session),
      work: (_, file) => replayFile(file, session),
      emit: onResult,
      signal,
    });
    signal?.throwIfAborted();
    const results = done.filter((result) => result !== undefined);
    return { results, totals: countVerdicts(results) };
  } finally {
    await area.close();
  }
}

interface ReplayContext extends Pick<ReplayOptions, 'target' | 'signal'> {
  readonly known: Known;
  readonly area: ScratchArea;
  readonly offer: Offer;
}

type Judgement = Omit<ReplayResult, 'file'>;

/** The clock of the recorded endpoints stood, for drives and their limits. */
const RECORDED_CLOCK = ['-accel', 'qtest'];

const MATCH: Judgement = { verdict: 'MATCH', reason: null };

async function replayFile(file: string, session: ReplayContext): Promise<ReplayResult> {
  session.signal?.throwIfAborted();
  try {
    const transcript = readTranscript(await readFile(file, 'utf8'));
    const lacking = await whatLacks(transcript, session);
    if (lacking !== null) return { file, verdict: 'SKIPPED', reason: lacking };
    const outcome = await replayScenario(transcript, session);
    session.signal?.throwIfAborted();
    return { file, ...outcome };
  } catch (error) {
    session.signal?.throwIfAborted();
    const reason = (error as Error).message;
    if (error instanceof HostLacks) return { file, verdict: 'SKIPPED', reason };
    const foreseen = error instanceof TranscriptError || error instanceof HostError;
    return { file, verdict: 'ERROR', reason: foreseen ? reason : errorText(error) };
  }
}

async function whatLacks(
  transcript: TranscriptFile,
  { known, offer, target }: ReplayContext,
): Promise<string | null> {
  if (!target.capabilities.owned) return 'an attached endpoint cannot be started afresh';
  const lacking = missing(transcript, known, offer.schema) ?? (await offer.missingOption(transcript.argv));
  return lacking === null ? hostLacks(transcript) : `the target has no ${lacking}`;
}

async function replayScenario(
  transcript: TranscriptFile,
  { target, area, signal }: ReplayContext,
): Promise<Judgement> {
  const scratch = await area.make('replay');
  const placeholders = new Placeholders();
  placeholders.set('@DIR@', scratch);
  placeholders.set('@QTEST@', `${scratch}.qtest`);
  placeholders.set('@NBDPORT@', String(await freePort()));
  placeholders.set('@DEADPORT@', String(await freePort()));
  const host = new Host(scratch, placeholders);
  try {
    for (const command of transcript.setup) {
      const { rc, stderr } = await host.run(command);
      if (rc !== 0) throw new HostError(`setup: ${command.join(' ')}: exit ${rc}: ${lastLine(stderr)}`);
    }
    const monitors = Math.max(0, ...transcript.steps.map((step) => step.monitor ?? 0)) + 1;
    const argv = transcript.argv.map((word) => placeholders.fill(word));
    const options = target.implementation === 'reference' ? [...RECORDED_CLOCK, ...argv] : argv;
    const topology = { name: 'replay', images: [], options, monitors };
    const request = { topology, scratch, signal };
    const started = await target
      .start(request)
      .catch((error: unknown) => (error instanceof StartError ? error : Promise.reject(error)));
    if (started instanceof StartError) return judgeRefusal(transcript, started, placeholders);
    const endpoints = [started];
    const again = async (how: RestartKind): Promise<Endpoint> => {
      const endpoint = await startAgain(target, endpoints.at(-1)!, request, how);
      endpoints.push(endpoint);
      return endpoint;
    };
    const giveUp = (): void => void endpoints.at(-1)!.stop();
    signal?.addEventListener('abort', giveUp);
    try {
      return await playOn(started, again, transcript, host, placeholders);
    } finally {
      signal?.removeEventListener('abort', giveUp);
      for (const endpoint of endpoints.toReversed()) await endpoint.stop();
    }
  } finally {
    await host.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

async function playOn(
  endpoint: Endpoint,
  again: (how: RestartKind) => Promise<Endpoint>,
  transcript: TranscriptFile,
  host: Host,
  placeholders: Placeholders,
): Promise<Judgement> {
  placeholders.set('@DIR@', endpoint.dir);
  const virtualTime = endpoint.virtualTime ?? false;
  const hide = (value: Json): Json => mapStrings(value, (text) => placeholders.hide(text));
  const player = new Player(transcript, endpoint, again, host, placeholders, normalization(virtualTime));
  try {
    if (transcript.start)
      return differs(
        { path: '$.start', expected: transcript.start.stderr },
        'it starts, and should refuse to',
      );
    const played = await player.play();
    const exit = await player.end();
    const difference =
      judge(transcript, played, virtualTime, hide) ??
      judgeExit(transcript, exit) ??
      (await judgeAfter(transcript, host, placeholders));
    return difference ? differs(difference) : MATCH;
  } finally {
    await player.close();
  }
}

/** The name of the program at the start of a message does not count. */
const PROGRAM_NAME = /^(?:[\w./-]*\/)?qemu[\w-]*: /;

function judgeRefusal(transcript: TranscriptFile, error: StartError, placeholders: Placeholders): Judgement {
  const words = error.lastWords.length > 0 ? error.lastWords.join('\n') : error.message;
  const got = placeholders.hide(words).trim().replace(PROGRAM_NAME, '');
  if (!transcript.start) return differs({ path: '$.start', got }, 'it did not start');
  const expected = transcript.start.stderr.trim().replace(PROGRAM_NAME, '');
  const difference =
    firstReplayDifference(expected, got, '$.start.stderr') ??
    (error.exit === null
      ? null
      : firstReplayDifference(transcript.start.exit, error.exit.code, '$.start.exit'));
  return difference ? differs(difference) : MATCH;
}

/** Null where it was ended by us, so that its exit says nothing. */
function judgeExit(transcript: TranscriptFile, exit: ExitInfo | null): ReplayDifference | null {
  if (exit === null) return null;
  const status = exit.signal === null ? exit.code : -constants.signals[exit.signal as NodeJS.Signals];
  return firstReplayDifference(transcript.exit, status, '$.exit');
}

async function judgeAfter(
  transcript: TranscriptFile,
  host: Host,
  placeholders: Placeholders,
): Promise<ReplayDifference | null> {
  for (const [index, check] of transcript.after.check.entries()) {
    const { rc, stdout } = await host.run(check.cmd);
    const path = `$.after.check[${index}]`;
    const output = normalizeOutput(placeholders.hide(stdout));
    const difference =
      firstReplayDifference(check.rc, rc, `${path}.rc`) ??
      (check.stdout === undefined
        ? null
        : firstReplayDifference(normalizeOutput(check.stdout), output, `${path}.stdout`));
    if (difference) return difference;
  }
  for (const [image, digest] of Object.entries(transcript.after.content)) {
    const difference = firstReplayDifference(
      digest,
      await host.contentDigest(image),
      `$.after.content["${image}"]`,
    );
    if (difference) return difference;
  }
  return null;
}

function differs(difference: ReplayDifference, what?: string): Judgement {
  const { step, path } = difference;
  const where = step === undefined ? path : `step ${step}, ${path}`;
  const told = tellDifference(difference);
  return { verdict: 'DIFFERS', reason: `${where}: ${what ? `${what}: ` : ''}${told}`, difference };
}

async function findFiles(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

function countVerdicts(results: readonly ReplayResult[]): Record<Verdict, number> {
  const counts = VERDICTS.map((verdict) => [
    verdict,
    results.filter((one) => one.verdict === verdict).length,
  ]);
  return Object.fromEntries(counts) as Record<Verdict, number>;
}
