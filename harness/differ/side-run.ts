/** One side of a comparison: what it answered, and what it offers by its own account. */
import type { CaseRecord, TranscriptStep } from '../../reports/record.ts';
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import type { SnapshotWithContents } from '../state/snapshot-with-contents.ts';

/** What one side did, and the schema by which its replies are read. */
export interface SideRun {
  readonly record: CaseRecord;
  readonly endpointSchema: Schema;
  /** By the number of the step after which they were taken. */
  readonly snapshots?: ReadonlyMap<number, SnapshotWithContents>;
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
