/**
 * What the stages hand each other: raw expressions (parser to expression checks), then definitions in normal form
 * (expression checks to schema), where every shorthand of the language is gone.
 */
import type { Condition } from '../model.ts';
import type { Source } from './diagnostic.ts';
import type { Doc } from './doc.ts';
import type { Pragmas } from './pragma.ts';

/** A parsed JSON value. Objects are maps: member order is kept, and `__proto__` is a name like any other. */
export type Value = string | boolean | readonly Value[] | ReadonlyMap<string, Value>;
export type Members = ReadonlyMap<string, Value>;

/** A top-level expression that is not a directive. */
export interface Expression {
  readonly members: Members;
  readonly source: Source;
  /** The definition documentation just before it. */
  readonly doc?: Doc;
}

/** All files, in the order of inclusion. */
export interface ParsedSchema {
  readonly expressions: readonly Expression[];
  readonly docs: readonly Doc[];
  readonly pragmas: Pragmas;
}

export interface TypeRef {
  readonly name: string;
  readonly array: boolean;
}

export interface FeatureDef {
  readonly name: string;
  readonly ifcond?: Condition;
}

export interface MemberDef {
  readonly name: string;
  readonly optional: boolean;
  readonly type: TypeRef;
  readonly features: readonly FeatureDef[];
  readonly ifcond?: Condition;
}

export interface EnumValueDef {
  readonly name: string;
  readonly features: readonly FeatureDef[];
  readonly ifcond?: Condition;
}

/** A branch of a union or an alternate. */
export interface BranchDef {
  readonly name: string;
  readonly type: TypeRef;
  readonly ifcond?: Condition;
}

interface DefinitionBase {
  readonly name: string;
  readonly source: Source;
  readonly doc?: Doc;
  readonly features: readonly FeatureDef[];
  readonly ifcond?: Condition;
}

export interface EnumDef extends DefinitionBase {
  readonly kind: 'enum';
  readonly values: readonly EnumValueDef[];
}

export interface StructDef extends DefinitionBase {
  readonly kind: 'struct';
  readonly base?: string;
  readonly members: readonly MemberDef[];
}

/** Without a discriminator it is a simple union, whose tag `type` and wrapped branches are implied. */
export interface UnionDef extends DefinitionBase {
  readonly kind: 'union';
  readonly base: string | readonly MemberDef[];
  readonly discriminator?: string;
  readonly branches: readonly BranchDef[];
}

export interface AlternateDef extends DefinitionBase {
  readonly kind: 'alternate';
  readonly branches: readonly BranchDef[];
}

/** Arguments given as the name of a type or in place. */
export type Arguments = string | readonly MemberDef[];

export interface CommandDef extends DefinitionBase {
  readonly kind: 'command';
  readonly data: Arguments;
  readonly boxed: boolean;
  readonly returns?: TypeRef;
  readonly allowOob: boolean;
  readonly successResponse: boolean;
  /** `gen: false` */
  readonly unchecked: boolean;
}

export interface EventDef extends DefinitionBase {
  readonly kind: 'event';
  readonly data: Arguments;
  readonly boxed: boolean;
}

export type Definition = EnumDef | StructDef | UnionDef | AlternateDef | CommandDef | EventDef;
export type DefinitionKind = Definition['kind'];
