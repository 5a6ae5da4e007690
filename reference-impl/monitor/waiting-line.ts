/** The clients of a monitor, which serves one at a time: who connects meanwhile waits until those before have left. */

/** One client's stay, which begins with its turn. */
interface Session {
  start(): void;
  /** Its client has gone, or is to go. */
  close(): void;
}

/** The sessions of one monitor, in the order in which their clients came. */
export class WaitingLine<S extends Session> {
  /** The first is being served. */
  #sessions: S[] = [];
  #hasBegun = false;

  /** Nobody's turn comes before `begun`. */
  constructor(begun: Promise<void>) {
    void begun.then(() => {
      this.#hasBegun = true;
      this.served?.start();
    });
  }

  get served(): S | undefined {
    return this.#sessions[0];
  }

  get all(): readonly S[] {
    return this.#sessions;
  }

  join(session: S): void {
    this.#sessions.push(session);
    if (this.#hasBegun && this.#sessions.length === 1) queueMicrotask(() => session.start());
  }

  /** Ends a session: it is the next one's turn. */
  leave(session: S): void {
    const wasServed = this.served === session;
    this.#sessions = this.#sessions.filter((other) => other !== session);
    session.close();
    if (this.#hasBegun && wasServed) this.served?.start();
  }

  close(): void {
    for (const session of this.#sessions.splice(0)) session.close();
  }
}
