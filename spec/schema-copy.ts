/** Copies of types with some of their parts left out. */
import type { Conditional, EnumType, Feature, ObjectType, SchemaType } from './model.ts';

/** A value of an enum, a member, a feature, or a branch, which bears the name of its case. */
export interface Part extends Conditional {
  readonly name: string;
}

/** Whether a part of a type is kept. */
type Keeps = (part: Part, of: EnumType | ObjectType) => boolean;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Copies a graph of types that may reach themselves. A branch goes with the value of its tag. */
export class SchemaCopy {
  readonly #keeps: Keeps;
  readonly #copies = new Map<SchemaType, SchemaType>();

  constructor(keeps: Keeps) {
    this.#keeps = keeps;
  }

  /** All copies that were made. */
  byName(): Map<string, SchemaType> {
    return new Map([...this.#copies.values()].map((type) => [type.name, type]));
  }

  copy<T extends SchemaType>(type: T): T {
    let copy = this.#copies.get(type);
    if (copy === undefined) {
      copy = { ...type };
      this.#copies.set(type, copy);
      this.#fill(copy, type);
    }
    return copy as T;
  }

  #fill(copy: Mutable<SchemaType>, type: SchemaType): void {
    switch (copy.kind) {
      case 'builtin':
        return;
      case 'enum':
        copy.features = this.#features(copy.features, type as EnumType);
        copy.members = copy.members
          .filter((value) => this.#keeps(value, type as EnumType))
          .map((value) => ({ ...value, features: this.#features(value.features, type as EnumType) }));
        return;
      case 'array':
        copy.element = this.copy(copy.element);
        return;
      case 'alternate':
        copy.choices = copy.choices.map((choice) => this.copy(choice));
        return;
      case 'object':
        this.#fillObject(copy, type as ObjectType);
    }
  }

  #fillObject(copy: Mutable<ObjectType>, type: ObjectType): void {
    copy.members = copy.members
      .filter((member) => this.#keeps(member, type))
      .map((member) => ({
        ...member,
        type: this.copy(member.type),
        features: this.#features(member.features, type),
      }));
    copy.features = this.#features(copy.features, type);
    const tag = copy.members.find(({ name }) => name === copy.tag)?.type;
    if (tag?.kind !== 'enum') return;
    const cases = new Set(tag.members.map(({ name }) => name));
    copy.variants = copy.variants
      .filter((variant) => cases.has(variant.case) && this.#keeps({ ...variant, name: variant.case }, type))
      .map((variant) => ({ ...variant, type: this.copy(variant.type) }));
  }

  #features(features: readonly Feature[], type: EnumType | ObjectType): readonly Feature[] {
    return features.filter((feature) => this.#keeps(feature, type));
  }
}
