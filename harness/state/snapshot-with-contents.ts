/** A snapshot of one side of a lockstep run, for comparing it with that of another, with what a guest would read. */
import type { TranscriptStep } from '../../reports/record.ts';

/** Stands for the digest of a node that holds zeroes only. */
export const ZEROES = 'all zeroes';

/** What one side of a lockstep run holds after a step. */
export interface SnapshotWithContents {
  /** The compared queries with their replies, the same queries on all sides; a reply may be an error. */
  readonly answers: readonly TranscriptStep[];
  /** What a guest would read of each node: a digest, or why it could not be read. By node-name. */
  readonly contents?: Readonly<Record<string, string>>;
  /** A job was further on one side then, and did not wait for the other. */
  readonly late?: true;
}
