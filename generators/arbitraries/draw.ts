/** One generation under way: its randomness, what is live, how deep it is. */
import type { Live } from '../types/live-names.ts';

/** What fast-check gives, or `Random`. Both bounds are included. */
export interface RandomSource {
  nextInt(min: number, max: number): number;
  nextBigInt(min: bigint, max: bigint): bigint;
}

/** Objects within objects; at this depth everything optional is left out, and unions take their least branch. */
export const MAX_DEPTH = 4;

/**
 * The choices of one generation, and its depth: generators take everything random from here. One object serves one
 * value.
 */
export class Draw {
  readonly live: Live;
  depth = 0;
  /** Names and files are such as a user would give, and what lives is what is named. */
  readonly plausible: boolean;
  readonly #random: RandomSource;

  constructor(random: RandomSource, live: Live, plausible: boolean) {
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
