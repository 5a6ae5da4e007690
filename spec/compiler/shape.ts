/**
 * Stage 2, the pieces: context-free checks of what all definitions are made of (keys, type references, members,
 * branches, conditions, features), each turned into its normal form.
 */
import type { BranchDef, FeatureDef, MemberDef, Members, TypeRef, Value } from './ast.ts';
import { condition } from './condition.ts';
import { fault, type Source } from './diagnostic.ts';
import { checkBranchName, checkFeatureName, checkMemberName } from './names.ts';
import type { Pragmas } from './pragma.ts';

/** The definition that a piece stands in. */
export interface Context {
  readonly name: string;
  readonly source: Source;
  readonly pragmas: Pragmas;
}

export function isMembers(value: Value | undefined): value is Members {
  return value instanceof Map;
}

function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** Every required key there, no key beyond the required and the optional ones. `what` has the keys. */
export function checkKeys(
  value: Members,
  what: string,
  required: readonly string[],
  optional: readonly string[],
  source: Source,
): void {
  for (const key of required) if (!value.has(key)) fault(source, `${what} lacks key '${key}'`);
  for (const key of value.keys())
    if (!required.includes(key) && !optional.includes(key)) fault(source, `${what} has unknown key '${key}'`);
}

export function typeRef(value: Value | undefined, what: string, source: Source): TypeRef {
  if (typeof value === 'string') return { name: value, array: false };
  if (!isList(value)) fault(source, `${what} must be the name of a type, or an array of one`);
  const [element] = value;
  if (value.length !== 1 || typeof element !== 'string')
    fault(source, `${what}: an array type must hold the name of one type`);
  return { name: element, array: true };
}

/** `{ 'name': TYPE-REF, '*optional': { 'type': TYPE-REF, 'if': …, 'features': … } }`; `what`: 'member', … */
export function members(value: Value | undefined, where: string, context: Context): MemberDef[] {
  const { source, pragmas } = context;
  if (!isMembers(value)) fault(source, `${where} must be an object`);
  return [...value].map(([key, given]) => {
    const optional = key.startsWith('*');
    const name = optional ? key.slice(1) : key;
    const what = `member '${name}' of ${where}`;
    checkMemberName({ name, what: `member of ${where}`, owner: context.name, source, pragmas });
    const long = longhand(given, what, ['if', 'features'], source);
    return {
      name,
      optional,
      type: typeRef(long.get('type'), what, source),
      features: features(long.get('features'), what, source),
      ...condition(long.get('if'), what, source),
    };
  });
}

/** The branches of a union or alternate; `tagged`: their names are values of an enum defined elsewhere. */
export function branches(value: Value | undefined, tagged: boolean, context: Context): BranchDef[] {
  const { name: owner, source, pragmas } = context;
  if (!isMembers(value)) fault(source, "'data' must be an object");
  if (value.size === 0 && !tagged) fault(source, "'data' must have at least one branch");
  return [...value].map(([name, given]) => {
    if (tagged) checkBranchName(name, source);
    else checkMemberName({ name, what: 'branch', owner, source, pragmas });
    const what = `branch '${name}'`;
    const long = longhand(given, what, ['if'], source);
    return {
      name,
      type: typeRef(long.get('type'), what, source),
      ...condition(long.get('if'), what, source),
    };
  });
}

/** A value that may stand alone for `{ 'type': value }`. */
function longhand(value: Value, what: string, optional: readonly string[], source: Source): Members {
  if (!isMembers(value)) return new Map([['type', value]]);
  checkKeys(value, what, ['type'], optional, source);
  return value;
}

export function features(value: Value | undefined, what: string, source: Source): FeatureDef[] {
  if (value === undefined) return [];
  if (!isList(value)) fault(source, `'features' of ${what} must be a list`);
  const seen = new Set<string>();
  return value.map((given) => {
    const { name, ...rest } = named(given, `feature of ${what}`, ['if'], source);
    checkFeatureName(name, source);
    if (seen.has(name)) fault(source, `${what} has feature '${name}' twice`);
    seen.add(name);
    return { name, ...condition(rest.value?.get('if'), `feature '${name}'`, source) };
  });
}

/** A name, or an object with one and keys of the `optional` ones. */
export function named(
  given: Value,
  what: string,
  optional: readonly string[],
  source: Source,
): { readonly name: string; readonly value?: Members } {
  if (typeof given === 'string') return { name: given };
  if (!isMembers(given)) fault(source, `${what} must be a string or an object`);
  checkKeys(given, what, ['name'], optional, source);
  const name = given.get('name');
  if (typeof name !== 'string') fault(source, `'name' of ${what} must be a string`);
  return { name, value: given };
}
