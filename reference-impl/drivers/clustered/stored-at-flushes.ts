/** When a map of clusters is stored that changes in memory. */
import type { ChildHandle, DriverState } from '../driver.ts';
import type { ClusterDisk } from './cluster-disk.ts';
import { toldFlush } from './told-flush.ts';

/** The part of a driver's state that stores its map: at a flush, before the image is read-only, and before it is closed. */
export function storedAtFlushes(
  file: ChildHandle,
  disk: ClusterDisk,
  map: { flush(): Promise<void> },
): Required<Pick<DriverState, 'flush' | 'setReadOnly' | 'close'>> {
  const flush = () => disk.lock.run(() => map.flush());
  return {
    flush: () => toldFlush(file, flush),
    setReadOnly: (readOnly) => (readOnly ? flush() : Promise.resolve()),
    close: flush,
  };
}
