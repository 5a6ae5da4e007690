/** The requests to one node that are in flight, and the order among those that overlap. */

interface TrackedRequest {
  readonly start: number;
  readonly end: number;
  readonly writes: boolean;
  readonly done: Promise<void>;
}

export class TrackedRequests {
  readonly #inFlight = new Set<TrackedRequest>();

  /** True while no request is in flight. */
  get idle(): boolean {
    return this.#inFlight.size === 0;
  }

  /**
   * Does the work of a request for the bytes from `start` to `end`, after the earlier requests that overlap, unless
   * neither one of them nor this one writes. Rejects as `work` does.
   */
  async inOrder(start: number, end: number, writes: boolean, work: () => Promise<void>): Promise<void> {
    const before: Promise<void>[] = [];
    for (const other of this.#inFlight)
      if (other.start < end && start < other.end && (writes || other.writes)) before.push(other.done);
    let finish!: () => void;
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const request: TrackedRequest = { start, end, writes, done };
    this.#inFlight.add(request);
    try {
      if (before.length > 0) await Promise.all(before);
      await work();
    } finally {
      this.#inFlight.delete(request);
      finish();
    }
  }

  /** A serialising request for the whole node: `work` is done with no other request in flight, and later ones wait. */
  serialise(work: () => Promise<void>): Promise<void> {
    return this.inOrder(0, Number.POSITIVE_INFINITY, true, work);
  }

  /** Resolves when every request that was in flight at the call has ended. */
  async allDone(): Promise<void> {
    await Promise.all([...this.#inFlight].map((request) => request.done));
  }
}
