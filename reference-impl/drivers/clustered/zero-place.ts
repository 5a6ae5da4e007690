/** New places in a file. */
import type { ChildHandle } from '../driver.ts';

/** Makes bytes of the file zeroes that may hold what is left of a write that failed; behind the file's end all are. */
export async function zeroPlace(file: ChildHandle, offset: number, length: number): Promise<void> {
  const used = Math.min(length, file.length() - offset);
  if (used > 0) await file.writeZeroes(offset, used);
}
