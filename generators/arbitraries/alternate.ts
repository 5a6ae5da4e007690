/** Alternates: every form alike near the top, the least form where it gets deep. */
import type { Json } from '../../spec/json.ts';
import type { AlternateType } from '../../spec/model.ts';
import { validatorFor } from '../../spec/validate.ts';
import { leastDepth } from '../types/depth.ts';
import type { Generator } from './generator.ts';

/** Below the first level the least form gets this percentage beyond its share, so that values stay finite. */
const LEAST_SHARE = 40;

/** `choices` compiles the choice at an index. */
export function alternateGenerator(type: AlternateType, choices: (index: number) => Generator): Generator {
  const accepts = type.choices.map((choice) => {
    const issues = validatorFor(choice, 'input');
    return (value: Json) => issues(value).length === 0;
  });
  const indices = [...type.choices.keys()];
  const least = indices.toSorted((a, b) => leastDepth(type.choices[a]!) - leastDepth(type.choices[b]!))[0]!;
  return {
    generate(draw) {
      const index =
        draw.exhausted || (draw.depth > 1 && draw.chance(LEAST_SHARE)) ? least : draw.pick(indices);
      return choices(index).generate(draw);
    },
    simplest: () => choices(least).simplest(),
    *shrink(value) {
      const index = accepts.findIndex((fits) => fits(value));
      if (index !== least) yield choices(least).simplest();
      yield* choices(index).shrink(value);
    },
  };
}
