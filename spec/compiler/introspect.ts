/**
 * The schema model as `query-qmp-schema` shows it: an array of SchemaInfo, all commands and events first, then each
 * type on its first use. All integer types are shown as `int`. Type names are masked with numbers, since they are no
 * part of the interface, unless real ones are asked for.
 */
import type { JsonObject } from '../json.ts';
import type { Feature, Member, ObjectType, Schema, SchemaType } from '../model.ts';
import { EMPTY } from './builtins.ts';

/**
 * The SchemaInfo array that `query-qmp-schema` of an endpoint with this schema returns. Type names are masked as QEMU
 * masks them, unless `unmask`.
 */
export function introspect(schema: Schema, options: { readonly unmask?: boolean } = {}): JsonObject[] {
  const types = new UsedTypes(options.unmask ?? false, enumsListMembers(schema));
  const commands = [...schema.commands.values()].map((command) => ({
    name: command.name,
    'meta-type': 'command',
    'arg-type': types.use(command.arguments),
    'ret-type': types.use(command.returns),
    ...(command.allowOob && { 'allow-oob': true }),
    ...features(command.features),
  }));
  const events = [...schema.events.values()].map((event) => ({
    name: event.name,
    'meta-type': 'event',
    'arg-type': types.use(event.data),
    ...features(event.features),
  }));
  return [...commands, ...events, ...types.describe()];
}

/** Whether enums have `members` beside `values`: since QEMU 6.2, as the schema's own `SchemaInfoEnum` says, if it is there. */
function enumsListMembers({ types }: Schema): boolean {
  const own = types.get('SchemaInfoEnum');
  return own?.kind !== 'object' || own.members.some(({ name }) => name === 'members');
}

class UsedTypes {
  readonly #unmask: boolean;
  readonly #listsMembers: boolean;
  /** By the name shown, in the order of first use. */
  readonly #used = new Map<string, SchemaType>();
  readonly #masks = new Map<string, string>();

  constructor(unmask: boolean, listsMembers: boolean) {
    this.#unmask = unmask;
    this.#listsMembers = listsMembers;
  }

  /** The name to show for a type, which will be described. */
  use(type: SchemaType): string {
    const name = this.#shownName(type);
    if (!this.#used.has(name)) this.#used.set(name, type);
    return name;
  }

  #shownName(type: SchemaType): string {
    if (type.kind === 'array') return `[${this.#shownName(type.element)}]`;
    if (type.kind === 'builtin') return type.jsonType === 'int' ? 'int' : type.name;
    if (this.#unmask) return type.name;
    const mask = this.#masks.get(type.name) ?? String(this.#masks.size);
    this.#masks.set(type.name, mask);
    return mask;
  }

  /** All types used, and by that those which they use: the map grows while it is walked. */
  describe(): JsonObject[] {
    const described: JsonObject[] = [];
    for (const [name, type] of this.#used) described.push({ name, ...this.#describe(type) });
    return described;
  }

  #describe(type: SchemaType): JsonObject {
    switch (type.kind) {
      case 'builtin':
        return { 'meta-type': 'builtin', 'json-type': type.jsonType };
      case 'array':
        return { 'meta-type': 'array', 'element-type': this.use(type.element) };
      case 'alternate':
        return {
          'meta-type': 'alternate',
          members: type.choices.map((choice) => ({ type: this.use(choice) })),
          ...features(type.features),
        };
      case 'enum':
        return {
          'meta-type': 'enum',
          values: type.members.map((member) => member.name),
          ...(this.#listsMembers && {
            members: type.members.map((member) => ({ name: member.name, ...features(member.features) })),
          }),
          ...features(type.features),
        };
      case 'object':
        return {
          'meta-type': 'object',
          members: type.members.map((member) => this.#member(member)),
          ...this.#variants(type),
          ...features(type.features),
        };
    }
  }

  #member({ name, type, optional, features: list }: Member): JsonObject {
    return { name, type: this.use(type), ...(optional && { default: null }), ...features(list) };
  }

  /** Every value of the tag has a variant; where the schema gives none it is empty. */
  #variants({ tag, variants, members }: ObjectType): JsonObject {
    const tagType = members.find((member) => member.name === tag)?.type;
    if (tag === undefined || tagType?.kind !== 'enum') return {};
    const given = new Set(variants.map((variant) => variant.case));
    const empty = tagType.members.filter((value) => !given.has(value.name));
    return {
      tag,
      variants: [...variants, ...empty.map((value) => ({ case: value.name, type: EMPTY }))].map(
        (variant) => ({
          case: variant.case,
          type: this.use(variant.type),
        }),
      ),
    };
  }
}

function features(list: readonly Feature[]): JsonObject {
  return list.length === 0 ? {} : { features: list.map((feature) => feature.name) };
}
