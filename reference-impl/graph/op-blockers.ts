/** Operations that others forbid on a node for a while: each with a reason that errors give. */

/** What may be forbidden on a node for a while, whatever permissions say. */
export type BlockedOp =
  | 'backup-source'
  | 'backup-target'
  | 'change'
  | 'commit-source'
  | 'commit-target'
  | 'delete'
  | 'drive-del'
  | 'eject'
  | 'external-snapshot'
  | 'internal-snapshot'
  | 'internal-snapshot-delete'
  | 'mirror-source'
  | 'mirror-target'
  | 'replace'
  | 'resize'
  | 'stream';

interface Blocker {
  readonly reason: string;
  readonly allowed: ReadonlySet<BlockedOp>;
}

export class OpBlockers {
  readonly #blockers: Blocker[] = [];

  /** Forbids everything but what is `allowed`, until the result is called. */
  block(reason: string, allowed: readonly BlockedOp[] = []): () => void {
    const blocker = { reason, allowed: new Set(allowed) };
    this.#blockers.push(blocker);
    return () => {
      const index = this.#blockers.indexOf(blocker);
      if (index >= 0) this.#blockers.splice(index, 1);
    };
  }

  /** Why the operation is forbidden, by whoever forbade it last; undefined if it is not. */
  reason(op: BlockedOp): string | undefined {
    return this.#blockers.findLast(({ allowed }) => !allowed.has(op))?.reason;
  }
}
