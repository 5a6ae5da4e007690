/** Since when and until when: points of many schemas, the oldest first, as spans of versions. */
import type { Point } from './point.ts';

export interface Span {
  /** As in `Point.states`. */
  readonly state: string;
  /** Index of the first schema that has it. */
  readonly from: number;
  /** Index of the last. */
  readonly to: number;
}

/** The runs of schemas that say the same of a point, absence left out. */
export function spansOf({ states }: Pick<Point, 'states'>): Span[] {
  const spans: Span[] = [];
  states.forEach((state, index) => {
    const last = spans.at(-1);
    if (state == null) return;
    if (last?.state === state && last.to === index - 1) spans[spans.length - 1] = { ...last, to: index };
    else spans.push({ state, from: index, to: index });
  });
  return spans;
}
