/**
 * Stage 3: definitions to the schema model, every name resolved.
 *
 * 1. Declare: each definition gets an unfinished type, so that references may go forward and in circles.
 * 2. Finish, in the order of the text: members, bases (which are finished first), branches, arguments.
 * What an object, union or alternate must satisfy is checked as it is finished. Neighbours: `clash.ts` for names
 * that meet, `alternate.ts` for choices.
 */
import type { Condition, EnumType, ObjectType, Schema, SchemaType, SourceInfo, Variant } from '../model.ts';
import { checkAlternate } from './alternate.ts';
import type {
  AlternateDef,
  CommandDef,
  Definition,
  EnumDef,
  EventDef,
  MemberDef,
  StructDef,
  TypeRef,
  UnionDef,
} from './ast.ts';
import { BUILTINS, EMPTY, QTYPE } from './builtins.ts';
import { NameTable } from './clash.ts';
import { fault, type Source } from './diagnostic.ts';
import type { Pragmas } from './pragma.ts';

/** Deeper bases and branches than any schema has; keeps the resolver's own stack bounded. */
const MAX_NESTING = 100;

type Unfinished<T> = { -readonly [K in keyof T]: T[K] };
type ObjectDef = StructDef | UnionDef;
/** How type errors call each kind. */
const KIND_WORDS = {
  builtin: 'a builtin type',
  enum: 'an enum',
  array: 'an array',
  object: 'an object',
  alternate: 'an alternate',
} satisfies Record<SchemaType['kind'], string>;

export interface Rules {
  readonly pragmas: Pragmas;
  /** Whether a union may leave out the branches that add nothing. */
  readonly branchesOptional: boolean;
}

export function resolveSchema(definitions: readonly Definition[], rules: Rules): Schema {
  const resolver = new Resolver(definitions, rules);
  resolver.declare();
  resolver.finish();
  return resolver.schema;
}

class Resolver {
  readonly schema = {
    commands: new Map(),
    events: new Map(),
    types: new Map<string, SchemaType>([...BUILTINS, QTYPE, EMPTY].map((type) => [type.name, type])),
  } satisfies Schema;
  readonly #definitions: readonly Definition[];
  readonly #rules: Rules;
  /** Where each name was defined; builtin ones have no place. */
  readonly #places = new Map<string, Source | undefined>();
  /** Structs and unions that are not finished yet, or just being finished. */
  readonly #objects = new Map<string, { readonly definition: ObjectDef; begun: boolean }>();
  /** How many objects are being finished at the moment, each for the sake of the one before. */
  #nesting = 0;

  constructor(definitions: readonly Definition[], rules: Rules) {
    this.#definitions = definitions;
    this.#rules = rules;
    for (const name of this.schema.types.keys()) this.#places.set(name, undefined);
  }

  // 1. Declare

  declare(): void {
    const hasSimpleUnion = this.#definitions.some(isSimpleUnion);
    for (const definition of this.#definitions) {
      const { kind, name, source } = definition;
      this.#claim(name, source);
      if (kind === 'command' || kind === 'event') continue;
      if (hasSimpleUnion && name.endsWith('Kind'))
        fault(
          source,
          `${kind} '${name}': names that end with 'Kind' are reserved for the tags of simple unions`,
        );
      this.schema.types.set(name, declaredType(definition));
      if (kind === 'struct' || kind === 'union') this.#objects.set(name, { definition, begun: false });
      if (isSimpleUnion(definition)) this.#declareTag(definition);
    }
  }

  /** The enum of a simple union's branches. */
  #declareTag({ name: union, branches, source }: UnionDef): void {
    const name = `${union}Kind`;
    this.#claim(name, source);
    const members = branches.map((branch) => ({ ...conditional(branch), name: branch.name, features: [] }));
    this.schema.types.set(name, { kind: 'enum', name, members, features: [] });
  }

  #claim(name: string, source: Source): void {
    if (this.#places.has(name)) {
      const place = this.#places.get(name);
      fault(
        source,
        `'${name}' is already ${place ? `defined at ${place.file}:${place.line}` : 'a builtin type'}`,
      );
    }
    this.#places.set(name, source);
  }

  // 2. Finish

  finish(): void {
    for (const definition of this.#definitions) {
      switch (definition.kind) {
        case 'enum':
          checkEnum(definition);
          break;
        case 'struct':
        case 'union':
          this.#object(definition.name);
          break;
        case 'alternate':
          this.#alternate(definition);
          break;
        case 'command':
          this.#command(definition);
          break;
        case 'event':
          this.#event(definition);
      }
    }
  }

  /** The finished struct or union of that name. */
  #object(name: string): ObjectType {
    const type = this.schema.types.get(name) as Unfinished<ObjectType>;
    const entry = this.#objects.get(name);
    if (entry === undefined) return type;
    const { definition } = entry;
    if (entry.begun) fault(definition.source, `${definition.kind} '${name}' contains itself`);
    entry.begun = true;
    if (++this.#nesting > MAX_NESTING) fault(definition.source, 'nested too deeply');
    if (definition.kind === 'struct') this.#struct(definition, type);
    else if (definition.discriminator === undefined) this.#simpleUnion(definition, type);
    else this.#flatUnion(definition, definition.discriminator, type);
    rejectSpecialFeatures(definition);
    this.#objects.delete(name);
    this.#nesting--;
    return type;
  }

  #struct(definition: StructDef, type: Unfinished<ObjectType>): void {
    const { base, members, source } = definition;
    const inherited = base === undefined ? [] : this.#base(base, source);
    const names = new NameTable(source);
    for (const { name } of inherited) names.take(name, 'member', ` of base '${base}'`);
    for (const { name } of members) names.take(name, 'member');
    type.members = [...inherited, ...this.#members(members, source)];
  }

  #simpleUnion(definition: UnionDef, type: Unfinished<ObjectType>): void {
    const { branches, source, name } = definition;
    const names = new NameTable(source);
    const tag = this.schema.types.get(`${name}Kind`)!;
    type.members = [{ name: 'type', type: tag, optional: false, features: [] }];
    type.tag = 'type';
    type.variants = branches.map((branch) => {
      names.take(branch.name, 'branch');
      const wrapped = this.#type(branch.type, `branch '${branch.name}'`, source);
      return { case: branch.name, type: this.#wrapper(branch.type, wrapped), ...conditional(branch) };
    });
  }

  #wrapper(ref: TypeRef, data: SchemaType): ObjectType {
    const name = `q_obj_${ref.array ? `${ref.name}List` : ref.name}-wrapper`;
    const known = this.schema.types.get(name);
    if (known !== undefined) return known as ObjectType;
    return this.#implicit(name, [{ name: 'data', type: data, optional: false, features: [] }]);
  }

  #flatUnion(definition: UnionDef, discriminator: string, type: Unfinished<ObjectType>): void {
    const { base, branches, source } = definition;
    type.members = typeof base === 'string' ? this.#base(base, source) : this.#members(base, source);
    const names = new NameTable(source);
    for (const { name } of type.members) names.take(name, 'member', " of 'base'");
    const tag = tagType(definition, discriminator, type.members);
    type.tag = discriminator;
    type.variants = branches.map((branch): Variant => {
      const what = `branch '${branch.name}'`;
      if (!tag.members.some((value) => value.name === branch.name))
        fault(source, `${what} is not a value of enum '${tag.name}'`);
      const content = this.#type(branch.type, what, source);
      if (content.kind !== 'object')
        fault(source, `${what} must be a struct, '${content.name}' is ${KIND_WORDS[content.kind]}`);
      names.checkBranch(this.#object(content.name), ` of ${what}`);
      return { case: branch.name, type: content, ...conditional(branch) };
    });
    if (tag.members.length === 0)
      fault(source, `enum '${tag.name}' has no values, so that there is no branch`);
    if (this.#rules.branchesOptional) return;
    const missing = tag.members.find((value) => !branches.some((branch) => branch.name === value.name));
    if (missing !== undefined) fault(source, `value '${missing.name}' of enum '${tag.name}' has no branch`);
  }

  #base(name: string, source: Source): ObjectType['members'] {
    const type = this.#type({ name, array: false }, "'base'", source);
    if (type.kind !== 'object')
      fault(source, `'base' must be a struct, '${name}' is ${KIND_WORDS[type.kind]}`);
    const { tag, members } = this.#object(name);
    if (tag !== undefined) fault(source, `'base' must be a struct, '${name}' is a union`);
    return members;
  }

  #alternate(definition: AlternateDef): void {
    const { name, branches, source } = definition;
    const names = new NameTable(source);
    const choices = branches.map((branch) => {
      names.take(branch.name, 'branch');
      return this.#type(branch.type, `branch '${branch.name}'`, source);
    });
    checkAlternate(definition, choices);
    rejectSpecialFeatures(definition);
    Object.assign(this.schema.types.get(name)!, { choices });
  }

  #command(definition: CommandDef): void {
    const { name, returns, allowOob, successResponse, unchecked, features } = definition;
    this.schema.commands.set(name, {
      name,
      arguments: this.#arguments(definition),
      returns: returns === undefined ? EMPTY : this.#returns(definition, returns),
      allowOob,
      successResponse,
      unchecked,
      features,
      ...conditional(definition),
      source: sourceInfo(definition),
    });
  }

  /** Only an object, or an array of objects, leaves room for more to be returned later. */
  #returns({ name, source, unchecked }: CommandDef, ref: TypeRef): SchemaType {
    const type = this.#type(ref, "'returns'", source, unchecked);
    const content = type.kind === 'array' ? type.element : type;
    if (content.kind !== 'object' && !this.#rules.pragmas.allowsAnyReturn(name))
      fault(
        source,
        `'returns' must be an object or an array of objects, '${type.name}' is ${KIND_WORDS[type.kind]}`,
      );
    return type;
  }

  #event(definition: EventDef): void {
    const { name, features } = definition;
    this.schema.events.set(name, {
      name,
      data: this.#arguments(definition),
      features,
      ...conditional(definition),
      source: sourceInfo(definition),
    });
  }

  #arguments(definition: CommandDef | EventDef): ObjectType {
    const { name, data, boxed, source } = definition;
    if (typeof data !== 'string') {
      const names = new NameTable(source);
      for (const member of data) names.take(member.name, 'member');
      const unchecked = definition.kind === 'command' && definition.unchecked;
      const members = this.#members(data, source, unchecked);
      return members.length === 0 ? EMPTY : this.#implicit(`q_obj_${name}-arg`, members);
    }
    const type = this.#type({ name: data, array: false }, "'data'", source);
    if (type.kind !== 'object')
      fault(source, `'data' must be an object, '${data}' is ${KIND_WORDS[type.kind]}`);
    if (this.#object(data).tag !== undefined && !boxed)
      fault(source, `'data' is union '${data}', which needs 'boxed': true`);
    return type;
  }

  #members(definitions: readonly MemberDef[], source: Source, unchecked = false): ObjectType['members'] {
    return definitions.map(({ name, optional, type, features, ifcond }) => ({
      name,
      optional,
      features,
      ...conditional({ ifcond }),
      type: this.#type(type, `member '${name}'`, source, unchecked),
    }));
  }

  #implicit(name: string, members: ObjectType['members']): ObjectType {
    const type: ObjectType = { kind: 'object', name, members, variants: [], features: [], implicit: true };
    this.schema.types.set(name, type);
    return type;
  }

  /** `unchecked`: of a `gen: false` command, where up to QEMU 2.4 `**` stood for anything. */
  #type(ref: TypeRef, what: string, source: Source, unchecked = false): SchemaType {
    const element = this.schema.types.get(unchecked && ref.name === '**' ? 'any' : ref.name);
    if (element === undefined || isImplicit(element))
      fault(source, `${what} names unknown type '${ref.name}'`);
    return ref.array ? this.#array(element) : element;
  }

  #array(element: SchemaType): SchemaType {
    const name = `[${element.name}]`;
    const type = this.schema.types.get(name) ?? { kind: 'array', name, element };
    this.schema.types.set(name, type);
    return type;
  }
}

/** A type by its name alone; what it holds is not known yet, except for an enum's values. */
function declaredType(definition: Exclude<Definition, CommandDef | EventDef>): SchemaType {
  const { name, features } = definition;
  const base = { name, features, ...conditional(definition), source: sourceInfo(definition) };
  switch (definition.kind) {
    case 'enum':
      return { ...base, kind: 'enum', members: definition.values };
    case 'alternate':
      return { ...base, kind: 'alternate', choices: [] };
    default:
      return { ...base, kind: 'object', members: [], variants: [] };
  }
}

/** The enum whose values select the branches. */
function tagType({ source }: UnionDef, discriminator: string, common: ObjectType['members']): EnumType {
  const what = `discriminator '${discriminator}'`;
  const tag = common.find((member) => member.name === discriminator);
  if (tag === undefined) fault(source, `${what} is not a member of 'base'`);
  if (tag.type.kind !== 'enum') fault(source, `${what} must be of an enum type`);
  if (tag.optional) fault(source, `${what} must not be optional`);
  if (tag.ifcond !== undefined) fault(source, `${what} must not be conditional`);
  return tag.type;
}

function checkEnum(definition: EnumDef): void {
  const names = new NameTable(definition.source);
  for (const { name } of definition.values) names.take(name, 'value');
  rejectSpecialFeatures(definition);
}

/** Commands, events, members and enum values can be deprecated or unstable; types can't. */
function rejectSpecialFeatures({ kind, features, source }: Definition): void {
  for (const { name } of features)
    if (name === 'deprecated' || name === 'unstable')
      fault(source, `feature '${name}' is not for a type (${kind})`);
}

function isSimpleUnion(definition: Definition): definition is UnionDef {
  return definition.kind === 'union' && definition.discriminator === undefined;
}

/** Types that the compiler made have names that QAPI text can't refer to. */
function isImplicit(type: SchemaType): boolean {
  return type.kind === 'array' || (type.kind === 'object' && type.implicit === true);
}

function conditional({ ifcond }: { readonly ifcond?: Condition | undefined }): {
  readonly ifcond?: Condition;
} {
  return ifcond === undefined ? {} : { ifcond };
}

function sourceInfo({ source: { file, line }, doc }: Definition): SourceInfo {
  return { file, line, ...(doc && doc.summary !== '' && { doc: doc.summary }) };
}
