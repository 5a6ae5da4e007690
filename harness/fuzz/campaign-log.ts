/**
 * The log of a campaign: JSON lines, appended as things happen. It is all that a campaign needs to go on after a
 * crash: what stands behind its last complete round is dropped and done again.
 */
import { existsSync, readFileSync, truncateSync } from 'node:fs';
import { appendOutput, writeOutput } from '../output-file.ts';
import type { Symptom, SymptomKind } from './buckets.ts';

export type LogLine =
  | { readonly type: 'campaign'; readonly target: string; readonly seed: string; readonly version: string }
  | {
      readonly type: 'entry';
      readonly round: number;
      readonly program: string;
      readonly features: readonly string[];
      /** False: noted, but not worth mutating. */
      readonly kept: boolean;
    }
  | {
      readonly type: 'finding';
      readonly round: number;
      readonly kind: SymptomKind;
      /** What it was seen as; the same as `bucket` unless the minimal program told more. */
      readonly seen: string;
      readonly bucket: string;
      /** The member of the same name of `Symptom`. */
      readonly silent?: true;
      /** Functions in which a crash came, where its stack is known: within a bucket, others are another finding. */
      readonly top?: string;
      /** Folder below `findings`; null if it could not be shown again, or is a finding already. */
      readonly folder: string | null;
      readonly steps: number;
      readonly rate: string;
      /** Commands of the campaign when it was found. */
      readonly commands: number;
    }
  | {
      /** Time was up before this could be looked into: the next run begins with it. */
      readonly type: 'unfinished';
      readonly round: number;
      readonly program: string;
      readonly symptom: Symptom;
    }
  | {
      readonly type: 'round';
      readonly round: number;
      readonly programs: number;
      readonly commands: number;
      readonly errors: number;
      /** The last of them, where there were any. */
      readonly error?: string;
      readonly milliseconds: number;
      /** Resident memory of the campaign's own process after it, bytes. */
      readonly residentBytes: number;
      /** How often each bucket was hit in this round. */
      readonly hits: Readonly<Record<string, number>>;
      /** Entries of the corpus that its programs were made of, by their place in it. */
      readonly picked: readonly number[];
    };

/** Lines up to the last complete round; a line that was cut off ends them. */
export function readLog(path: string): LogLine[] {
  return intact(path).lines;
}

/** The same, and the file ends there. */
export function recoverLog(path: string): LogLine[] {
  const { lines, bytes } = intact(path);
  if (existsSync(path)) truncateSync(path, bytes);
  return lines;
}

/** Begins the log anew with the findings of what it told before, and gives its lines. */
export function startLogAgain(path: string, begin: LogLine): LogLine[] {
  const lines = [...intact(path).lines.filter(({ type }) => type === 'finding'), begin];
  writeOutput(path, textOf(lines));
  return lines;
}

/** Throws `OutputError`. */
export function appendLog(path: string, lines: readonly LogLine[]): void {
  appendOutput(path, textOf(lines));
}

function textOf(lines: readonly LogLine[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** The campaign that a log is of; null where there is none yet. */
export function campaignOf(path: string): { readonly target: string; readonly seed: string } | null {
  return intact(path).lines.find((line) => line.type === 'campaign') ?? null;
}

function intact(path: string): { lines: LogLine[]; bytes: number } {
  const all: LogLine[] = [];
  let [complete, bytes, offset] = [0, 0, 0];
  for (const text of existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []) {
    offset += Buffer.byteLength(text) + 1;
    let line: LogLine;
    try {
      line = JSON.parse(text) as LogLine;
    } catch {
      break;
    }
    all.push(line);
    if (line.type !== 'round' && line.type !== 'campaign') continue;
    complete = all.length;
    bytes = offset;
  }
  return { lines: all.slice(0, complete), bytes };
}
