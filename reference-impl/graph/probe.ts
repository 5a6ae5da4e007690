/** Finds out the format of an image from how its file begins. What no driver knows is `raw`. */
import { IoError } from '../host/errno.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { DriverTable } from './driver-table.ts';
import type { Node } from './node.ts';

const PROBED_BYTES = 512;

/** The name of the likeliest driver. Throws `CommandError` if the file cannot be read. */
export async function probe(drivers: DriverTable, file: Node): Promise<string> {
  const start = new Uint8Array(PROBED_BYTES);
  try {
    await file.io.read(0, start);
  } catch (error) {
    if (error instanceof IoError)
      throw new CommandError(`Could not read image for determining its format: ${error.message}`);
    throw error;
  }
  return formatOf(drivers, start, file.filename.shown);
}

/** The name of the likeliest driver of a file of this name that begins so; what is behind the first 512 bytes does not count. */
export function formatOf(drivers: DriverTable, begin: Uint8Array, filename: string): string {
  const start = begin.subarray(0, PROBED_BYTES);
  let best = { name: 'raw', score: 0 };
  for (const [name, driver] of drivers.all) {
    const score = driver.probe?.(start, filename) ?? 0;
    if (score > best.score) best = { name, score };
  }
  return best.name;
}
