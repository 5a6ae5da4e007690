/** Flushes that `blkdebug` is told of, where a guest asks for them. */
import type { ChildHandle } from '../driver.ts';

/** Tells the file that what the format keeps in memory is to be written, and then stored; then `flush` does both. */
export async function toldFlush(
  file: ChildHandle,
  flush: () => Promise<void> = () => file.flush(),
): Promise<void> {
  await file.debugEvent('flush_to_os');
  await file.debugEvent('flush_to_disk');
  await flush();
}
