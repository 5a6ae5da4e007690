/** Since when and until when: points of many schemas, the oldest first, as spans of versions. */
import { changesOf } from './changes.ts';
import { noun } from './drift-text.ts';
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

/** `argument c.a: optional since 5.0 until 7.2, mandatory since 8.0`; until: the last that has it. `labels`: of the schemas. */
export function timelineLine(point: Point, labels: readonly string[]): string {
  const spans = spansOf(point).map(({ state, from, to }) => {
    const what = state === 'present' ? '' : `${state} `;
    if (from === to && from > 0 && to < labels.length - 1) return `${what}only in ${labels[from]}`;
    const since = from > 0 ? [`since ${labels[from]}`] : [];
    const until = to < labels.length - 1 ? [`until ${labels[to]}`] : [];
    return what + [...since, ...until].join(' ');
  });
  return `${noun(point)} ${point.path}: ${spans.join(', ')}`;
}

/** How much one schema has different from the one before it. */
export interface Step {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

/** From each schema but the first, what came and went since the one before. */
export function stepsOf(points: readonly Point[], schemas: number): Step[] {
  return Array.from({ length: Math.max(0, schemas - 1) }, (_, before) => {
    const directions = changesOf(points, before, before + 1).map(({ direction }) => direction);
    const count = (wanted: string) => directions.filter((direction) => direction === wanted).length;
    const [added, removed] = [count('added'), count('removed')];
    return { added, removed, changed: directions.length - added - removed };
  });
}
