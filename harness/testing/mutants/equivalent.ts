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
    file: 'jobs/error-policy.js',
    before: 'const RETRY_NS = 1000000n;',
    after: 'const RETRY_NS = 1000001n;',
    reason: 'A pause between tries, so that others get their turn: a nanosecond more lets nobody do more.',
  },
  {
    file: 'graph/node-filename.js',
    before: "const [option = '', index] = name.split('.');",
    after: "const [option = 'mutant', index] = name.split('.');",
    reason:
      'split gives at least one part, so that the default is never taken; the type checker asks for it.',
  },
  {
    file: 'graph/permissions.js',
    before: "return NAMES.filter((_, index) => bits & (1 << index)).join(', ');",
    after: "return NAMES.filter((_, index) => bits & (1 >> index)).join(', ');",
    reason: 'The names stand in the text of an error only.',
  },
  {
    file: 'jobs/mirror-job.js',
    before: "nodes.claim(node, 'intermediate node', { perm: 0, sharedPerm: ALL_PERMISSIONS & ~resize });",
    after: "nodes.claim(node, '', { perm: 0, sharedPerm: ALL_PERMISSIONS & ~resize });",
    reason: 'What a node is to a job stands in the text of an error only.',
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
    file: 'host/byte-stream.js',
    before: 'if (this.#buffered > 0)',
    after: 'if (this.#buffered > 1)',
    reason:
      'Of a single byte ahead of TLS the handshake fails just as well: it belongs to no message of TLS.',
  },
];
