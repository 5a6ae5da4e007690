/** Types of device properties: how QOM calls them, how they are read from an option, what they are if not given. */
import type { Json } from '../../spec/json.ts';
import { CommandError } from '../qapi/command-error.ts';
import { sizeFromText } from '../qapi/keyval-types.ts';

/** A type of properties: what its values are, and how they are written. */
export interface PropertyType {
  /** As `qom-list` tells it. */
  readonly type: string;
  /** What it is if not given. */
  readonly initial: Json;
  /** Its value from the text of an option. Throws `CommandError`. */
  parse(text: string, name: string): Json;
}

/** Properties by name, in the order in which they are told. */
export type PropertyTypes = Readonly<Record<string, PropertyType>>;

/** A text that is something if nobody says it. */
export const textOf = (initial: string): PropertyType => ({ type: 'str', initial, parse: (value) => value });

/** A text. */
export const text: PropertyType = textOf('');

/** A switch. */
export const flag = (initial: boolean): PropertyType => ({
  type: 'bool',
  initial,
  parse(value, name) {
    if (value === 'on' || value === 'yes' || value === 'true' || value === 'y') return true;
    if (value === 'off' || value === 'no' || value === 'false' || value === 'n') return false;
    throw new CommandError(`Parameter '${name}' expects 'on' or 'off'`);
  },
});

/** One of some words. */
export const oneOf = (type: string, words: readonly string[], initial: string): PropertyType => ({
  type,
  initial,
  parse(value) {
    if (words.includes(value)) return value;
    throw new CommandError(`Invalid parameter '${value}'`);
  },
});

/** An integer without sign. */
export const unsigned = (bits: 16 | 32, initial: number): PropertyType => ({
  type: `uint${bits}`,
  initial,
  parse(value, name) {
    const number = integer(value);
    if (number === undefined || number < 0 || number >= 2 ** bits)
      throw new CommandError(`Parameter '${name}' expects uint${bits}_t`);
    return Number(number);
  },
});

/** What leaves a number to the device. */
export const UNSAID = 2 ** 32 - 1;

/** What leaves a place to the bus. */
export const ANY = UNSAID;

/** A part of the place that a device has on its bus, which tells it once it is settled. */
export const place: PropertyType = unsigned(32, ANY);

/** An integer of 32 bits with sign. */
export const signed = (initial: number): PropertyType => ({
  type: 'int32',
  initial,
  parse(value, name) {
    const number = integer(value);
    if (number === undefined || number < -(2 ** 31) || number >= 2 ** 31)
      throw new CommandError(`Parameter '${name}' expects int32_t`);
    return Number(number);
  },
});

/** A number of 64 bits, such as a world wide name. */
export const wide = (initial: number): PropertyType => ({
  type: 'uint64',
  initial,
  parse(value, name) {
    const number = integer(value);
    if (number === undefined || number < -(2n ** 63n) || number >= 2n ** 64n)
      throw new CommandError(`Parameter '${name}' expects uint64`);
    return BigInt.asUintN(64, number);
  },
});

const SMALLEST_BLOCK = 512;
const LARGEST_BLOCK = 32768;

/** The size of a block in bytes. */
export const blockSize: PropertyType = {
  type: 'uint16',
  initial: SMALLEST_BLOCK,
  parse(value, name) {
    const size = Number(sizeFromText(value));
    if (!(size >= SMALLEST_BLOCK && size <= LARGEST_BLOCK))
      throw new CommandError(
        `Property .${name} doesn't take value ${value} (minimum: ${SMALLEST_BLOCK}, maximum: ${LARGEST_BLOCK})`,
      );
    if ((size & (size - 1)) !== 0)
      throw new CommandError(`Property .${name} doesn't take value '${size}', it's not a power of 2`);
    return size;
  },
};

/** Hexadecimal after `0x`, octal after `0`, else decimal. */
function integer(value: string): bigint | undefined {
  const [, sign, digits] = /^([+-]?)(0x[\da-f]+|0[0-7]*|[1-9]\d*)$/i.exec(value) ?? [];
  if (digits === undefined) return undefined;
  const number = BigInt(digits.replace(/^0(?=[0-7])/, '0o'));
  return sign === '-' ? -number : number;
}
