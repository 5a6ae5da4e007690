/**
 * Findings on disk, a folder each: the minimal program, the one it was found with, the transcript, a script that
 * needs only the endpoint, what the endpoint said last, and a bug report for people.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hash32 } from '../../generators/hash.ts';
import { decode, encode } from '../../generators/sequences/encoding.ts';
import type { Program } from '../../generators/sequences/program.ts';
import type { Deviation, Transcript } from '../../reports/record.ts';
import { type Json, parseJson, stringifyJson } from '../../spec/json.ts';
import { makeFolder, writeOutput } from '../output-file.ts';
import type { Symptom } from './buckets.ts';
import { bugReport } from './bug-report.ts';
import { topOf } from './crash-stack.ts';
import type { FindingAnswer } from './fuzz-worker.ts';
import { reproduceScript } from './reproduce-script.ts';
import type { FuzzStartState } from './start-states.ts';

export interface FindingHead {
  /** As given to `--target`. */
  readonly target: string;
  readonly version: Json;
  readonly seed: string;
  readonly startStates: readonly FuzzStartState[];
  /** The second target, where programs ran on two. */
  readonly diff?: string;
}

/** What `finding.json` holds. */
export interface Finding {
  readonly symptom: Symptom;
  /** What the symptom was made of, unless it is a crash or a hang. */
  readonly deviation?: Deviation;
  /** Where a crash came, frames from the innermost on: known if gdb was there, and symbols in the endpoint. */
  readonly stack?: readonly string[];
  readonly target: string;
  readonly version: Json;
  readonly seed: string;
  readonly runs: number;
  readonly held: number;
  /** The second target that it differs from; what it did is in `symptom`. */
  readonly diff?: string;
}

const META = 'finding.json';
/** The minimal program, in the folder of a finding. */
export const PROGRAM = 'program.txt';
const TRANSCRIPT = 'transcript.json';
const LAST_WORDS = 'stderr.txt';

/** Writes it and gives the folder's name. Throws `OutputError`. */
export function writeFinding(
  out: string,
  answer: FindingAnswer,
  original: string,
  head: FindingHead,
): string {
  const { symptom, deviation, stack, runs, held, record } = answer;
  const name = folderName(symptom, stack);
  const folder = join(out, 'findings', name);
  makeFolder(folder);
  const { target, version, seed, diff } = head;
  const finding: Finding = {
    symptom,
    ...(deviation && { deviation }),
    ...(stack && { stack }),
    target,
    version,
    seed,
    runs,
    held,
    ...(diff && { diff }),
  };
  const program = decode(answer.program);
  const write = (file: string, text: string, mode?: number): void =>
    writeOutput(join(folder, file), text, mode);
  write(PROGRAM, encode(program));
  write('original.txt', original);
  write(TRANSCRIPT, `${stringifyJson((record.transcript ?? null) as unknown as Json, 1)}\n`);
  write(LAST_WORDS, `${(record.process?.lastWords ?? []).join('\n')}\n`);
  const script = reproduceScript({ program, head, symptom, deviation, record });
  if (script !== null) write('reproduce.sh', script.text, 0o755);
  write('README.md', bugReport(finding, program, record, script));
  write(META, `${stringifyJson(finding as unknown as Json, 2)}\n`);
  return name;
}

function folderName({ kind, bucket }: Symptom, stack?: readonly string[]): string {
  const words =
    bucket
      .slice(kind.length)
      .toLowerCase()
      .match(/[a-z]{3,}/g) ?? [];
  const hash = hash32(stack === undefined ? bucket : `${bucket} ${topOf(stack)}`)
    .toString(16)
    .padStart(8, '0');
  return [kind, ...words.slice(0, 5), hash].join('-');
}

export function isFinding(folder: string): boolean {
  return existsSync(join(folder, META)) && existsSync(join(folder, PROGRAM));
}

/** The path itself or folders below it, in the order of their names; none in what is no folder. */
export function findingsBelow(path: string): string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  if (isFinding(path)) return [path];
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(isFinding)
    .toSorted();
}

/** Throws where the folder holds none. */
export function readFinding(folder: string): { finding: Finding; program: Program } {
  return {
    finding: parseJson(readFileSync(join(folder, META), 'utf8')) as unknown as Finding,
    program: decode(readFileSync(join(folder, PROGRAM), 'utf8')),
  };
}

/** What the endpoint was sent and answered, and the last lines of its stderr. */
export function readTrace(folder: string): { transcript: Transcript | null; lastWords: string[] } {
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  return {
    transcript: parseJson(read(TRANSCRIPT)) as unknown as Transcript | null,
    lastWords: read(LAST_WORDS)
      .split('\n')
      .filter((line) => line !== ''),
  };
}
