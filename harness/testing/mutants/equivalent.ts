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
    file: 'throttle/throttle-group.js',
    before: "#last = 'write';",
    after: "#last = '';",
    reason: 'It is only asked whether the last request was a read, and neither word says so.',
  },
  {
    file: 'drivers/nbd/connection.js',
    before: 'const SILENCE = 120n * 1000000000n;',
    after: 'const SILENCE = 121n * 1000000000n;',
    reason:
      'How long a server may be silent is a choice of the client that is told nowhere; a second more of two minutes is none.',
  },
  {
    file: 'jobs/ignored-errors.js',
    before: 'const RETRY_NS = 1000000n;',
    after: 'const RETRY_NS = 1000001n;',
    reason: 'A pause between tries, so that others get their turn: a nanosecond more lets nobody do more.',
  },
  {
    file: 'graph/permissions.js',
    before: "return NAMES.filter((_, index) => bits & (1 << index)).join(', ');",
    after: "return NAMES.filter((_, index) => bits & (1 >> index)).join(', ');",
    reason: 'The names stand in the text of an error only.',
  },
  {
    file: 'graph/external-snapshot.js',
    before: "graph.assertAllowed(overlay, 'external-snapshot');",
    after: "graph.assertAllowed(overlay, '');",
    reason: 'Whoever blocks a node at all blocks snapshots too: no blocker lets through either word.',
  },
  {
    file: 'commands/blockdev-mirror.js',
    before: "graph.assertAllowed(target, 'mirror-target');",
    after: "graph.assertAllowed(target, '');",
    reason:
      "Whoever blocks a node at all keeps it from being a mirror's target: no blocker lets through either word.",
  },
  {
    file: 'jobs/mirror-copy.js',
    before: "const kind = isShort ? 'data' : part.kind;",
    after: "const kind = isShort ? '' : part.kind;",
    reason: 'Every kind but zeroes and nothing is copied as data.',
  },
  {
    file: 'drivers/qcow2/header.js',
    before: 'if (data[entry] === 0)',
    after: 'if (data[entry] === 1)',
    reason: 'The names of features only stand in the text of a refusal.',
  },
  {
    file: 'drivers/qcow2/writing.js',
    before: 'const known = image.busy.size === 0 ? mapping.peek(first, last - first + 1) : undefined;',
    after: 'const known = image.busy.size === 0 ? mapping.peek(first, last - first + 2) : undefined;',
    reason: 'A run that reaches behind the request is cut to its length.',
  },
  {
    file: 'graph/dirty-bitmap.js',
    before: 'for (let index = 0; index * PAGE < size; index += 1) {',
    after: 'for (let index = 0; index * PAGE <= size; index += 1) {',
    reason: 'What is hashed of a page behind the end has no bytes.',
  },
  {
    file: 'graph/permissions.js',
    before: "return NAMES.filter((_, index) => bits & (1 << index)).join(', ');",
    after: "return NAMES.filter((_, index) => bits & (2 << index)).join(', ');",
    reason: 'Chooses words of the text of an error, which only people read.',
  },
  {
    file: 'jobs/commit-job.js',
    before: 'if (end > start)',
    after: 'if (end >= start)',
    reason: 'A request of no bytes does nothing.',
  },
  {
    file: 'jobs/stream-job.js',
    before: 'let delay = 0n;',
    after: 'let delay = 1n;',
    reason: 'A nanosecond before each request of a job without a limit: no event and no reply tells of it.',
  },
];
