/**
 * An endpoint's own `query-qmp-schema` answer as a schema model, so that whatever works on the spec works on it too.
 *
 * Any version's answer will do: type names masked or real, enums as `values` or (from QEMU 6.2 on) as `members`,
 * `features` present or not, unknown members ignored. Type names mean nothing beyond one answer.
 */
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import type { EnumMember, Feature, JsonType, Member, ObjectType, Schema, SchemaType } from './model.ts';

/** The value given is not what `query-qmp-schema` returns; the message names the entry. */
export class IntrospectionError extends Error {
  override readonly name = 'IntrospectionError';
}

/** Reads a SchemaInfo array. Throws `IntrospectionError`. */
export function readIntrospection(answer: Json): Schema {
  if (!Array.isArray(answer)) throw new IntrospectionError('not an array of SchemaInfo');
  const reader = new Reader();
  const infos = answer.map((info) => new Entry(info));
  for (const info of infos) reader.declare(info);
  for (const info of infos) reader.finish(info);
  return reader.schema;
}

/** A SchemaInfo, or a part of one, with its members read by type. */
class Entry {
  readonly #value: JsonObject;
  readonly #where: string;

  constructor(value: Json, where = 'SchemaInfo') {
    if (!isJsonObject(value)) throw new IntrospectionError(`${where}: not an object`);
    this.#value = value;
    this.#where = typeof value.name === 'string' ? `${where} '${value.name}'` : where;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#value, key);
  }

  string(key: string): string {
    const value = this.has(key) ? this.#value[key] : undefined;
    return typeof value === 'string' ? value : this.fail(`'${key}' must be a string`);
  }

  isTrue(key: string): boolean {
    return this.has(key) && this.#value[key] === true;
  }

  list(key: string): readonly Json[] {
    const value = this.has(key) ? this.#value[key] : undefined;
    return Array.isArray(value) ? value : this.fail(`'${key}' must be an array`);
  }

  entries(key: string): Entry[] {
    return this.list(key).map((value) => new Entry(value, this.#where));
  }

  names(key: string): string[] {
    return this.list(key).map((value) =>
      typeof value === 'string' ? value : this.fail(`'${key}' must hold strings`),
    );
  }

  features(): Feature[] {
    return this.has('features') ? this.names('features').map((name) => ({ name })) : [];
  }

  fail(problem: string): never {
    throw new IntrospectionError(`${this.#where}: ${problem}`);
  }
}

type Unfinished<T> = { -readonly [K in keyof T]: T[K] };

class Reader {
  readonly schema = {
    commands: new Map(),
    events: new Map(),
    types: new Map<string, SchemaType>(),
  } satisfies Schema;

  /** Gives each type an unfinished value, to be referred to. */
  declare(info: Entry): void {
    const name = info.string('name');
    const meta = info.string('meta-type');
    if (meta === 'command' || meta === 'event') return;
    if (this.schema.types.has(name)) info.fail('described twice');
    this.schema.types.set(name, declaredType(name, meta, info));
  }

  finish(info: Entry): void {
    const name = info.string('name');
    switch (info.string('meta-type')) {
      case 'command':
        this.schema.commands.set(name, {
          name,
          arguments: this.#object(info, 'arg-type'),
          returns: this.#type(info, 'ret-type'),
          allowOob: info.isTrue('allow-oob'),
          successResponse: true,
          unchecked: false,
          features: info.features(),
        });
        break;
      case 'event':
        this.schema.events.set(name, {
          name,
          data: this.#object(info, 'arg-type'),
          features: info.features(),
        });
        break;
      case 'array':
        Object.assign(this.schema.types.get(name)!, { element: this.#type(info, 'element-type') });
        break;
      case 'alternate': {
        const choices = info.entries('members').map((choice) => this.#type(choice, 'type'));
        Object.assign(this.schema.types.get(name)!, { choices });
        break;
      }
      case 'object':
        this.#finishObject(info, this.schema.types.get(name) as Unfinished<ObjectType>);
    }
  }

  #finishObject(info: Entry, type: Unfinished<ObjectType>): void {
    type.members = info.entries('members').map(
      (member): Member => ({
        name: member.string('name'),
        type: this.#type(member, 'type'),
        optional: member.has('default'),
        features: member.features(),
      }),
    );
    if (!info.has('tag')) return;
    type.tag = info.string('tag');
    type.variants = info
      .entries('variants')
      .map((variant) => ({ case: variant.string('case'), type: this.#object(variant, 'type') }));
  }

  #type(info: Entry, key: string): SchemaType {
    const name = info.string(key);
    return this.schema.types.get(name) ?? info.fail(`'${key}' names type '${name}', which is not described`);
  }

  #object(info: Entry, key: string): ObjectType {
    const type = this.#type(info, key);
    return type.kind === 'object'
      ? type
      : info.fail(`'${key}' names type '${type.name}', which is no object`);
  }
}

function declaredType(name: string, meta: string, info: Entry): SchemaType {
  const features = info.features();
  switch (meta) {
    case 'builtin': {
      const jsonType = info.string('json-type') as JsonType;
      return { kind: 'builtin', name, jsonType, ...(jsonType === 'int' && { anyInteger: true }) };
    }
    case 'enum':
      return { kind: 'enum', name, members: enumMembers(info), features };
    case 'array':
      // The element follows once all types are declared.
      return { kind: 'array', name } as SchemaType;
    case 'alternate':
      return { kind: 'alternate', name, choices: [], features };
    case 'object':
      return { kind: 'object', name, members: [], variants: [], features };
    default:
      return info.fail(`unknown meta-type '${meta}'`);
  }
}

function enumMembers(info: Entry): EnumMember[] {
  if (!info.has('members')) return info.names('values').map((name) => ({ name, features: [] }));
  return info
    .entries('members')
    .map((member) => ({ name: member.string('name'), features: member.features() }));
}
