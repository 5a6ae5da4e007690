/** What changed from one schema to another, in which direction, and who breaks by it. */
import type { Schema } from '../model.ts';
import { align } from './align.ts';
import type { Point, State } from './point.ts';
import { contains } from './type-shape.ts';

/** `widened`: more values than before; `narrowed`: fewer; `changed`: others. */
export type Direction = 'added' | 'removed' | 'widened' | 'narrowed' | 'changed';

/** What became of one point between two schemas, and whom that breaks. */
export interface Change extends Pick<Point, 'kind' | 'position' | 'path' | 'type'> {
  readonly direction: Direction;
  /** As in `Point.states`: null where it is not there. */
  readonly before: string | null;
  readonly after: string | null;
  readonly breaks: {
    /** A client written for the schema before may fail on an endpoint of the one after. */
    readonly client: boolean;
    /** An endpoint of the schema before may fail a client that was written for the one after. */
    readonly endpoint: boolean;
  };
}

/** Empty if both offer the same, whatever their types are called. */
export function diffSchemas(before: Schema, after: Schema): Change[] {
  return changesOf(align([before, after]), 0, 1);
}

/** The changes between two of the schemas that were aligned, by their index. */
export function changesOf(points: readonly Point[], before: number, after: number): Change[] {
  return points.flatMap((point) => {
    const [from, to] = [point.states[before], point.states[after]];
    return from === undefined || to === undefined || from === to ? [] : [change(point, from, to)];
  });
}

function change({ kind, position, path, type }: Point, before: string | null, after: string | null): Change {
  return {
    direction: direction(kind, before, after),
    kind,
    position,
    path,
    ...(type !== undefined && { type }),
    before,
    after,
    breaks: {
      client: breaksClient({ kind, position }, before, after),
      endpoint: breaksClient({ kind, position }, after, before),
    },
  };
}

function direction(kind: Point['kind'], before: State, after: State): Direction {
  if (before == null) return 'added';
  if (after == null) return 'removed';
  if (kind === 'member') return after === 'optional' ? 'widened' : 'narrowed';
  if (kind === 'command') return after === 'out-of-band' ? 'widened' : 'narrowed';
  if (contains(after, before)) return 'widened';
  return contains(before, after) ? 'narrowed' : 'changed';
}

/**
 * Whether a client of `before` may fail on an endpoint of `after`. It fails when something it may send is no longer
 * taken, when something it must now send is missing, or when it receives what it does not know. Members that it does
 * not know it ignores. The other question, of an endpoint of `before` and a client of `after`, is the same with both exchanged.
 */
function breaksClient(
  { kind, position }: Pick<Point, 'kind' | 'position'>,
  before: string | null,
  after: string | null,
): boolean {
  const sent = position === 'argument';
  switch (kind) {
    case 'command':
      return after === null || before === 'out-of-band';
    case 'event':
      return after === null;
    case 'member':
      return sent ? after === null || after === 'mandatory' : before === 'mandatory';
    case 'value':
    case 'branch':
      return sent ? after === null : before === null;
    case 'type':
      return sent ? !contains(after!, before!) : !contains(before!, after!);
    case 'feature':
    case 'deprecation':
      return false;
  }
}
