/**
 * Time that passes only when told to, for the embedded reference: a case never waits in real time, and the same run
 * gives the same order of events every time. It is a `Clock` of the reference (structurally: only `reference.ts`
 * imports that).
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

interface Timer {
  readonly due: bigint;
  readonly callback: () => void;
}

export class VirtualClock {
  #now: bigint;
  /** Microseconds since the epoch at time 0. */
  readonly #epoch: bigint;
  /** By due time; equal times in the order they were set. */
  #timers: Timer[] = [];
  #advancing: Promise<void> = Promise.resolve();

  constructor(epochMicroseconds: bigint, now = 0n) {
    this.#now = now;
    this.#epoch = epochMicroseconds;
  }

  now(): bigint {
    return this.#now;
  }

  wall(): bigint {
    return this.#epoch + this.#now / 1000n;
  }

  after(ns: bigint, callback: () => void): () => void {
    const timer: Timer = { due: this.#now + (ns > 0n ? ns : 0n), callback };
    const later = this.#timers.findIndex((other) => other.due > timer.due);
    this.#timers.splice(later === -1 ? this.#timers.length : later, 0, timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /**
   * Advances by `ns`, stopping at each timer on the way: it is called back, and `quiesce` awaited, before time goes on,
   * unless that was `enough`.
   */
  advance(ns: bigint, quiesce: () => Promise<void>, enough = (): boolean => false): Promise<void> {
    // Two who wait at the same time each let their time pass, one after the other.
    const advanced = this.#advancing.then(() => this.#advance(ns, quiesce, enough));
    this.#advancing = advanced.catch(() => undefined);
    return advanced;
  }

  /** Lets pass what is waited for, timer by timer, until `done` is settled. */
  async passUntil<T>(done: Promise<T>): Promise<T> {
    const progress = { settled: false };
    const over = done.finally(() => {
      progress.settled = true;
    });
    over.catch(() => undefined);
    for (await nextTurn(); !progress.settled; await nextTurn()) {
      const [next] = this.#timers;
      if (next !== undefined) await this.advance(next.due - this.#now, nextTurn);
    }
    return over;
  }

  async #advance(ns: bigint, quiesce: () => Promise<void>, enough: () => boolean): Promise<void> {
    const end = this.#now + ns;
    await quiesce();
    if (enough()) return;
    while (this.#timers[0] !== undefined && this.#timers[0].due <= end) {
      const timer = this.#timers.shift()!;
      this.#now = timer.due;
      timer.callback();
      await quiesce();
      if (enough()) return;
    }
    this.#now = end;
  }
}
