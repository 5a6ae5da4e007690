/**
 * What two sides hold after a step: graph, drives, jobs, statistics, contents. Each difference is told once, at the first
 * step after which it shows. How far a job gets is a matter of time, and so is all that counts what it did.
 */
import type { TranscriptStep } from '../../reports/record.ts';
import { isJsonObject } from '../../spec/json.ts';
import { isAnyUnderWay, JOB_QUERIES } from '../state/job-state.ts';
import { type SnapshotWithContents, ZEROES } from '../state/snapshot-with-contents.ts';
import { compareSteps, type StepPair } from './compare-steps.ts';
import { type Difference, excused, LATE } from './difference.ts';
import { commandOf, type SideRun } from './side-run.ts';

const UNDER_WAY = 'how far a job is that has not ended';
const UNDEFINED =
  'what a null device reads as is undefined, and so is what stands on it or was copied from it';
const TELLS_OF_JOBS: ReadonlySet<string | undefined> = new Set(JOB_QUERIES);
const STRAYED = 'a job was ended early, and was further on one side';

export class SnapshotComparison {
  readonly #found: Difference[] = [];
  readonly #told = new Set<string>();
  readonly #left: SideRun;
  readonly #right: SideRun;
  /** There was a null device at some time. */
  #sawNull = false;

  constructor(left: SideRun, right: SideRun) {
    this.#left = left;
    this.#right = right;
  }

  /** After this step, where there are snapshots of both. */
  compare({ number, schemas, names }: Pick<StepPair, 'number' | 'schemas' | 'names'>): void {
    const [ours, theirs] = [this.#left.snapshots?.get(number), this.#right.snapshots?.get(number)];
    if (ours === undefined || theirs === undefined) return;
    const found = ours.answers.flatMap((left, index) => {
      const pair: StepPair = { number, left, right: theirs.answers[index]!, schemas, names };
      return compareSteps(pair).differences;
    });
    found.push(...compareContents(ours, theirs).map((one) => ({ ...one, step: number })));
    this.#sawNull ||= ours.answers.some(tellsOfNull);
    const moving = [ours, theirs].some(isUnderWay);
    const underWay = moving || found.some(isHowFar);
    // Where all jobs are at rest, none will ever come to stand as it does on the other side.
    const late = moving && (ours.late === true || theirs.late === true);
    for (const one of found)
      this.#add(late ? excused(one, LATE) : underWay && isProgress(one) ? excused(one, UNDER_WAY) : one);
  }

  /** `strayed`: what jobs have done differs, since one was ended that was further on one side. */
  found(strayed: boolean): Difference[] {
    return this.#found.map((one) => {
      if (strayed && isProgress(one)) return excused(one, STRAYED);
      return this.#sawNull && one.subject === CONTENTS ? excused(one, UNDEFINED) : one;
    });
  }

  /** What stays is not told again; that a number has changed once more is no other difference. */
  #add(difference: Difference): void {
    const { subject, path, message, excuse } = difference;
    const key = JSON.stringify([subject, path, message, excuse ?? null]);
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#found.push(difference);
  }
}

function tellsOfNull({ reply }: TranscriptStep): boolean {
  const list = isJsonObject(reply) && Array.isArray(reply.return) ? reply.return : [];
  return list.some((node) => isJsonObject(node) && /^null-(co|aio)$/.test(String(node.drv)));
}

/** A job that rests has got further on one side. */
function isHowFar({ subject, path }: Difference): boolean {
  return TELLS_OF_JOBS.has(subject) && /\.(offset|current-progress)$/.test(path);
}

/** Numbers, and contents: what follows from how far a job got. */
function isProgress({ subject, left, right }: Difference): boolean {
  return subject === CONTENTS || [left, right].every((value) => /number|bigint/.test(typeof value));
}

/** Whether a job gets on without anybody doing anything. */
function isUnderWay({ answers }: SnapshotWithContents): boolean {
  return answers
    .filter((step) => TELLS_OF_JOBS.has(commandOf(step)))
    .some(({ reply }) => isJsonObject(reply) && isAnyUnderWay(reply.return, true));
}

const CONTENTS = 'contents';

function compareContents(left: SnapshotWithContents, right: SnapshotWithContents): Difference[] {
  const [ours, theirs] = [left.contents ?? {}, right.contents ?? {}];
  return Object.keys(ours)
    .filter((node) => theirs[node] !== undefined && theirs[node] !== ours[node])
    .map((node) => ({
      class: 'must',
      subject: CONTENTS,
      path: '$',
      left: ours[node]!,
      right: theirs[node]!,
      message: `node ${node} ${contentsTold(ours[node]!, theirs[node]!)}`,
    }));
}

function contentsTold(left: string, right: string): string {
  const [ours, theirs] = [left.endsWith(ZEROES), right.endsWith(ZEROES)];
  if (ours === theirs) return 'reads differently';
  return `is zeroes on the ${ours ? 'left' : 'right'} only`;
}
