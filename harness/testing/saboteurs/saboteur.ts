/**
 * What a saboteur is: an endpoint that breaks one thing that a statement of the spec forbids. Either the reference with
 * lines of its built modules replaced, which needs no seam in it, or the sound reference behind a proxy that changes
 * what passes.
 */
import type { Sabotage } from '../breaching-target.ts';

/** A text of a built module of the reference, and what stands in its place. */
export interface Change {
  /** Below the folder of the built reference, without `.js`. */
  readonly file: string;
  /** Stands in the module exactly once. */
  readonly find: string;
  readonly put: string;
}

/** One endpoint that breaks one thing. */
export interface Saboteur {
  /** Slug `theme/what`. */
  readonly id: string;
  /** Whose statement forbids it: a definition of the spec or a section of the protocol. Its cases are tried first. */
  readonly definition: string;
  /** What the endpoint does, in one sentence without subject. */
  readonly breaks: string;
  /** The first stands where every case comes by that could notice. */
  readonly changes?: readonly Change[];
  /** Called for each connection. */
  readonly breach?: () => Sabotage;
}

/** The reference with one text of one module replaced. */
export function inside(
  id: string,
  definition: string,
  breaks: string,
  file: string,
  [find, put]: readonly [string, string],
): Saboteur {
  return { id, definition, breaks, changes: [{ file, find, put }] };
}

/** The sound reference behind a proxy. */
export function between(id: string, definition: string, breaks: string, breach: () => Sabotage): Saboteur {
  return { id, definition, breaks, breach };
}
