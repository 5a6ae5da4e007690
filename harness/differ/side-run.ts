/** One side of a comparison: what it answered, and what it offers by its own account. */
import type { CaseRecord, TranscriptStep } from '../../reports/record.ts';
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';

/** In place of a digest. */
export const ZEROES = 'all zeroes';

/** What an endpoint holds at one moment. */
export interface StateSample {
  /** Queries of state with their replies, the same on all sides. */
  readonly queries: readonly TranscriptStep[];
  /** What a guest would read of each node: a digest, or why it could not be read. By node-name. */
  readonly contents?: Readonly<Record<string, string>>;
  /** A job was further on one side then, and did not wait for the other. */
  readonly late?: true;
}

export interface SideRun {
  readonly record: CaseRecord;
  readonly endpointSchema: Schema;
  /** By the number of the step after which it was looked at. */
  readonly looks?: ReadonlyMap<number, StateSample>;
}

export function stepsOf({ record }: SideRun): readonly TranscriptStep[] {
  return record.transcript?.steps ?? [];
}

/** Name of the command that a step sends; undefined for raw bytes and what is no command. */
export function commandOf({ send }: TranscriptStep): string | undefined {
  const name = isJsonObject(send) ? (send.execute ?? send['exec-oob']) : undefined;
  return typeof name === 'string' ? name : undefined;
}

export function argumentsOf({ send }: TranscriptStep): JsonObject {
  return isJsonObject(send) && isJsonObject(send.arguments) ? send.arguments : {};
}

/** What a step calls for, to people. */
export function subjectOf(step: TranscriptStep): string {
  return commandOf(step) ?? (step.greeting ? 'greeting' : 'raw bytes');
}

export function repliesOf({ reply, replies }: TranscriptStep): readonly Json[] {
  return replies ?? (reply === undefined ? [] : [reply]);
}

/** Whether the step was answered with a return, an error, or neither. */
export function answerOf(step: TranscriptStep): 'return' | 'error' | null {
  const { reply } = step;
  if (!isJsonObject(reply)) return null;
  if (Object.hasOwn(reply, 'return')) return 'return';
  return Object.hasOwn(reply, 'error') ? 'error' : null;
}
