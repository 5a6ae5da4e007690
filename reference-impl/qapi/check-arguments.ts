/**
 * Checks arguments against the schema and brings them into the form that handlers get: see `Handler`.
 *
 * Faults are found in the order of a walk over the type: members as they are defined, those of a union's branch after
 * the common ones, at the end what was given beside them. Each type becomes a closure once; a walk without fault
 * builds no text.
 */
import type { Json, JsonObject } from '../../spec/json.ts';
import type {
  AlternateType,
  ArrayType,
  BuiltinType,
  EnumType,
  ObjectType,
  SchemaType,
} from '../../spec/model.ts';
import { CommandError } from './command-error.ts';
import { Double, isWireObject, toJson, type Wire, type WireObject } from './json/wire-value.ts';
import { firstLeftOver } from './qdict-order.ts';

/** Where the walk is: names of members, indices of list elements. */
type Path = (string | number)[];

/** Returns the value as the type holds it; throws `CommandError`. The value's own name is the last of `path`. */
type Input = (value: Wire, path: Path) => Json;

const inputs = new WeakMap<SchemaType, Input>();

/** Checks the arguments of a command, an object type. Throws `CommandError` with the first fault. */
export function checkArguments(type: ObjectType, args: WireObject): JsonObject {
  return inputFor(type)(args, []) as JsonObject;
}

function inputFor(type: SchemaType): Input {
  let input = inputs.get(type);
  if (input === undefined) {
    input = compile(type);
    inputs.set(type, input);
  }
  return input;
}

function compile(type: SchemaType): Input {
  switch (type.kind) {
    case 'builtin':
      return builtin(type);
    case 'enum':
      return enumeration(type);
    case 'array':
      return array(type);
    case 'object':
      return object(type);
    case 'alternate':
      return alternate(type);
  }
}

function fullName(path: Path): string {
  if (path.length === 0) return 'null';
  let name = '';
  for (const part of path) name += typeof part === 'number' ? `[${part}]` : name === '' ? part : `.${part}`;
  return name;
}

function wrongType(path: Path, expected: string): never {
  throw new CommandError(`Invalid parameter type for '${fullName(path)}', expected: ${expected}`);
}

function isInteger(value: Wire): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

const INT64_MAX = 2n ** 63n - 1n;

/** Bits of the integer types narrower than 64; all others are as wide as the wire. */
const NARROW: { readonly [name: string]: number } = { '8': 8, '16': 16, '32': 32 };

function builtin(type: BuiltinType): Input {
  switch (type.jsonType) {
    case 'string':
      return (value, path) => (typeof value === 'string' ? value : wrongType(path, 'string'));
    case 'boolean':
      return (value, path) => (typeof value === 'boolean' ? value : wrongType(path, 'boolean'));
    case 'null':
      return (value, path) => (value === null ? null : wrongType(path, 'null'));
    case 'number':
      return (value, path) => {
        if (value instanceof Double) return value.value;
        return isInteger(value) ? Number(value) : wrongType(path, 'number');
      };
    case 'int':
      return type.name === 'size' || type.name.startsWith('uint') ? unsigned(type.name) : signed(type.name);
    default:
      return toJson;
  }
}

function signed(name: string): Input {
  const bits = NARROW[name.slice('int'.length)];
  return (value, path) => {
    if (!isInteger(value) || value > INT64_MAX) return wrongType(path, 'integer');
    if (bits !== undefined && BigInt.asIntN(bits, BigInt(value)) !== BigInt(value))
      throw new CommandError(`Parameter '${fullName(path)}' expects int${bits}_t`);
    return value;
  };
}

/** A negative number is taken for the uint64 with the same bits. */
function unsigned(name: string): Input {
  const bits = NARROW[name.slice('uint'.length)];
  return (value, path) => {
    if (!isInteger(value)) throw new CommandError(`Parameter '${fullName(path)}' expects uint64`);
    const held = value < 0 ? BigInt.asUintN(64, BigInt(value)) : value;
    if (bits !== undefined && held >= 2 ** bits)
      throw new CommandError(`Parameter '${fullName(path)}' expects uint${bits}_t`);
    return held;
  };
}

function enumeration(type: EnumType): Input {
  const names = new Set(type.members.map(({ name }) => name));
  return (value, path) => {
    if (typeof value !== 'string') return wrongType(path, 'string');
    if (!names.has(value)) throw new CommandError(`Invalid parameter '${value}'`);
    return value;
  };
}

function array(type: ArrayType): Input {
  const element = inputFor(type.element);
  return (value, path) => {
    if (!Array.isArray(value)) return wrongType(path, 'array');
    return value.map((item, index) => {
      path.push(index);
      const held = element(item, path);
      path.pop();
      return held;
    });
  };
}

interface MemberInput {
  readonly name: string;
  readonly optional: boolean;
  readonly input: Input;
}

function object(type: ObjectType): Input {
  // Before its members: a type may contain itself.
  const self: Input = (value, path) => walk(value, path);
  inputs.set(type, self);
  const memberInputs = (of: ObjectType): MemberInput[] =>
    of.members.map((member) => ({
      name: member.name,
      optional: member.optional,
      input: lazily(member.type),
    }));
  const common = memberInputs(type);
  const branches = new Map(type.variants.map((variant) => [variant.case, memberInputs(variant.type)]));

  function take(members: readonly MemberInput[], from: WireObject, to: JsonObject, path: Path): void {
    for (const { name, optional, input } of members) {
      const value = from[name];
      path.push(name);
      if (value !== undefined) to[name] = input(value, path);
      else if (!optional) throw new CommandError(`Parameter '${fullName(path)}' is missing`);
      path.pop();
    }
  }

  function walk(value: Wire, path: Path): JsonObject {
    if (!isWireObject(value)) return wrongType(path, 'object');
    const held: JsonObject = {};
    take(common, value, held, path);
    if (type.tag !== undefined) {
      const branch = branches.get(held[type.tag] as string);
      if (branch !== undefined) take(branch, value, held, path);
    }
    refuseUnexpected(value, held, path);
    return held;
  }

  return self;
}

/** The closure of a member's type when it is first needed, so that types no request uses are never compiled. */
function lazily(type: SchemaType): Input {
  let input: Input | undefined;
  return (value, path) => {
    input ??= inputFor(type);
    return input(value, path);
  };
}

function refuseUnexpected(given: WireObject, held: JsonObject, path: Path): void {
  const keys = Object.keys(given);
  if (keys.length === Object.keys(held).length) return;
  const unexpected = firstLeftOver(keys, new Set(keys.filter((key) => !Object.hasOwn(held, key))));
  throw new CommandError(`Parameter '${fullName([...path, unexpected])}' is unexpected`);
}

/** Dispatches on the JSON type; a fault names the value by its innermost name only. */
function alternate(type: AlternateType): Input {
  const choices = new Map<string, Input>();
  for (const choice of type.choices) choices.set(wireTypeOf(choice), lazily(choice));
  return (value, path) => {
    const choice = choices.get(wireType(value));
    if (choice !== undefined) return choice(value, path);
    const name = path.at(-1);
    return wrongType(typeof name === 'string' ? [name] : [], type.name);
  };
}

function wireType(value: Wire): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return isInteger(value) || value instanceof Double ? 'number' : typeof value;
}

function wireTypeOf(type: SchemaType): string {
  if (type.kind === 'enum') return 'string';
  if (type.kind !== 'builtin') return type.kind;
  return type.jsonType === 'int' ? 'number' : type.jsonType;
}
