/**
 * Validators: does a value fit its type? Compiled from the schema model into closures, one set a type, on first use.
 *
 * A valid value costs no allocation. What a wire alone shows is not seen here: `1.0` has become `1` when it
 * arrives (see `json.ts`), and of duplicate keys one is left.
 */
import { integerInputRange, integerRange } from './integers.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import type {
  AlternateType,
  ArrayType,
  BuiltinType,
  EnumType,
  JsonType,
  Member,
  ObjectType,
  Schema,
  SchemaType,
} from './model.ts';

export type IssueCode =
  /** A required member is not there. */
  | 'missing'
  /** A member, command or event that the schema does not have. */
  | 'unexpected'
  /** Another JSON type. */
  | 'type'
  /** An integer outside its type. */
  | 'range'
  /** A string that is no value of the enum. */
  | 'enum'
  /** A member of a branch that the tag did not select. */
  | 'branch';

/** What of a value does not fit its type. */
export interface Issue {
  readonly code: IssueCode;
  /** From `$`, the whole value: `$.file.driver`, `$.children[0]`, `$["odd name"]`. */
  readonly path: string;
  readonly message: string;
  /** What the schema does not have: the member, or the value of an enum. */
  readonly foreign?: string;
}

/** An issue in a text, with the member that it is about: `'size': expected int, got string`. */
export function issueText({ path, message }: Issue): string {
  const member = /(?:\.([\w-]+)|\["(.*)"\])(?:\[\d+\])*$/.exec(path);
  if (member === null) return message;
  const name = `'${member[1] ?? member[2]}'`;
  return message.startsWith('is ') ? `${name} ${message}` : `${name}: ${message}`;
}

/** `input` is what an endpoint takes, `output` what it sends: it is laxer with itself in nothing but uint64. */
export type Direction = 'input' | 'output';

export type Validator = (value: Json) => readonly Issue[];

const NO_ISSUES: readonly Issue[] = Object.freeze([]);
const PLAIN_NAME = /^[A-Za-z_][\w-]*$/;

/** Where the walk is, and what it has found. One serves all runs of a validator: they never overlap. */
class Walk {
  readonly path: (string | number)[] = [];
  issues: Issue[] | undefined;

  report(code: IssueCode, message: string, foreign?: string): void {
    this.issues ??= [];
    this.issues.push({
      code,
      path: pathText(this.path),
      message,
      ...(foreign !== undefined && { foreign }),
    });
  }

  reportAt(member: string, code: IssueCode, message: string, foreign?: string): void {
    this.path.push(member);
    this.report(code, message, foreign);
    this.path.pop();
  }
}

/** A JSON path from its steps, as issues have it: `$.a["b c"][0]`. */
export function pathText(path: readonly (string | number)[]): string {
  const steps = path.map((step) => {
    if (typeof step === 'number') return `[${step}]`;
    return PLAIN_NAME.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  });
  return `$${steps.join('')}`;
}

type Check = (value: Json, walk: Walk) => void;

/** Members that may appear together: those of an object, or of a union once its branch is known. */
interface MemberSet {
  readonly checks: ReadonlyMap<string, Check>;
  readonly required: readonly string[];
}

/** How messages call the JSON type of a value. */
function kindOf(value: Json): JsonType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  switch (typeof value) {
    case 'bigint':
      return 'int';
    case 'number':
      return Number.isSafeInteger(value) ? 'int' : 'number';
    default:
      return typeof value as 'boolean' | 'string' | 'object';
  }
}

function reportType(expected: string, value: Json, walk: Walk): void {
  walk.report('type', `expected ${expected}, got ${kindOf(value)}`);
}

class Compiler {
  readonly #direction: Direction;
  readonly #checks = new WeakMap<SchemaType, Check>();

  constructor(direction: Direction) {
    this.#direction = direction;
  }

  /** Types form circles, so that a check is looked up when it first runs and not when it is made. */
  checkOf(type: SchemaType): Check {
    let check: Check = (value, walk) => {
      check = this.#compiled(type);
      check(value, walk);
    };
    return (value, walk) => check(value, walk);
  }

  #compiled(type: SchemaType): Check {
    let check = this.#checks.get(type);
    if (check === undefined) {
      check = this.#compile(type);
      this.#checks.set(type, check);
    }
    return check;
  }

  #compile(type: SchemaType): Check {
    switch (type.kind) {
      case 'builtin':
        return this.#builtin(type);
      case 'enum':
        return enumCheck(type);
      case 'array':
        return this.#array(type);
      case 'object':
        return type.tag === undefined ? this.#struct(type) : this.#union(type, type.tag);
      case 'alternate':
        return this.#alternate(type);
    }
  }

  #builtin(type: BuiltinType): Check {
    if (type.jsonType === 'value') return () => {};
    if (type.jsonType === 'int') return this.#integer(type);
    const accepts = (kind: JsonType) =>
      kind === type.jsonType || (kind === 'int' && type.jsonType === 'number');
    return (value, walk) => {
      if (!accepts(kindOf(value))) reportType(type.jsonType, value, walk);
    };
  }

  #integer(type: BuiltinType): Check {
    const { min, max } = this.#direction === 'input' ? integerInputRange(type) : integerRange(type);
    return (value, walk) => {
      if (kindOf(value) !== 'int') reportType('int', value, walk);
      else if ((value as number) < min || (value as number) > max)
        walk.report('range', `${value as number} is not within ${min} to ${max} (${type.name})`);
    };
  }

  #array(type: ArrayType): Check {
    const element = this.checkOf(type.element);
    return (value, walk) => {
      if (!Array.isArray(value)) return reportType('array', value, walk);
      for (let i = 0; i < value.length; i++) {
        walk.path.push(i);
        element(value[i]!, walk);
        walk.path.pop();
      }
    };
  }

  #memberSet(members: readonly Member[]): MemberSet {
    return {
      checks: new Map(members.map((member) => [member.name, this.checkOf(member.type)])),
      required: members.filter((member) => !member.optional).map((member) => member.name),
    };
  }

  #struct(type: ObjectType): Check {
    const members = this.#memberSet(type.members);
    return (value, walk) => {
      if (!isJsonObject(value)) return reportType('object', value, walk);
      checkMembers(value, members, walk, reportUnexpected);
    };
  }

  #union(type: ObjectType, tag: string): Check {
    const common = this.#memberSet(type.members);
    const branches = new Map<Json | undefined, MemberSet>(
      type.variants.map((variant) => [
        variant.case,
        this.#memberSet([...type.members, ...variant.type.members]),
      ]),
    );
    const tagType = type.members.find((member) => member.name === tag)?.type;
    const tagValues = new Set<Json | undefined>(
      tagType?.kind === 'enum' ? tagType.members.map((member) => member.name) : [],
    );
    const ofSomeBranch = new Set(
      type.variants.flatMap((variant) => variant.type.members.map((member) => member.name)),
    );
    const reportMember = (name: string, walk: Walk, value: JsonObject): void => {
      // With a tag that is missing or wrong, which is reported, no member is out of place.
      if (!tagValues.has(value[tag])) return;
      if (ofSomeBranch.has(name))
        walk.reportAt(name, 'branch', `is not a member where ${tag} is '${value[tag] as string}'`);
      else reportUnexpected(name, walk);
    };
    return (value, walk) => {
      if (!isJsonObject(value)) return reportType('object', value, walk);
      checkMembers(value, branches.get(value[tag]) ?? common, walk, reportMember);
    };
  }

  /** The JSON type alone chooses the branch. */
  #alternate(type: AlternateType): Check {
    const branches = new Map<JsonType, Check>();
    for (const choice of type.choices) {
      const kind = jsonTypeOf(choice);
      branches.set(kind, this.checkOf(choice));
      if (kind === 'number') branches.set('int', this.checkOf(choice));
    }
    const expected = [...branches.keys()].join(' or ');
    return (value, walk) => {
      const branch = branches.get(kindOf(value));
      if (branch === undefined) reportType(expected, value, walk);
      else branch(value, walk);
    };
  }
}

function jsonTypeOf(type: SchemaType): JsonType {
  switch (type.kind) {
    case 'builtin':
      return type.jsonType;
    case 'enum':
      return 'string';
    case 'array':
      return 'array';
    case 'object':
      return 'object';
    case 'alternate':
      throw new TypeError(`alternate ${type.name} within an alternate`);
  }
}

function enumCheck(type: EnumType): Check {
  const values = new Set<Json>(type.members.map((member) => member.name));
  return (value, walk) => {
    if (typeof value !== 'string') reportType('string', value, walk);
    else if (!values.has(value)) walk.report('enum', `'${value}' is not a value of ${type.name}`, value);
  };
}

function reportUnexpected(name: string, walk: Walk): void {
  walk.reportAt(name, 'unexpected', 'is not a member', name);
}

function checkMembers(
  value: JsonObject,
  { checks, required }: MemberSet,
  walk: Walk,
  reportMember: (name: string, walk: Walk, value: JsonObject) => void,
): void {
  for (const name in value) {
    const check = checks.get(name);
    if (check === undefined) reportMember(name, walk, value);
    else {
      walk.path.push(name);
      check(value[name]!, walk);
      walk.path.pop();
    }
  }
  for (const name of required) if (!Object.hasOwn(value, name)) walk.reportAt(name, 'missing', 'is required');
}

const compilers = { input: new Compiler('input'), output: new Compiler('output') };
const validators = {
  input: new WeakMap<SchemaType, Validator>(),
  output: new WeakMap<SchemaType, Validator>(),
};

/** The validator of a type; the same one for each call. */
export function validatorFor(type: SchemaType, direction: Direction = 'output'): Validator {
  let validator = validators[direction].get(type);
  if (validator === undefined) {
    const check = compilers[direction].checkOf(type);
    const walk = new Walk();
    validator = (value) => {
      walk.issues = undefined;
      walk.path.length = 0;
      check(value, walk);
      return walk.issues ?? NO_ISSUES;
    };
    validators[direction].set(type, validator);
  }
  return validator;
}

/** Arguments of a command; `undefined` where none were sent. */
export function validateArguments(schema: Schema, name: string, value: Json | undefined): readonly Issue[] {
  const command = schema.commands.get(name);
  if (command === undefined) return noSuch('command', name);
  if (command.unchecked && isJsonObject(value)) return NO_ISSUES;
  return validatorFor(command.arguments, 'input')(value ?? {});
}

/** What a command returned. */
export function validateReturn(schema: Schema, name: string, value: Json): readonly Issue[] {
  const command = schema.commands.get(name);
  return command === undefined ? noSuch('command', name) : validatorFor(command.returns)(value);
}

/** The `data` of an event; `undefined` where it had none. */
export function validateEvent(schema: Schema, name: string, value: Json | undefined): readonly Issue[] {
  const event = schema.events.get(name);
  if (event === undefined) return noSuch('event', name);
  return event.unchecked ? NO_ISSUES : validatorFor(event.data)(value ?? {});
}

function noSuch(what: 'command' | 'event', name: string): readonly Issue[] {
  return [{ code: 'unexpected', path: '$', message: `the schema has no ${what} '${name}'` }];
}
