/** Mutants that no case can tell from the reference as it is, each with the reason. */
import type { Mutant } from './campaign.ts';

/** A mutant by what is changed, wherever it stands in its file. */
export interface Equivalent extends Pick<Mutant, 'file' | 'before' | 'after'> {
  readonly reason: string;
}

/** Whether the entry is about the mutant. */
export function sameMutant(known: Equivalent, { file, before, after }: Mutant): boolean {
  return known.file === file && known.before === before && known.after === after;
}

export const EQUIVALENT: readonly Equivalent[] = [];
