/** Tables that are stored where they are, one part after another. */
import type { ChildHandle } from '../driver.ts';
import type { TableUnit } from './pending-table.ts';

/** Writes parts of a table to their places. */
export async function writeUnits(file: ChildHandle, units: readonly TableUnit[]): Promise<void> {
  for (const { offset, bytes } of units) await file.write(offset, bytes);
}
