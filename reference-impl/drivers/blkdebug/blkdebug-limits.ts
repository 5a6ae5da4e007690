/** The options of `blkdebug` that restrict requests, and what must hold among them. */
import { CommandError } from '../../qapi/command-error.ts';
import type { DriverOptions, Limits } from '../driver.ts';
import { sizeOption } from '../sizes.ts';

const NAMES = [
  'align',
  'max-transfer',
  'opt-write-zero',
  'max-write-zero',
  'opt-discard',
  'max-discard',
] as const satisfies readonly (keyof DriverOptions<'blkdebug'>)[];

type Name = (typeof NAMES)[number];
type Given = Readonly<Record<Name, number>>;

/** No limit reaches this. */
const TOO_LARGE = 2 ** 31 - 1;

/** Sizes in bytes, 0 where there is none. Throws `CommandError`. */
export function limitOptions(options: DriverOptions<'blkdebug'>): Given {
  const size = (name: Name) => (options[name] === undefined ? 0 : sizeOption(name, options[name]));
  return Object.fromEntries(NAMES.map((name) => [name, size(name)])) as Given;
}

/** Limits of the node, in multiples of what its image is read and written in. Throws `CommandError`. */
export function limitsOf(given: Given, image: Limits): Partial<Limits> {
  const { align } = given;
  if (align >= TOO_LARGE || (align !== 0 && !isPowerOfTwo(align))) throw unmet('align', align);
  const unit = Math.max(align, image.requestAlignment);
  const zeroUnit = Math.max(given['opt-write-zero'], unit);
  const discardUnit = Math.max(given['opt-discard'], unit);
  const checked = (name: Name, multipleOf: number): number => {
    const value = given[name];
    if (value >= TOO_LARGE || value % multipleOf !== 0) throw unmet(name, value);
    return value;
  };
  return {
    ...(align !== 0 && { requestAlignment: align }),
    maxTransfer: checked('max-transfer', unit),
    zeroAlignment: checked('opt-write-zero', unit),
    maxZero: checked('max-write-zero', zeroUnit),
    discardAlignment: checked('opt-discard', unit),
    maxDiscard: checked('max-discard', discardUnit),
  };
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value));
}

function unmet(name: Name, value: number): CommandError {
  return new CommandError(`Cannot meet constraints with ${name} ${BigInt(value)}`);
}
