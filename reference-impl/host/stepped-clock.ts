/** A clock that can be moved forward by hand, and may stand still but for that: the time of the guest's machine. */
import type { Clock } from './clock.ts';

interface Timer {
  readonly due: bigint;
  readonly callback: () => void;
  /** Takes back what was set on the clock below. */
  unset: () => void;
}

/** Another clock, ahead of it by as much as it was moved. */
export class SteppedClock implements Clock {
  readonly #base: Clock;
  #ahead = 0n;
  /** Where it stands, once it does. */
  #stands: bigint | undefined;
  /** In the order in which they were set. */
  readonly #timers = new Set<Timer>();

  constructor(base: Clock) {
    this.#base = base;
  }

  now(): bigint {
    return (this.#stands ?? this.#base.now()) + this.#ahead;
  }

  wall(): bigint {
    return this.#base.wall();
  }

  after(ns: bigint, callback: () => void): () => void {
    const timer: Timer = { due: this.now() + ns, callback, unset: () => {} };
    this.#timers.add(timer);
    this.#set(timer);
    return () => this.#forget(timer);
  }

  /** No time passes by itself. */
  get stands(): boolean {
    return this.#stands !== undefined;
  }

  /** From now on no time passes by itself. It stands at the start of the endpoint, and as far ahead as it was moved. */
  standStill(): void {
    this.#stands = 0n;
    for (const timer of this.#timers) timer.unset();
  }

  /** Nobody waits for it any more. */
  close(): void {
    for (const timer of this.#timers) timer.unset();
  }

  /** When the next timer is due; the present if none is set. */
  get deadline(): bigint {
    return this.#next?.due ?? this.now();
  }

  /**
   * Moves it forward, stopping at each timer on the way: it is called back, and `settled` awaited, before time goes on.
   * Does nothing for a time that has passed.
   */
  async moveTo(time: bigint, settled: () => Promise<void>): Promise<void> {
    for (let next = this.#next; next !== undefined && next.due <= time; next = this.#next) {
      this.#jump(next.due);
      this.#forget(next);
      next.callback();
      await settled();
    }
    this.#jump(time);
    for (const timer of this.#timers) {
      timer.unset();
      this.#set(timer);
    }
  }

  /** The timer that is due first; of equal times the one that was set first. */
  get #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.due < next.due) next = timer;
    return next;
  }

  #jump(time: bigint): void {
    const now = this.now();
    if (time > now) this.#ahead += time - now;
  }

  #set(timer: Timer): void {
    if (this.#stands !== undefined) return;
    timer.unset = this.#base.after(timer.due - this.now(), () => {
      this.#forget(timer);
      timer.callback();
    });
  }

  #forget(timer: Timer): void {
    timer.unset();
    this.#timers.delete(timer);
  }
}
