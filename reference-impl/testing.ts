/** For tests: services with a clock that only a test moves, and numbers that repeat. */
import type { Clock } from './endpoint.ts';
import { InFlight } from './io/inflight.ts';
import type { Services } from './services.ts';

export class ManualClock implements Clock {
  #now = 0n;
  #timers: { at: bigint; callback: () => void }[] = [];

  now(): bigint {
    return this.#now;
  }

  wall(): bigint {
    return this.#now / 1000n;
  }

  after(ns: bigint, callback: () => void): () => void {
    const timer = { at: this.#now + ns, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  advance(ns: bigint): void {
    this.#now += ns;
    const due = this.#timers.filter((timer) => timer.at <= this.#now);
    this.#timers = this.#timers.filter((timer) => timer.at > this.#now);
    for (const timer of due) timer.callback();
  }
}

export function testServices(cwd: string, clock: Clock = new ManualClock()): Services {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
  return { clock, random, cwd, inFlight: new InFlight(), log: () => {}, emit: () => {} };
}
