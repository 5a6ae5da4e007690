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

export const EQUIVALENT: readonly Equivalent[] = [
  {
    file: 'graph/block-io.js',
    before: 'const bounce = new Uint8Array(end - start);',
    after: 'const bounce = new Uint8Array(end + start);',
    reason: 'The buffer is longer, and of it only the bytes of the request are filled, written and kept.',
  },
  {
    file: 'graph/reopen.js',
    before: "const [option = '', index] = name.split('.');",
    after: "const [option = 'mutant', index] = name.split('.');",
    reason:
      'split gives at least one part, so that the default is never taken; the type checker asks for it.',
  },
  {
    file: 'drivers/qcow2/refcounts.js',
    before: 'if (bytes <= 0)',
    after: 'if (bytes <= 1)',
    reason: 'What is freed is a table, a cluster or a stream: none of them has one byte.',
  },
];
