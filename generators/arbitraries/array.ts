/** Lists: short ones mostly, and the empty one. */
import type { Json } from '../../spec/json.ts';
import type { Generator } from './generator.ts';

const LENGTHS = [0, 1, 1, 2, 2, 3, 4];
const LONG = 12;

/** `element` is asked for when first needed: an element may hold the list's own type. */
export function arrayGenerator(element: () => Generator): Generator {
  return {
    generate(draw) {
      if (draw.exhausted) return [];
      const length = draw.depth <= 1 && draw.chance(3) ? LONG : draw.pick(LENGTHS);
      return Array.from({ length }, () => element().generate(draw));
    },
    simplest: () => [],
    *shrink(value) {
      const list = value as Json[];
      if (list.length === 0) return;
      yield [];
      if (list.length > 2) yield list.slice(0, list.length >> 1);
      if (list.length > 1) for (const index of list.keys()) yield list.toSpliced(index, 1);
      for (const [index, item] of list.entries())
        for (const simpler of element().shrink(item)) yield list.with(index, simpler);
    },
  };
}
