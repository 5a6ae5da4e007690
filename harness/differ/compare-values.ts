/**
 * All differences between two replies or events of the same kind, found by walking both beside their types: what only
 * one schema knows is drift, what a rule speaks of is told as the rule says, the rest must be equal.
 */
import { isJsonObject, type Json, type JsonObject, jsonEqual } from '../../spec/json.ts';
import type { ObjectType, SchemaType } from '../../spec/model.ts';
import { memberPath, own } from '../state/json-difference.ts';
import type { Difference, DifferenceClass } from './difference.ts';
import { isMadeName, NamePairs, sameText } from './error-texts.ts';
import { type ListRule, listRule, memberRule } from './normalisation-rules.ts';

/** The type of a value on each side, where it is known. */
export interface TypePair {
  readonly left: SchemaType | undefined;
  readonly right: SchemaType | undefined;
}

interface ValuePlace {
  readonly path: string;
  readonly types: TypePair;
  /** As the rules above it say. */
  readonly class: DifferenceClass;
  readonly excuse?: string;
}

type ValueDifference = Omit<Difference, 'step'>;

const DRIFT = 'only one schema knows it';

export class ValueComparison {
  readonly found: ValueDifference[] = [];
  readonly #subject: string;
  readonly #names: NamePairs;

  /** `names` is shared by all comparisons of a run. */
  constructor(subject: string, names = new NamePairs()) {
    this.#subject = subject;
    this.#names = names;
  }

  compare(left: Json, right: Json, types: TypePair, path: string): void {
    this.#values(left, right, { path, types, class: 'must' });
  }

  #values(left: Json, right: Json, place: ValuePlace): void {
    if (typeof left === 'string' && typeof right === 'string') this.#texts(left, right, place);
    else if (Array.isArray(left) && Array.isArray(right)) {
      const rule = listRule(place.path, this.#subject);
      if (rule === undefined) this.#lists(left, right, place);
      else this.#sets(left, right, rule, place);
    } else if (isJsonObject(left) && isJsonObject(right)) this.#objects(left, right, place);
    else if (!jsonEqual(left, right)) this.#report(place, left, right);
  }

  #texts(left: string, right: string, place: ValuePlace): void {
    if (sameText(left, right, this.#names)) return;
    const { types } = place;
    const drift =
      (hasValue(types.left, left) && hasValue(types.right, left) === false) ||
      (hasValue(types.right, right) && hasValue(types.left, right) === false);
    this.#report(drift ? { ...place, class: 'schema', excuse: DRIFT } : place, left, right);
  }

  #objects(left: JsonObject, right: JsonObject, place: ValuePlace): void {
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
      const rule = memberRule(key, this.#subject);
      if (rule?.treat === 'free') continue;
      const types = {
        left: memberType(place.types.left, left, key),
        right: memberType(place.types.right, right, key),
      };
      const path = memberPath(place.path, key);
      const graded = rule === undefined ? place : { class: rule.treat, excuse: rule.reason };
      const inner: ValuePlace = {
        ...place,
        ...(graded as Pick<ValuePlace, 'class' | 'excuse'>),
        path,
        types,
      };
      const [ours, theirs] = [own(left, key), own(right, key)];
      if (ours !== undefined && theirs !== undefined) this.#values(ours, theirs, inner);
      else this.#report(this.#absent(inner, place, ours === undefined), ours, theirs);
    }
  }

  /** A member that one side has and the other has not. */
  #absent(inner: ValuePlace, outer: ValuePlace, left: boolean): ValuePlace {
    const lacking = left ? inner.types.left : inner.types.right;
    const known = left ? outer.types.left : outer.types.right;
    if (known?.kind === 'object' && lacking === undefined)
      return { ...inner, class: 'schema', excuse: DRIFT };
    return inner.class === 'must' ? { ...inner, class: 'should' } : inner;
  }

  #lists(left: readonly Json[], right: readonly Json[], place: ValuePlace): void {
    const types = elementTypes(place.types);
    for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
      const inner = { ...place, types, path: `${place.path}[${index}]` };
      const [ours, theirs] = [left[index], right[index]];
      if (ours === undefined || theirs === undefined) this.#report(inner, ours, theirs);
      else this.#values(ours, theirs, inner);
    }
  }

  /** Items by their key; made-up keys that were not met yet are paired in order. */
  #sets(left: readonly Json[], right: readonly Json[], { by, alike }: ListRule, place: ValuePlace): void {
    const types = elementTypes(place.types);
    const rest = [...right];
    for (const [index, ours] of left.entries()) {
      const key = keyOf(ours, by);
      const at = rest.findIndex((other) => this.#sameKey(key, keyOf(other, by), sameIn(alike, ours, other)));
      const inner = { ...place, types, path: `${place.path}[${index}]` };
      if (at < 0) this.#report(inner, ours, undefined);
      else this.#values(ours, rest.splice(at, 1)[0]!, inner);
    }
    for (const theirs of rest) this.#report({ ...place, types, path: `${place.path}[]` }, undefined, theirs);
  }

  /** `alike`: two keys that were made up and not met yet may belong together. */
  #sameKey(left: Json | undefined, right: Json | undefined, alike: boolean): boolean {
    if (left === undefined || right === undefined) return left === right;
    if (typeof left !== 'string' || typeof right !== 'string') return jsonEqual(left, right);
    if (!isMadeName(left) || !isMadeName(right)) return left === right;
    return this.#names.rightOf(left) === right || (alike && this.#free(left) && !this.#names.hasRight(right));
  }

  #free(left: string): boolean {
    return this.#names.rightOf(left) === undefined;
  }

  #report({ path, class: of, excuse }: ValuePlace, left?: Json, right?: Json): void {
    this.found.push({
      class: of,
      subject: this.#subject,
      path,
      ...(left !== undefined && { left }),
      ...(right !== undefined && { right }),
      message: left === undefined ? 'only right' : right === undefined ? 'only left' : 'not equal',
      ...(excuse !== undefined && { excuse }),
    });
  }
}

function keyOf(item: Json, by: readonly string[]): Json | undefined {
  if (!isJsonObject(item)) return item;
  const member = by.find((name) => item[name] !== undefined && item[name] !== '');
  return member === undefined ? undefined : item[member];
}

function sameIn(member: string | undefined, left: Json, right: Json): boolean {
  if (member === undefined || !isJsonObject(left) || !isJsonObject(right)) return true;
  return left[member] === right[member];
}

function elementTypes({ left, right }: TypePair): TypePair {
  const element = (type: SchemaType | undefined): SchemaType | undefined =>
    type?.kind === 'array' ? type.element : undefined;
  return { left: element(left), right: element(right) };
}

/** Undefined where the schema does not know the member, or nothing is known of the type. */
export function memberType(
  type: SchemaType | undefined,
  value: JsonObject,
  name: string,
): SchemaType | undefined {
  if (type?.kind === 'alternate')
    return memberType(
      type.choices.find((choice) => choice.kind === 'object'),
      value,
      name,
    );
  if (type?.kind !== 'object') return undefined;
  const common = type.members.find((member) => member.name === name)?.type;
  return common ?? memberType(branch(type, value), value, name);
}

function branch({ tag, variants }: ObjectType, value: JsonObject): ObjectType | undefined {
  return tag === undefined ? undefined : variants.find((variant) => variant.case === value[tag])?.type;
}

/** Whether the type is an enum that has the value; undefined if it is none. */
function hasValue(type: SchemaType | undefined, value: string): boolean | undefined {
  return type?.kind === 'enum' ? type.members.some(({ name }) => name === value) : undefined;
}
