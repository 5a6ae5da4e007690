/** What a difference between two endpoints is: where it shows, of which class, and who is to blame. Plain data. */
import type { Json } from '../../spec/json.ts';

/**
 * Gravest first. `crash` and `hang`: one side ended or fell silent. `must`: they do different things. `should`: the
 * same thing told with more or less. `text`: only the wording of an error. `schema`: one side's schema lacks what
 * the other's has. `order` and `timing`: the same, but not in the same order, or not at the same moment.
 */
export const CLASSES = ['crash', 'hang', 'must', 'should', 'order', 'text', 'schema', 'timing'] as const;
export type DifferenceClass = (typeof CLASSES)[number];

/** One thing that left and right do differently. */
export interface Difference {
  readonly class: DifferenceClass;
  /** Number of the step, from 1; absent where it is about the whole. */
  readonly step?: number;
  /** Command, `event NAME`, or what else was compared (`end`, `outcome`, `contents`). */
  readonly subject: string;
  /** JSON path into the reply, the event or the state. */
  readonly path: string;
  /** Absent: the left side has nothing there. */
  readonly left?: Json;
  readonly right?: Json;
  /** One line. */
  readonly message: string;
  /** Why it is nobody's fault, where a rule or the schemas themselves say so. */
  readonly excuse?: string;
}

/** Equal for the same difference, wherever it shows: class, subject and path without positions. */
export function placeOf({ class: of, subject, path }: Difference): string {
  return `${of} ${subject} ${path.replace(/\[\d+\]/g, '[]')}`;
}

/** Why sides stand differently by chance. */
export const LATE =
  'a job was further on one side, or commands in flight together were carried out in another order';

/** As a difference of timing. */
export function excused(difference: Difference, excuse: string): Difference {
  return difference.class === 'schema' ? difference : { ...difference, class: 'timing', excuse };
}
