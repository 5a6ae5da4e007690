/** What filters share: a driver state that passes every request on to one child. */
import type { ChildHandle, DriverState } from './driver.ts';

/** `child` closes with the node, not with this. */
export function passThrough(child: ChildHandle): DriverState {
  return {
    length: () => child.length(),
    // Whether it really can, the child knows.
    growable: true,
    read: (offset, buffer) => child.read(offset, buffer),
    write: (offset, data) => child.write(offset, data),
    writeZeroes: (offset, length, flags) => child.writeZeroes(offset, length, flags),
    discard: (offset, length) => child.discard(offset, length),
    flush: () => child.flush(),
    truncate: (length) => child.truncate(length),
    blockStatus: (offset, length) => child.blockStatus(offset, length),
    info: () => child.info(),
    allocatedSize: () => child.allocatedSize(),
    close: () => Promise.resolve(),
  };
}
