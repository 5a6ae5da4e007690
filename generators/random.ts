/** The one source of seeded randomness: the same sequence for the same seed, on every machine. */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { hash32 } from './hash.ts';

/** Outputs of a fresh generator that still resemble its seed, and those of the seed next to it. */
const WARM_UP = 20;

const WORDS = 2 ** 32;

/** A sequence of pseudo-random values from a seed: 32 bits, or a text, which is hashed to as many. */
export class Random {
  readonly #generator: ReturnType<typeof xoroshiro128plus>;

  constructor(seed: string | number) {
    this.#generator = xoroshiro128plus(typeof seed === 'string' ? hash32(seed) : seed);
    for (let i = 0; i < WARM_UP; i += 1) this.#generator.next();
  }

  uint32(): number {
    return this.#generator.next() >>> 0;
  }

  /** From 0 to `count - 1`. */
  below(count: number): number {
    return this.uint32() % count;
  }

  /** True in `percent` of 100. */
  chance(percent: number): boolean {
    return this.uint32() < (percent * WORDS) / 100;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** An item by weight; weights are not negative, and one is positive. */
  weighted<T>(items: readonly T[], weight: (item: T) => number): T {
    const total = items.reduce((sum, item) => sum + weight(item), 0);
    let left = (this.uint32() / WORDS) * total;
    for (const item of items) {
      left -= weight(item);
      if (left < 0) return item;
    }
    return items.at(-1)!;
  }

  /** The items in another order. */
  shuffled<T>(items: readonly T[]): T[] {
    const left = [...items];
    return items.map(() => left.splice(this.below(left.length), 1)[0]!);
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(Math.ceil(length / 4) * 4);
    for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(this.uint32(), at);
    return bytes.subarray(0, length);
  }

  /** Both bounds are included. */
  nextInt(min: number, max: number): number {
    return min + Math.floor((this.uint32() / WORDS) * (max - min + 1));
  }

  /** Both bounds are included; their distance is below 2^96. */
  nextBigInt(min: bigint, max: bigint): bigint {
    let bits = 0n;
    for (let i = 0; i < 3; i += 1) bits = (bits << 32n) | BigInt(this.uint32());
    return min + (bits % (max - min + 1n));
  }
}
