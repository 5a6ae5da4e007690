/**
 * QEMU's flat options, as `-chardev`, `-mon`, `-drive` and qemu-io's `reopen` take them: `socket,id=a,server=on`. A name
 * alone is switched on, one with `no` before it off.
 */
import { CommandError } from './command-error.ts';
import { splitOptions } from './keyval.ts';
import { refuseSize, sizeFromText } from './keyval-types.ts';

/** Parsed options by key, in the order given; of a key that comes twice the last counts. */
export type Opts = ReadonlyMap<string, string>;

/** Parses options of which `known` can be given; a first value without a name is that of `impliedKey`. */
export function parseOpts(text: string, known: readonly string[], impliedKey?: string): Opts {
  const opts = new Map<string, string>();
  splitOptions(text).forEach((option, index) => {
    const [key, value] = split(option, index === 0 ? impliedKey : undefined, known);
    if (!known.includes(key)) throw new CommandError(`Invalid parameter '${key}'`);
    opts.set(key, value);
  });
  return opts;
}

/** Parses options of any names; a first value without a name is that of `impliedKey`, if there is one. */
export function parseFlat(text: string, impliedKey?: string): Opts {
  return new Map(
    splitOptions(text).map((option, index) => split(option, index === 0 ? impliedKey : undefined, [])),
  );
}

function split(option: string, impliedKey: string | undefined, known: readonly string[]): [string, string] {
  const equals = option.indexOf('=');
  if (equals >= 0) return [option.slice(0, equals), option.slice(equals + 1)];
  if (impliedKey !== undefined) return [impliedKey, option];
  const isNegated = option.startsWith('no') && known.includes(option.slice(2));
  return isNegated ? [option.slice(2), 'off'] : [option, 'on'];
}

/** A switch among options; off if not given. */
export function isOn(opts: Opts, key: string): boolean {
  return switchOf(key, opts.get(key) ?? 'off');
}

/** The value of a switch. Throws `CommandError` for what is none. */
export function switchOf(key: string, value: string): boolean {
  if (value !== 'on' && value !== 'off') throw new CommandError(`Parameter '${key}' expects 'on' or 'off'`);
  return value === 'on';
}

/** The value of a number of bytes. Throws `CommandError` for what is none. */
export function sizeOf(key: string, value: string): number {
  const size = sizeFromText(value);
  if (size === undefined) refuseSize(key);
  return Number(size);
}

/** The value of a number. Throws `CommandError` for what is none. */
export function integerOf(key: string, value: string): number {
  if (!/^-?\d+$/.test(value)) throw new CommandError(`Parameter '${key}' expects a number`);
  return Number(value);
}
