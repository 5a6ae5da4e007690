/**
 * The schema model as one JSON Schema (2020-12), for Ajv, editors and type generators.
 *
 * `$defs` has each type under its QAPI name, and `command:NAME:arguments`, `command:NAME:returns` and
 * `event:NAME:data` for what travels. Every definition and every variant of a union has a title of its own, in
 * PascalCase. A union is a `oneOf` of whole variants: the tag is a constant, common members are repeated, nothing
 * else is allowed. Limits of 64-bit integers are bigints: write the document with `stringifyJson`.
 */
import { integerRange } from '../integers.ts';
import type { Json, JsonObject } from '../json.ts';
import type { EnumType, Member, ObjectType, Schema, SchemaType, SourceInfo } from '../model.ts';

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/** JSON Schema 2020-12 of all arguments, returns, events and types, under `$defs`. */
export function jsonSchema(schema: Schema): JsonObject {
  const definitions: JsonObject = {};
  for (const type of schema.types.values())
    if (isNamed(type)) definitions[type.name] = definition(type, titleOf(type));
  for (const command of schema.commands.values()) {
    const { name, returns, source } = command;
    const title = pascalCase(name);
    definitions[argumentsKey(name)] = described(
      source,
      command.unchecked
        ? { ...objectDefinition(command.arguments, `${title}Arguments`), additionalProperties: true }
        : payload(command.arguments, `${title}Arguments`),
    );
    definitions[`command:${name}:returns`] = { title: `${title}Returns`, ...reference(returns) };
  }
  for (const { name, data, source } of schema.events.values())
    definitions[dataKey(name)] = described(source, payload(data, `${pascalCase(name.toLowerCase())}Event`));
  return { $schema: DIALECT, title: 'QMP', $defs: definitions };
}

export function argumentsKey(command: string): string {
  return `command:${command}:arguments`;
}

export function dataKey(event: string): string {
  return `event:${event}:data`;
}

/** Arguments or data: a type without a name of its own is written out. */
function payload(type: ObjectType, title: string): JsonObject {
  return isNamed(type) ? { title, ...reference(type) } : objectDefinition(type, title);
}

/** Has a definition of its own; the others stand where they are used. */
export function isNamed(type: SchemaType): boolean {
  switch (type.kind) {
    case 'array':
      return false;
    case 'builtin':
      return type.jsonType === 'int';
    case 'object':
      return type.implicit !== true || type.members.length === 0;
    default:
      return true;
  }
}

function titleOf(type: SchemaType): string {
  return pascalCase(type.name.replace(/^q_(obj_)?/, ''));
}

/** `block_resize` and `blockdev-add` as `BlockResize` and `BlockdevAdd`; capitals stay. */
function pascalCase(name: string): string {
  return name.replaceAll(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9]?)/g, (_, first: string) => first.toUpperCase());
}

function described(source: SourceInfo | undefined, plain: JsonObject): JsonObject {
  return source?.doc === undefined ? plain : { ...plain, description: source.doc };
}

function definition(type: SchemaType, title: string): JsonObject {
  switch (type.kind) {
    case 'enum':
      return described(type.source, { title, type: 'string', enum: valuesOf(type) });
    case 'object':
      return described(type.source, objectDefinition(type, title));
    case 'alternate':
      return described(type.source, { title, oneOf: type.choices.map(reference) });
    case 'array':
      return { title, type: 'array', items: reference(type.element) };
    case 'builtin':
      return { title, ...builtinDefinition(type) };
  }
}

function builtinDefinition(type: SchemaType & { kind: 'builtin' }): JsonObject {
  switch (type.jsonType) {
    case 'value':
      return {};
    case 'int': {
      const { min, max } = integerRange(type);
      return { type: 'integer', minimum: exact(min), maximum: exact(max) };
    }
    default:
      return { type: type.jsonType };
  }
}

/** The form that parsing the number's text would give. */
function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function valuesOf(type: EnumType): Json[] {
  return type.members.map((member) => member.name);
}

/** A schema that stands for the type; needs the definitions beside it. */
export function reference(type: SchemaType): JsonObject {
  if (type.kind === 'array') return { type: 'array', items: reference(type.element) };
  if (type.kind === 'builtin' && !isNamed(type)) return builtinDefinition(type);
  return { $ref: `#/$defs/${type.name}` };
}

function objectDefinition(type: ObjectType, title: string): JsonObject {
  return type.tag === undefined
    ? { title, ...closedObject(type.members, {}) }
    : { title, oneOf: variants(type, type.tag, title) };
}

/** One variant for each branch, and one for all values of the tag that have none. */
function variants(type: ObjectType, tag: string, title: string): Json[] {
  const branches = type.variants.map((variant) => ({
    title: `${title}${pascalCase(tag)}${pascalCase(variant.case)}`,
    ...closedObject([...type.members, ...variant.type.members], { [tag]: { const: variant.case } }),
  }));
  const tagType = type.members.find((member) => member.name === tag)?.type;
  const taken = new Set<Json>(type.variants.map((variant) => variant.case));
  const rest = tagType?.kind === 'enum' ? valuesOf(tagType).filter((value) => !taken.has(value)) : [];
  if (rest.length === 0) return branches;
  const other = {
    title: `${title}${pascalCase(tag)}Other`,
    ...closedObject(type.members, { [tag]: { enum: rest } }),
  };
  return [...branches, other];
}

function closedObject(members: readonly Member[], overrides: JsonObject): JsonObject {
  return {
    type: 'object',
    properties: Object.fromEntries(
      members.map((member) => [member.name, overrides[member.name] ?? reference(member.type)]),
    ),
    required: members.filter((member) => !member.optional).map((member) => member.name),
    additionalProperties: false,
  };
}
