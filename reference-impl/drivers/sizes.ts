/** Sizes among the options of a driver, as QEMU's option parser takes them after the schema has. */
import { CommandError } from '../qapi/command-error.ts';

/** A size in bytes. QEMU takes sizes through a double, and so are those beyond 2^53 rounded to one. */
export function sizeOption(name: string, value: number | bigint): number {
  const size = Number(value);
  if (size < 0) throw new CommandError(`Value '${value}' is out of range for parameter '${name}'`);
  return size;
}
