/**
 * Mutations that make valid arguments invalid: each by name, with the requirement that it breaks, and what it does to
 * an object. Every one must be refused with GenericError before anything is done.
 */
import { effectsOf } from '../../spec/effects/effects-of.ts';
import { integerInputRange } from '../../spec/integers.ts';
import type { Json } from '../../spec/json.ts';
import type { SchemaType } from '../../spec/model.ts';
import type { RequirementId } from '../../spec/requirements/index.ts';
import { validatorFor } from '../../spec/validate.ts';
import { simplestOf } from '../arbitraries/command-arguments.ts';
import { branchesOf, branchOf } from '../types/members.ts';
import type { Site } from './site.ts';

/** What is done to one member of an object. */
export type Change = { readonly member: string } & (
  | { readonly put: Json }
  /** Left out. */
  | { readonly take: true }
  /** Given a second time. */
  | { readonly again: Json }
  /** Given as this text, which no JSON value of ours prints. */
  | { readonly literal: string }
  /** Given under another name. */
  | { readonly rename: string }
);

export interface Mutation {
  readonly requirement: RequirementId;
  /** False: a schema cannot say that it is wrong. */
  readonly schematic: boolean;
  at(site: Site): Iterable<Change>;
}

const UNKNOWN_MEMBER = 'no-such-member';
const UNKNOWN_VALUE = 'no-such-value';
/** One value of each JSON type, numbers with and without fraction. */
const ANY_TYPE: readonly Json[] = [null, true, 1, 0.5, 'x', [], {}];
/** Members of other branches that are tried of one object. */
const MAX_FOREIGN = 12;
/** Brackets within brackets: a parser takes the first, and not the second. */
const NESTINGS = [1000, 1100];

/** All mutations by name. The name is part of case ids and never changes. */
export const MUTATIONS = {
  'missing-member': {
    requirement: 'schema/member-missing',
    schematic: true,
    *at({ members, value }) {
      for (const { name, optional } of members)
        if (!optional && Object.hasOwn(value, name)) yield { member: name, take: true };
    },
  },
  'unknown-member': {
    requirement: 'schema/member-unknown',
    schematic: true,
    *at() {
      yield { member: UNKNOWN_MEMBER, put: 1 };
    },
  },
  'renamed-member': {
    requirement: 'schema/case-sensitive',
    schematic: true,
    *at({ members, value }) {
      const known = new Set(members.map(({ name }) => name));
      for (const name of present(members, value))
        for (const rename of otherSpellings(name)) if (!known.has(rename)) yield { member: name, rename };
    },
  },
  'duplicate-member': {
    requirement: 'schema/member-type',
    schematic: false,
    *at({ members, value }) {
      for (const { name, type } of members)
        if (Object.hasOwn(value, name))
          for (const again of illTyped(type).slice(0, 1)) yield { member: name, again };
    },
  },
  'wrong-type': {
    requirement: 'schema/member-type',
    schematic: true,
    *at({ members }) {
      for (const { name, type } of members) for (const put of illTyped(type)) yield { member: name, put };
    },
  },
  'wrong-element': {
    requirement: 'schema/list-elements',
    schematic: true,
    *at({ members }) {
      for (const { name, type } of members)
        if (type.kind === 'array')
          for (const put of illTyped(type.element)) yield { member: name, put: [put] };
    },
  },
  'integer-form': {
    requirement: 'schema/integer-form',
    schematic: false,
    *at({ members }) {
      for (const { name, type } of members)
        if (isInteger(type)) for (const literal of ['1.0', '1e3', '-0.0']) yield { member: name, literal };
    },
  },
  'out-of-range': {
    requirement: 'schema/integer-range',
    schematic: true,
    *at({ members }) {
      for (const { name, type } of members) for (const put of beyond(type)) yield { member: name, put };
    },
  },
  'unknown-value': {
    requirement: 'schema/enum-value',
    schematic: true,
    *at({ members }) {
      for (const { name, type } of members)
        if (type.kind === 'enum') for (const put of unknownValues(type.members)) yield { member: name, put };
    },
  },
  'wrong-branch': {
    requirement: 'schema/branch-members',
    schematic: true,
    *at(site) {
      yield* foreignMembers(site);
    },
  },
  'deep-nesting': {
    requirement: 'schema/member-type',
    schematic: false,
    *at({ members }) {
      const member = members.find(({ type }) => illTyped(type).some(Array.isArray));
      if (member === undefined) return;
      for (const depth of NESTINGS)
        yield { member: member.name, literal: '['.repeat(depth) + ']'.repeat(depth) };
    },
  },
  'exclusive-members': {
    requirement: 'schema/refused-before-effects',
    schematic: false,
    *at({ command = '', value, members }) {
      for (const { members: group, both, neither } of effectsOf(command).exclusive ?? []) {
        const given = group.filter((name) => Object.hasOwn(value, name));
        const possible = group.every((name) => members.some((member) => member.name === name));
        if (given.length !== 1 || !possible) continue;
        const other = group.find((name) => name !== given[0])!;
        if (both) yield { member: other, put: value[given[0]!]! };
        if (neither) yield { member: given[0]!, take: true };
      }
    },
  },
} as const satisfies Record<string, Mutation>;

export type MutationName = keyof typeof MUTATIONS;

function present(members: Site['members'], value: Site['value']): string[] {
  return members.map(({ name }) => name).filter((name) => Object.hasOwn(value, name));
}

function otherSpellings(name: string): string[] {
  const swapped = name.includes('-') ? name.replaceAll('-', '_') : name.replaceAll('_', '-');
  return [name.toUpperCase(), swapped, ` ${name}`].filter((spelling) => spelling !== name);
}

const illTypedValues = new WeakMap<SchemaType, readonly Json[]>();

/** Values of JSON types that the type does not take at all. */
export function illTyped(type: SchemaType): readonly Json[] {
  let values = illTypedValues.get(type);
  if (values === undefined) {
    const issuesOf = validatorFor(type, 'input');
    values = ANY_TYPE.filter((value) =>
      issuesOf(value).some(({ code, path }) => code === 'type' && path === '$'),
    ).map((value) => (typeof value === 'string' ? quoted(type) : value));
    illTypedValues.set(type, values);
  }
  return values;
}

/** A text that reads as a value of the type: who converts texts takes it. */
function quoted(type: SchemaType): string {
  const { jsonType } = type.kind === 'builtin' ? type : { jsonType: undefined };
  return jsonType === 'int' || jsonType === 'number' ? '1' : jsonType === 'boolean' ? 'true' : 'x';
}

function isInteger(type: SchemaType): boolean {
  return type.kind === 'builtin' && type.jsonType === 'int';
}

function beyond(type: SchemaType): readonly Json[] {
  if (type.kind !== 'builtin' || type.jsonType !== 'int' || type.anyInteger) return [];
  const { min, max } = integerInputRange(type);
  return [min - 1n, max + 1n];
}

function unknownValues(members: readonly { readonly name: string }[]): readonly string[] {
  const known = new Set(members.map(({ name }) => name));
  const upper = members[0]?.name.toUpperCase() ?? '';
  return [UNKNOWN_VALUE, '', upper].filter((value) => !known.has(value));
}

/** One member of each other branch that this one does not have, with a value of its type. */
function* foreignMembers({ type, value }: Site): Iterable<Change> {
  if (type.tag === undefined) return;
  const taken = new Set(branchOf(type, value).members.map(({ name }) => name));
  let count = 0;
  for (const { members } of branchesOf(type)) {
    const foreign = members.find(({ name }) => !taken.has(name));
    if (foreign === undefined) continue;
    taken.add(foreign.name);
    yield { member: foreign.name, put: simplestOf(foreign.type, foreign.name) };
    if (++count === MAX_FOREIGN) return;
  }
}
