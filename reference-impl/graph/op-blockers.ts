/** Who forbids operations on a node for a while, each with a reason that errors give. */

interface Blocker {
  readonly reason: string;
  readonly isOverlay: boolean;
}

export class OpBlockers {
  readonly #blockers = new Set<Blocker>();

  /** Forbids operations until the result is called; an overlay (`isOverlay`) not those that backing files bear. */
  block(reason: string, isOverlay = false): () => void {
    const blocker = { reason, isOverlay };
    this.#blockers.add(blocker);
    return () => this.#blockers.delete(blocker);
  }

  /** Why operations are forbidden, by whoever forbade them last; undefined if they are not. */
  reason(): string | undefined {
    return [...this.#blockers].at(-1)?.reason;
  }

  /** The same for operations that backing files bear. */
  reasonBesidesOverlay(): string | undefined {
    return [...this.#blockers].findLast(({ isOverlay }) => !isOverlay)?.reason;
  }
}
