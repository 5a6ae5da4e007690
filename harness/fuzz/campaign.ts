/**
 * A campaign, in rounds of a fixed number of programs:
 *
 *   1. make the programs of the round from the seed and the corpus as it stands;
 *   2. let the workers run them, in any order;
 *   3. merge what they showed in the order of the programs: corpus, features, buckets;
 *   4. triage each new bucket, write it down;
 *   5. log the round.
 *
 * Because of 1 and 3 a campaign by commands is the same for any number of workers, given equal answers.
 */
import { join } from 'node:path';
import { Random } from '../../generators/random.ts';
import { decode, encode } from '../../generators/sequences/encoding.ts';
import { type GenerationConfig, generate } from '../../generators/sequences/generate.ts';
import { mutate } from '../../generators/sequences/mutate.ts';
import { inOrder } from '../runner/in-order.ts';
import type { Symptom } from './buckets.ts';
import { appendLog, type LogLine, recoverLog, startLogAgain } from './campaign-log.ts';
import { Corpus } from './corpus.ts';
import { topOf } from './crash-stack.ts';
import { type FindingHead, writeFinding } from './findings.ts';
import type { FuzzWorker, RunAnswer } from './fuzz-worker.ts';
import type { PointCoverage } from './point-coverage.ts';

/** Programs a round. */
export const ROUND = 24;
/** Parts of 100 that are generated, not mutated. */
const GENERATED = 30;
/** Many causes may show as the same crash, where it is silent or has a stack: after so many looks that brought nothing new it is taken for known. */
const VAIN_LOOKS = 2;

export interface CampaignOptions {
  readonly generation: GenerationConfig;
  readonly workers: readonly FuzzWorker[];
  /** Folder of the campaign; exists. */
  readonly out: string;
  readonly head: FindingHead;
  readonly seed: string;
  readonly version: string;
  /** Commands to send in all; absent: no limit. */
  readonly commands?: number | undefined;
  /** True when time is up; asked before each program. */
  readonly expired?: () => boolean;
  /** Begin anew, with the same programs as the first time: what was found in the folder before is only known. */
  readonly afresh?: boolean;
  /** Counts the points of the schema that are reached. */
  readonly coverage?: PointCoverage;
  /** Whether somebody knows of this bucket and does not want to hear of it. */
  readonly isKnown?: (bucket: string) => boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onRound?: (progress: Progress) => void;
  readonly onFinding?: (finding: FindingLine) => void;
}

export type FindingLine = Extract<LogLine, { type: 'finding' }>;

export interface Progress {
  readonly round: number;
  readonly programs: number;
  readonly commands: number;
  /** Those of the runs that it resumed. */
  readonly earlierCommands: number;
  readonly errors: number;
  readonly corpus: number;
  readonly features: number;
  /** Points of the schema that were reached, and that there are; absent where nobody counts them. */
  readonly points?: { readonly reached: number; readonly total: number };
  readonly findings: number;
  /** Round in which something new was seen last. */
  readonly lastNovelty: number;
  /** The last error of the harness's own. */
  readonly lastError: string | null;
}

/** How a campaign ended. */
export interface CampaignResult {
  readonly progress: Progress;
  /** Findings of this run, without those of a run that it resumed. */
  readonly fresh: readonly FindingLine[];
  /** Findings of all runs. */
  readonly findings: readonly FindingLine[];
  /** What there was no time to look into. */
  readonly unfinished: readonly Symptom[];
}

/** A symptom, and the text of the program that showed it. */
interface SeenSymptom {
  readonly text: string;
  readonly symptom: Symptom;
}

/** Name of the campaign's log in its folder: all that a resumed campaign knows of the time before. */
export const LOG = 'log.jsonl';

/**
 * Runs a campaign, or goes on with the one whose log is in the folder. Resolves when its budget is spent or `signal`
 * has ended it; workers are not stopped.
 */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const campaign = new Campaign(options);
  campaign.resume();
  while (campaign.goesOn()) await campaign.round();
  return campaign.result();
}

class Campaign {
  readonly #options: CampaignOptions;
  readonly #log: string;
  readonly #corpus = new Corpus();
  /** Buckets that were triaged; where crashes have stacks, with the place of each. */
  readonly #known = new Set<string>();
  /** How often in a row what was seen turned out to be known, by bucket. */
  readonly #vain = new Map<string, number>();
  readonly #findings: FindingLine[] = [];
  readonly #fresh: FindingLine[] = [];
  /** What an earlier run had no time to look into, by bucket. */
  readonly #unfinished = new Map<string, SeenSymptom>();
  #round = 0;
  #programs = 0;
  #commands = 0;
  #earlierCommands = 0;
  #errors = 0;
  #lastNovelty = 0;
  #lastError: string | null = null;

  constructor(options: CampaignOptions) {
    this.#options = options;
    this.#log = join(options.out, LOG);
  }

  /** Takes up what the log tells of an earlier run, or begins one. */
  resume(): void {
    const { seed, version, head, afresh } = this.#options;
    const begin: LogLine = { type: 'campaign', target: head.target, seed, version };
    const lines = afresh === true ? startLogAgain(this.#log, begin) : recoverLog(this.#log);
    if (lines.length === 0) appendLog(this.#log, [begin]);
    for (const line of lines) {
      if (line.type === 'entry') {
        this.#corpus.note(line.features);
        this.#keep(line.program, line.features, line.kept);
        this.#lastNovelty = line.round;
      } else if (line.type === 'finding') {
        this.#note(line);
        this.#unfinished.delete(line.seen);
      } else if (line.type === 'unfinished')
        this.#unfinished.set(line.symptom.bucket, { text: line.program, symptom: line.symptom });
      else if (line.type === 'round') {
        this.#round = line.round + 1;
        this.#programs += line.programs;
        this.#commands += line.commands;
        this.#errors += line.errors;
        this.#corpus.recall(line.picked);
      }
    }
    this.#earlierCommands = this.#commands;
  }

  goesOn(): boolean {
    const { commands = Number.POSITIVE_INFINITY, expired, signal } = this.#options;
    return this.#commands < commands && expired?.() !== true && signal?.aborted !== true;
  }

  async round(): Promise<void> {
    const started = performance.now();
    const { workers, expired, signal } = this.#options;
    const fresh = new Map(this.#unfinished);
    // What is left of an earlier run comes first, before there are more.
    const items = fresh.size > 0 ? [] : this.#programsOfRound();
    this.#unfinished.clear();
    const answers = await inOrder({
      items,
      workers,
      work: (worker, text) => worker.run(text),
      expired,
      signal,
    });
    if (this.#aborted) return;
    const lines: LogLine[] = [];
    const hits: Record<string, number> = {};
    let [programs, commands, errors] = [0, 0, 0];
    for (const [index, answer] of answers.entries()) {
      if (answer === undefined) continue;
      programs += 1;
      commands += answer.commands;
      if (answer.error !== undefined) {
        errors += 1;
        this.#lastError = answer.error;
        continue;
      }
      const text = items[index]!;
      lines.push(...this.#learn(text, answer));
      for (const symptom of answer.symptoms) {
        hits[symptom.bucket] = (hits[symptom.bucket] ?? 0) + 1;
        if (!this.#known.has(symptom.bucket) && !fresh.has(symptom.bucket))
          fresh.set(symptom.bucket, { text, symptom });
      }
    }
    this.#programs += programs;
    this.#commands += commands;
    this.#errors += errors;
    lines.push(...(await this.#triage([...fresh.values()])));
    // What was not looked into to the end is not known: the round is to be done again.
    if (this.#aborted) return;
    const milliseconds = performance.now() - started;
    const residentBytes = process.memoryUsage.rss();
    const picked = this.#corpus.takePicked();
    const error = errors > 0 ? { error: this.#lastError! } : {};
    const counts = { programs, commands, errors, ...error, milliseconds, residentBytes, hits, picked };
    lines.push({ type: 'round', round: this.#round, ...counts });
    appendLog(this.#log, lines);
    this.#options.onRound?.(this.#progress());
    this.#round += 1;
  }

  get #aborted(): boolean {
    return this.#options.signal?.aborted === true;
  }

  result(): CampaignResult {
    const unfinished = [...this.#unfinished.values()].map(({ symptom }) => symptom);
    return { progress: this.#progress(), fresh: this.#fresh, findings: this.#findings, unfinished };
  }

  #programsOfRound(): string[] {
    const { generation, seed } = this.#options;
    return Array.from({ length: ROUND }, (_, index) => {
      const random = new Random(`${seed}/${this.#round}/${index}`);
      const made =
        this.#corpus.size === 0 || random.chance(GENERATED)
          ? generate(generation, random)
          : mutate(this.#corpus.choose(random), this.#corpus.any(random), generation, random);
      return encode(made);
    });
  }

  /** What an answer adds to the corpus. A program that ends the endpoint is not mutated further. */
  #learn(text: string, { features, symptoms }: RunAnswer): LogLine[] {
    const fresh = this.#corpus.note(features);
    if (fresh.length === 0) return [];
    this.#lastNovelty = this.#round;
    const kept = symptoms.every(({ kind }) => kind === 'deviation');
    this.#keep(text, fresh, kept);
    return [{ type: 'entry', round: this.#round, program: text, features: fresh, kept }];
  }

  #keep(text: string, features: readonly string[], worthMutating: boolean): void {
    this.#options.coverage?.saw(decode(text));
    if (worthMutating) this.#corpus.add(text, features.length);
  }

  async #triage(cases: readonly SeenSymptom[]): Promise<LogLine[]> {
    const { workers, signal } = this.#options;
    const wanted = cases.filter(({ symptom }) => this.#options.isKnown?.(symptom.bucket) !== true);
    const found = await inOrder({
      items: wanted,
      workers,
      work: (worker, { text, symptom }) => worker.triage(text, symptom),
      signal,
    });
    return wanted.map(({ text, symptom }, index): LogLine => {
      const { kind, bucket: seen, silent } = symptom;
      const answer = found[index] ?? null;
      if (answer !== null && 'unfinished' in answer) {
        this.#unfinished.set(seen, { text, symptom });
        return { type: 'unfinished', round: this.#round, program: text, symptom };
      }
      const bucket = answer?.symptom.bucket ?? seen;
      // What a crash without a word, or a hang, is called shows only now.
      const top = answer?.stack === undefined ? undefined : topOf(answer.stack);
      const again = this.#known.has(placeOf(bucket, top)) || this.#options.isKnown?.(bucket) === true;
      const line: FindingLine = {
        type: 'finding',
        round: this.#round,
        kind,
        seen,
        bucket,
        ...(silent && { silent }),
        ...(top !== undefined && { top }),
        folder: answer && !again ? writeFinding(this.#options.out, answer, text, this.#options.head) : null,
        steps: answer === null ? 0 : decode(answer.program).steps.length,
        rate: answer === null ? '0' : `${answer.held}/${answer.runs}`,
        commands: this.#commands,
      };
      this.#note(line);
      if (line.folder !== null) this.#fresh.push(line);
      if (!again) this.#options.onFinding?.(line);
      return line;
    });
  }

  /** What was not shown again may still come up in another program, and is looked at then. */
  #note(line: FindingLine): void {
    if (line.rate === '0') return;
    const vain = line.folder === null ? (this.#vain.get(line.seen) ?? 0) + 1 : 0;
    this.#vain.set(line.seen, vain);
    // To look at a hang takes minutes, and what it hangs in says more than what a crash came in.
    const isOfMany = line.kind === 'crash' && (line.silent === true || line.top !== undefined);
    if (!isOfMany || vain >= VAIN_LOOKS) this.#known.add(line.seen);
    this.#known.add(placeOf(line.bucket, line.top));
    if (line.folder !== null) this.#findings.push(line);
  }

  #progress(): Progress {
    const { coverage } = this.#options;
    return {
      ...(coverage && { points: { reached: coverage.reached, total: coverage.total } }),
      round: this.#round,
      programs: this.#programs,
      commands: this.#commands,
      earlierCommands: this.#earlierCommands,
      errors: this.#errors,
      corpus: this.#corpus.size,
      features: this.#corpus.features,
      findings: this.#findings.length,
      lastNovelty: this.#lastNovelty,
      lastError: this.#lastError,
    };
  }
}

function placeOf(bucket: string, top: string | undefined): string {
  return top === undefined ? bucket : `${bucket}\n${top}`;
}
