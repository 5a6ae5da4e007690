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
    file: 'crypto/luks-volume.js',
    before: 'const ITERATIONS_PER_MS = 250;',
    after: 'const ITERATIONS_PER_MS = 251;',
    reason:
      'How many iterations a millisecond is taken for stands for the speed of a host, of which nobody else knows.',
  },
  {
    file: 'crypto/luks-volume.js',
    before: 'const MAX_ITERATIONS = 100_000_000;',
    after: 'const MAX_ITERATIONS = 100000001;',
    reason:
      'Bounds computing that takes a minute: whether one iteration more is refused, no case can wait for.',
  },
  {
    file: 'crypto/luks-volume.js',
    before: 'return iterations > 0 && iterations <= MAX_ITERATIONS;',
    after: 'return iterations > 0 && iterations < MAX_ITERATIONS;',
    reason:
      'Bounds computing that takes a minute: whether one iteration less is refused, no case can wait for.',
  },
  {
    file: 'crypto/luks-volume.js',
    before: 'if (iterations > MAX_ITERATIONS)',
    after: 'if (iterations >= MAX_ITERATIONS)',
    reason:
      'Bounds computing that takes a minute: whether one iteration less is refused, no case can wait for.',
  },
  {
    file: 'drivers/nbd/connection.js',
    before: 'const SILENCE = 120000000000n;',
    after: 'const SILENCE = 120000000001n;',
    reason:
      'A stepped clock would tell, but how long a server may be silent is a choice of the client that nothing requires.',
  },
  {
    file: 'jobs/job.js',
    before: 'const RETRY_NS = 1000000n;',
    after: 'const RETRY_NS = 1000001n;',
    reason:
      'A stepped clock would tell, but how long a job pauses between tries, so that others get their turn, is its choice.',
  },
  {
    file: 'jobs/mirror-job.js',
    before: 'const READY_SLICE_NS = 100000000n;',
    after: 'const READY_SLICE_NS = 100000001n;',
    reason:
      'A stepped clock would tell, but how often a ready job looks for what was written is its choice, to the nanosecond.',
  },
  {
    file: 'jobs/main-loop.js',
    before: 'const TURNS_BETWEEN_COMMANDS = 64;',
    after: 'const TURNS_BETWEEN_COMMANDS = 65;',
    reason: 'How many turns jobs get between two commands that came together is a choice of the endpoint.',
  },
  {
    file: 'host/byte-stream.js',
    before: 'const HIGH_WATER = 1 << 20;',
    after: 'const HIGH_WATER = 2 << 20;',
    reason: 'Bounds the memory that a peer can fill which only sends; how tightly, nobody outside can tell.',
  },
  {
    file: 'graph/permissions.js',
    before: 'return NAMED.filter(({ bit }) => bits & bit)',
    after: 'return NAMED.filter(({ bit }) => bits | bit)',
    reason: 'Chooses words of the text of an error, which only people read.',
  },
  {
    file: 'drivers/file.js',
    before: 'const ZERO_CHUNK = 0x100000;',
    after: 'const ZERO_CHUNK = 1048577;',
    reason: 'How many bytes of the file are looked at and written at once comes to the same bytes.',
  },
  {
    file: 'jobs/job.js',
    before: "this.assertVerb('cancel');",
    after: 'void 0;',
    reason:
      'Only a concluded job refuses it, and none stays so without auto-dismiss, which is newer than the API.',
  },
  {
    file: 'jobs/job.js',
    before: "if (this.#status === 'concluded') {",
    after: "if (this.#status === '') {",
    reason: 'No job stays concluded without auto-dismiss, which is newer than the API.',
  },
];
