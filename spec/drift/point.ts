/** A place in several schemas at once, and what each of them says there. `align.ts` finds them. */

export type PointKind =
  | 'command'
  | 'event'
  | 'member'
  | 'type'
  | 'value'
  | 'branch'
  | 'feature'
  | 'deprecation';

/** Whose hands a value passes through: a client sends arguments; it receives what is returned and what events tell. */
export type Position = 'argument' | 'return' | 'event';

/** One place in several schemas, with what each of them says there. */
export interface Point {
  readonly kind: PointKind;
  readonly position: Position;
  /**
   * `blockdev-add` a command; `blockdev-add.driver` an argument; `blockdev-add<qcow2>.backing` one of a branch, or the
   * value of an enum; `query-block=>[].inserted` what is returned, `[]` for the elements of a list;
   * `blockdev-add<file>@feature`.
   */
  readonly path: string;
  /** Name of the type that it is a part of, where a schema tells real names. */
  readonly type?: string;
  /**
   * One for each schema. A text is what is there: `present`, `out-of-band`; of a member `mandatory` or `optional`; of
   * a type its JSON types, joined by `|`. Null: it is not there. Undefined: nor is what it would be a part of.
   */
  readonly states: readonly State[];
}

export type State = string | null | undefined;
