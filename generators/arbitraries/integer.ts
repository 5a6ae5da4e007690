/** Integers of a range: mostly at boundaries, else of any length in bits. */
import type { IntegerRange } from '../../spec/integers.ts';
import type { Json } from '../../spec/json.ts';
import type { Generator } from './generator.ts';

type Int = number | bigint;

/** As programs and messages hold it. */
export function int(value: bigint): Int {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Sector and cluster sizes, whose multiples and their neighbours are boundaries to drivers. */
const UNITS = [512n, 4096n, 65536n, 2n ** 20n, 2n ** 30n];
const MULTIPLES = [1n, 2n, 3n, 8n, 1000n];

/** What a user would give: counts, sectors, clusters, an image's size. */
const PLAUSIBLE = [1n, 2n, 512n, 4096n, 65536n, 2n ** 20n];

const BOUNDARIES: readonly bigint[] = [
  ...new Set(
    [
      ...Array.from({ length: 65 }, (_, bits) => 2n ** BigInt(bits)),
      ...UNITS.flatMap((unit) => MULTIPLES.map((times) => unit * times)),
    ]
      .flatMap((value) => [value - 1n, value, value + 1n])
      .flatMap((value) => [value, -value]),
  ),
];

export function integerGenerator({ min, max }: IntegerRange): Generator {
  const inside = (value: bigint): boolean => value >= min && value <= max;
  const boundaries = [...new Set([...BOUNDARIES.filter(inside), min, max])].map(int);
  const small = boundaries.filter((value) => value >= -1 && value <= 65537);
  const plausible = PLAUSIBLE.filter(inside).map(int);
  const least = inside(0n) ? 0n : min;
  return {
    generate(draw) {
      if (draw.plausible && plausible.length > 0 && draw.chance(70)) return draw.pick(plausible);
      const kind = draw.below(9);
      if (kind === 8) return int(draw.chance(50) ? min : max);
      if (kind < 3) return draw.pick(small.length > 0 ? small : boundaries);
      if (kind < 6) return draw.pick(boundaries);
      const bits = draw.below(64);
      const value =
        bits < 48
          ? BigInt(draw.below(2 ** Math.min(bits, 31) + 1))
          : draw.between(0n, 2n ** BigInt(bits + 1));
      return inside(value) ? int(value) : draw.pick(boundaries);
    },
    simplest: () => int(least),
    /** Towards zero: first zero itself, then by halving what is above the last candidate that was too simple. */
    *shrink(value: Json) {
      const from = BigInt(value as Int);
      if (from < 0n && inside(-from)) yield int(-from);
      for (let gap = from - least; gap !== 0n; gap /= 2n) yield int(from - gap);
    },
  };
}
