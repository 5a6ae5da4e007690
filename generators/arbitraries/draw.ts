/** One generation under way: its randomness, what is live, how deep it is. */
import type { Live } from '../types/live.ts';

/** What fast-check gives, or `seeded`. Both bounds are included. */
export interface Random {
  nextInt(min: number, max: number): number;
  nextBigInt(min: bigint, max: bigint): bigint;
}

/** The same sequence for the same seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const word = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    nextInt: (min, max) => min + Math.floor((word() / 2 ** 32) * (max - min + 1)),
    nextBigInt(min, max) {
      let bits = 0n;
      for (let i = 0; i < 3; i++) bits = (bits << 32n) | BigInt(word());
      return min + (bits % (max - min + 1n));
    },
  };
}

/** Objects within objects; at this depth everything optional is left out, and unions take their least branch. */
export const MAX_DEPTH = 4;

export class Draw {
  readonly live: Live;
  depth = 0;
  /** Names and files are such as a user would give, and what lives is what is named. */
  readonly plausible: boolean;
  readonly #random: Random;

  constructor(random: Random, live: Live, plausible: boolean) {
    this.#random = random;
    this.live = live;
    this.plausible = plausible;
  }

  /** Whether only the least may be generated from here on. */
  get exhausted(): boolean {
    return this.depth >= MAX_DEPTH;
  }

  /** From 0 to `count - 1`. */
  below(count: number): number {
    return this.#random.nextInt(0, count - 1);
  }

  between(min: bigint, max: bigint): bigint {
    return this.#random.nextBigInt(min, max);
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}
