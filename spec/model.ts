/**
 * The schema model: what a QMP interface offers, after all names are resolved.
 *
 * Both sources end here: QAPI text (through `compiler/`) and an endpoint's own `query-qmp-schema` (through
 * `introspection.ts`). Consumers (validators, generators, drift, JSON Schema) know only this file, so they work
 * on every endpoint. What only QAPI text knows (base, boxed, docs, conditions) is optional and marked so.
 */

/** How a value looks in JSON; `value` is anything. */
export type JsonType = 'string' | 'number' | 'int' | 'boolean' | 'null' | 'object' | 'array' | 'value';

/**
 * When a part of the schema exists: a configuration symbol (before QEMU 6.2 an `#if` operand) or a combination.
 * Known only from QAPI text; an introspected schema holds just what the endpoint was built with.
 */
export type Condition =
  | string
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition };

export interface Conditional {
  readonly ifcond?: Condition;
}

/** A feature flag of a definition, such as `deprecated`. */
export interface Feature extends Conditional {
  readonly name: string;
}

/** Known only when the model was compiled from QAPI text. */
export interface SourceInfo {
  readonly file: string;
  readonly line: number;
  /** First paragraph of the doc comment. */
  readonly doc?: string;
}

/**
 * `int` is int64, `size` is uint64 (`integers.ts` has the ranges). An introspected schema collapses all integer
 * types into `int`: then nothing is known of the range, and `anyInteger` says so.
 */
export interface BuiltinType {
  readonly kind: 'builtin';
  readonly name: string;
  readonly jsonType: JsonType;
  /** Set on the `int` of an introspected schema, which may stand for any integer type. */
  readonly anyInteger?: true;
}

export interface EnumMember extends Conditional {
  readonly name: string;
  readonly features: readonly Feature[];
}

/** An enumeration; values are case-sensitive. */
export interface EnumType extends Conditional {
  readonly kind: 'enum';
  readonly name: string;
  readonly members: readonly EnumMember[];
  readonly features: readonly Feature[];
  readonly source?: SourceInfo;
}

/** A list of any length. Its name is that of the element with `List` behind it. */
export interface ArrayType {
  readonly kind: 'array';
  readonly name: string;
  readonly element: SchemaType;
}

/** A member of an object, or an argument. */
export interface Member extends Conditional {
  readonly name: string;
  readonly type: SchemaType;
  readonly optional: boolean;
  readonly features: readonly Feature[];
}

/** A branch of a union: what it adds to the common members. */
export interface Variant extends Conditional {
  /** Value of the tag that selects this branch. */
  readonly case: string;
  readonly type: ObjectType;
}

/** A struct, a union (then `tag` and `variants` are set), or the arguments of a command or event. */
export interface ObjectType extends Conditional {
  readonly kind: 'object';
  readonly name: string;
  /** All common members, those of the base first. */
  readonly members: readonly Member[];
  /** Name of the member that selects the branch. */
  readonly tag?: string;
  /** One for each value of the tag that the schema gives a branch; a value without one adds nothing. */
  readonly variants: readonly Variant[];
  readonly features: readonly Feature[];
  /** Made by the compiler (`q_obj_…`), not named in the QAPI text. */
  readonly implicit?: boolean;
  readonly source?: SourceInfo;
}

/** A value of one of several types, told apart by the type that it has in JSON. */
export interface AlternateType extends Conditional {
  readonly kind: 'alternate';
  readonly name: string;
  readonly choices: readonly SchemaType[];
  readonly features: readonly Feature[];
  readonly source?: SourceInfo;
}

/** Any type; `kind` tells them apart. */
export type SchemaType = BuiltinType | EnumType | ArrayType | ObjectType | AlternateType;

/** A command as it can be executed. */
export interface Command extends Conditional {
  readonly name: string;
  /** The empty object type where the command takes none. */
  readonly arguments: ObjectType;
  /** The empty object type where the command returns nothing. */
  readonly returns: SchemaType;
  readonly allowOob: boolean;
  /** False: the endpoint does not answer a success (`success-response: false`). Known only from QAPI text. */
  readonly successResponse: boolean;
  /** `gen: false`, or only its name is known: arguments are passed on unchecked, any member is accepted. */
  readonly unchecked: boolean;
  readonly features: readonly Feature[];
  readonly source?: SourceInfo;
}

/** An event as it may arrive. */
export interface Event extends Conditional {
  readonly name: string;
  readonly data: ObjectType;
  /** Only its name is known: it may have any data. Of endpoints that list their events and do not describe them. */
  readonly unchecked?: true;
  readonly features: readonly Feature[];
  readonly source?: SourceInfo;
}

/** Types form a graph: a type may reach itself through members, so walk it with a visited set. */
export interface Schema {
  readonly commands: ReadonlyMap<string, Command>;
  readonly events: ReadonlyMap<string, Event>;
  /** By name; masked names (`"17"`) when read from an introspection. */
  readonly types: ReadonlyMap<string, SchemaType>;
}
