/**
 * Stage 2: context-free checks of each definition, which need no other definition: its kind, its name, its keys and
 * the shape of their values. Gives definitions in normal form. Neighbours: `shape.ts` has the pieces, `names.ts` the
 * naming rules, `schema.ts` takes the definitions and resolves what they refer to.
 */
import type {
  Arguments,
  Definition,
  DefinitionKind,
  EnumValueDef,
  Expression,
  Members,
  Value,
} from './ast.ts';
import { condition } from './condition.ts';
import { fault, type Source } from './diagnostic.ts';
import { checkCommandName, checkEnumValueName, checkEventName, checkTypeName } from './names.ts';
import type { Pragmas } from './pragma.ts';
import { branches, type Context, checkKeys, features, isMembers, members, named, typeRef } from './shape.ts';

/** Keys beside the one that names the kind. `if` and `features` may stand in all. */
const KEYS: Readonly<Record<DefinitionKind, { required: readonly string[]; optional: readonly string[] }>> = {
  enum: { required: ['data'], optional: ['prefix'] },
  struct: { required: ['data'], optional: ['base'] },
  union: { required: ['data'], optional: ['base', 'discriminator'] },
  alternate: { required: ['data'], optional: [] },
  command: {
    required: [],
    optional: [
      'data',
      'returns',
      'boxed',
      'gen',
      'success-response',
      'allow-oob',
      'allow-preconfig',
      'coroutine',
    ],
  },
  event: { required: [], optional: ['data', 'boxed'] },
};
const KINDS = Object.keys(KEYS) as DefinitionKind[];

/** Flags by the only value that may be written. Up to QEMU 2.3 `'no'` stood for false. */
const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['gen', false],
  ['success-response', false],
  ['boxed', true],
  ['allow-oob', true],
  ['allow-preconfig', true],
  ['coroutine', true],
]);

/** Checks one top-level expression. */
export function checkExpression(expression: Expression, pragmas: Pragmas): Definition {
  const kind = KINDS.find((key) => expression.members.has(key));
  if (kind === undefined)
    fault(expression.source, `expression has none of the keys ${KINDS.map((k) => `'${k}'`).join(', ')}`);
  const name = expression.members.get(kind);
  if (typeof name !== 'string') fault(expression.source, `'${kind}' must be a string, the name`);
  const source: Source = { ...expression.source, definition: `${kind} '${name}'` };
  checkName(kind, name, source, pragmas);
  checkKeys(
    expression.members,
    kind,
    [kind, ...KEYS[kind].required],
    [...KEYS[kind].optional, 'if', 'features'],
    source,
  );
  checkFlags(expression.members, source);
  const get = (key: string): Value | undefined => expression.members.get(key);
  const context: Context = { name, source, pragmas };
  const base = {
    name,
    source,
    ...(expression.doc && { doc: expression.doc }),
    ...condition(get('if'), kind, source),
    features: features(get('features'), kind, source),
  };
  switch (kind) {
    case 'enum':
      return { ...base, kind, values: enumValues(get('data'), get('prefix'), context) };
    case 'struct':
      return {
        ...base,
        kind,
        members: members(get('data'), "'data'", context),
        ...structBase(get('base'), source),
      };
    case 'union':
      return { ...base, kind, ...union(expression.members, context) };
    case 'alternate':
      return { ...base, kind, branches: branches(get('data'), false, context) };
    case 'event':
      return { ...base, kind, ...argumentsOf(expression.members, context) };
    case 'command':
      return {
        ...base,
        kind,
        ...argumentsOf(expression.members, context),
        ...command(expression.members, source),
      };
  }
}

function checkName(kind: DefinitionKind, name: string, source: Source, pragmas: Pragmas): void {
  if (kind === 'command') checkCommandName(name, source, pragmas);
  else if (kind === 'event') checkEventName(name, source);
  else checkTypeName(name, kind, source);
}

function checkFlags(given: Members, source: Source): void {
  for (const [flag, allowed] of FLAGS) {
    const value = given.get(flag);
    if (value === undefined || value === allowed || (value === 'no' && !allowed)) continue;
    fault(source, `'${flag}' may only be ${allowed}`);
  }
  if (given.has('coroutine') && given.has('allow-oob'))
    fault(source, "'coroutine' and 'allow-oob' exclude each other");
}

function enumValues(data: Value | undefined, prefix: Value | undefined, context: Context): EnumValueDef[] {
  const { name: owner, source, pragmas } = context;
  if (!Array.isArray(data)) fault(source, "'data' must be a list");
  if (prefix !== undefined && typeof prefix !== 'string') fault(source, "'prefix' must be a string");
  return (data as readonly Value[]).map((given) => {
    const { name, value } = named(given, 'value', ['if', 'features'], source);
    checkEnumValueName({ name, owner, source, pragmas });
    const what = `value '${name}'`;
    return {
      name,
      features: features(value?.get('features'), what, source),
      ...condition(value?.get('if'), what, source),
    };
  });
}

function structBase(base: Value | undefined, source: Source): { base?: string } {
  if (base === undefined) return {};
  if (typeof base !== 'string') fault(source, "'base' must be the name of a struct");
  return { base };
}

function union(given: Members, context: Context) {
  const { source } = context;
  const base = given.get('base');
  const discriminator = given.get('discriminator');
  if (discriminator === undefined) {
    if (base !== undefined) fault(source, "'base' needs a 'discriminator'");
    return { base: [], branches: branches(given.get('data'), false, context) };
  }
  if (base === undefined) fault(source, "'discriminator' needs a 'base'");
  if (typeof base !== 'string' && !isMembers(base))
    fault(source, "'base' must be the name of a struct or an object");
  const common = typeof base === 'string' ? base : members(base, "'base'", context);
  if (typeof discriminator !== 'string') fault(source, "'discriminator' must be a string");
  return { base: common, discriminator, branches: branches(given.get('data'), true, context) };
}

function argumentsOf(given: Members, context: Context): { data: Arguments; boxed: boolean } {
  const { source } = context;
  const data = given.get('data');
  const boxed = given.has('boxed');
  if (boxed && typeof data !== 'string') fault(source, "'boxed' needs a 'data' that names a type");
  if (data === undefined) return { data: [], boxed };
  if (typeof data === 'string') return { data, boxed };
  if (!isMembers(data)) fault(source, "'data' must be the name of a type or an object");
  return { data: members(data, "'data'", context), boxed };
}

function command(given: Members, source: Source) {
  const returns = given.get('returns');
  return {
    ...(returns !== undefined && { returns: typeRef(returns, "'returns'", source) }),
    allowOob: given.has('allow-oob'),
    successResponse: !given.has('success-response'),
    unchecked: given.has('gen'),
  };
}
