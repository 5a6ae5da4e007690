/**
 * The strings of a keyval option as the schema's types want them: `on` a boolean, `64k` a size. What does not fit by
 * its shape is left as it is, for the check of arguments to refuse.
 */
import type { BuiltinType, Member, ObjectType, SchemaType } from '../../spec/model.ts';
import { CommandError } from './command-error.ts';
import { isWireObject, numberFromText, type Wire, type WireObject } from './json/wire-value.ts';

/** Turns the text of a builtin type's value into the value; `path` names it in errors. */
type Scalar = (type: BuiltinType, text: string, path: string) => Wire;

/** The arguments of a command. Throws `CommandError` for a text that is no value of its type. */
export function typedArguments(type: ObjectType, value: WireObject): WireObject {
  return object(type, value, '', scalar);
}

const SIZES_OF_IMAGES = 'cache-size l2-cache-size offset readahead refcount-cache-size size';
const LIMITS_OF_BLKDEBUG = 'align max-discard max-transfer max-write-zero opt-discard opt-write-zero';
/** Integers that are sizes to `-drive`, though not to the schema. */
const SIZES: ReadonlySet<string> = new Set(`${SIZES_OF_IMAGES} ${LIMITS_OF_BLKDEBUG}`.split(' '));

const NUMBERS_OF_RULES = 'errno new_state sector state';
const OTHER_NUMBERS = 'cache-clean-interval fat-type latency-ns lun namespace timeout vote-threshold';
/** Integers that are read as numbers; all others are read by the schema. */
const NUMBERS: ReadonlySet<string> = new Set(`${NUMBERS_OF_RULES} ${OTHER_NUMBERS}`.split(' '));

/** The same by the rules of `-drive`, which tells sizes from other numbers by their names. */
export function looselyTyped(type: ObjectType, value: WireObject): WireObject {
  return object(type, value, '', (builtin, text, path) => {
    if (builtin.jsonType !== 'int') return scalar(builtin, text, path);
    const name = path.slice(path.lastIndexOf('.') + 1);
    if (SIZES.has(name)) return sizeFromText(text) ?? hexadecimal(text) ?? refuseSize(name);
    if (NUMBERS.has(name)) return integerFromText(text) ?? refuse(name, 'a number');
    return scalar(builtin, text, path);
  });
}

function hexadecimal(text: string): Wire | undefined {
  return /^0x/i.test(text) ? integerFromText(text) : undefined;
}

/** Throws `CommandError` for a text that is no number of bytes. */
export function refuseSize(name: string): never {
  throw new CommandError(
    `Parameter '${name}' expects a non-negative number below 2^64\n` +
      'Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\nand exabytes, respectively.',
  );
}

function typed(type: SchemaType, value: Wire, path: string, convert: Scalar): Wire {
  switch (type.kind) {
    case 'builtin':
      return typeof value === 'string' ? convert(type, value, path) : value;
    case 'enum':
      return value;
    case 'array':
      return Array.isArray(value)
        ? value.map((element, index) => typed(type.element, element, `${path}.${index}`, convert))
        : value;
    case 'alternate': {
      const inner = type.choices.find(({ kind }) => kind === 'object');
      return isWireObject(value) && inner ? typed(inner, value, path, convert) : value;
    }
    case 'object':
      return isWireObject(value) ? object(type, value, path, convert) : value;
  }
}

function object(type: ObjectType, value: WireObject, path: string, convert: Scalar): WireObject {
  const members: WireObject = { ...value };
  const take = ({ name, type: memberType }: Member) => {
    if (value[name] !== undefined)
      members[name] = typed(memberType, value[name], path === '' ? name : `${path}.${name}`, convert);
  };
  type.members.forEach(take);
  const branch = type.variants.find((variant) => variant.case === value[type.tag ?? '']);
  branch?.type.members.forEach(take);
  return members;
}

const BOOLEANS: { readonly [text: string]: boolean } = {
  on: true,
  yes: true,
  true: true,
  y: true,
  off: false,
  no: false,
  false: false,
  n: false,
};

function scalar(type: BuiltinType, text: string, path: string): Wire {
  switch (type.jsonType) {
    case 'boolean':
      return BOOLEANS[text] ?? refuse(path, "'on' or 'off'");
    case 'int':
      if (type.name === 'size') return sizeFromText(text) ?? refuse(path, 'a size');
      return integerFromText(text) ?? refuse(path, 'integer');
    default:
      return text;
  }
}

function refuse(path: string, expected: string): never {
  throw new CommandError(`Parameter '${path}' expects ${expected}`);
}

/** Decimal, `0x` hexadecimal, or octal with a leading 0. */
function integerFromText(text: string): Wire | undefined {
  const match = /^([+-]?)(0x[\da-f]+|0[0-7]*|[1-9]\d*)$/i.exec(text);
  if (!match) return undefined;
  const digits = match[2]!.replace(/^0(?=[0-7])/, '0o');
  const magnitude = BigInt(digits);
  return numberFromText(String(match[1] === '-' ? -magnitude : magnitude));
}

const SUFFIXES = 'bkmgtpe';

/** A number of bytes, with a fraction and a suffix for a power of 1024 where wanted: `512`, `64k`, `1.5M`. */
export function sizeFromText(text: string): Wire | undefined {
  const match = /^(\d+)(\.\d+)?([bkmgtpe])?$/i.exec(text);
  if (!match) return undefined;
  const unit = 1024n ** BigInt(SUFFIXES.indexOf((match[3] ?? 'b').toLowerCase()));
  const fraction = BigInt(Math.floor(Number(match[2] ?? 0) * Number(unit)));
  return numberFromText(String(BigInt(match[1]!) * unit + fraction));
}
