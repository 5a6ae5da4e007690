/**
 * Counts what the host has been asked to do (files, sockets, other threads, the next turn of its loop), so that someone
 * outside can wait until the endpoint is idle. Timers of the clock do not count, nor does whoever waits for one, be it a
 * command, a job, or the one behind it in a queue: whoever holds the clock decides when they go on.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FdSets } from './fd-sets.ts';

/** Work after which, and turns of the host's loop after which, nobody waits on for an end. */
const MOST_WORK = 1024;
const MOST_TURNS = 20_000;

/** Shared by all parts of one endpoint. */
export class HostWork {
  /** Descriptors that files may be named by. */
  readonly fdSets = new FdSets();
  #count = 0;
  /** How much of that waits for somebody at the other end. */
  #peers = 0;
  #ended = 0;
  #waiting: (() => void)[] = [];
  #isEnding = false;
  readonly #toldOfEnd = new Set<() => void>();

  /** Runs work that the host does, and that waits for nothing else. */
  async track<T>(work: () => Promise<T>): Promise<T> {
    this.#count += 1;
    try {
      return await work();
    } finally {
      this.#count -= 1;
      this.#ended += 1;
      if (this.#count === 0) for (const wake of this.#waiting.splice(0)) wake();
    }
  }

  /** As `track`, of work that waits for a peer, who may never answer. */
  async trackPeer<T>(work: () => Promise<T>): Promise<T> {
    this.#peers += 1;
    try {
      return await this.track(work);
    } finally {
      this.#peers -= 1;
    }
  }

  /** The endpoint is about to end: peers are not waited for much longer (`patience.ts`). */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    for (const tell of this.#toldOfEnd) tell();
  }

  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Has somebody told when the endpoint is about to end. The result takes it back. */
  onEnd(tell: () => void): () => void {
    this.#toldOfEnd.add(tell);
    return () => void this.#toldOfEnd.delete(tell);
  }

  /** How many pieces of work have ended so far. */
  get ended(): number {
    return this.#ended;
  }

  /** How many have begun. */
  get begun(): number {
    return this.#ended + this.#count;
  }

  /** Something is in flight that ends whatever a peer does. */
  get endsByItself(): boolean {
    return this.#count > this.#peers;
  }

  /** Waits for the next turn of the host's loop. */
  turn(): Promise<void> {
    return this.track(() => nextTurn());
  }

  /** As `idle`, but waits no longer than something may take that waits for nobody. */
  async settled(): Promise<void> {
    const seen = { idle: false };
    void this.idle().then(() => {
      seen.idle = true;
    });
    const last = this.#ended + MOST_WORK;
    for (let turns = 0; !seen.idle && turns < MOST_TURNS && this.#ended < last; turns += 1) await nextTurn();
  }

  /** Resolves when nothing is in flight, also not in the reactions to what ended last. */
  async idle(): Promise<void> {
    do {
      if (this.#count > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      await nextTurn();
    } while (this.#count > 0);
  }
}
