/** What filters share: a driver state that passes every request on to one child. */
import type { ChildHandle, DriverState, GuestOffset, HostOffset } from './driver.ts';

const host = (offset: GuestOffset): HostOffset => offset as number as HostOffset;

/** `child` closes with the node, not with this. */
export function passThrough(child: ChildHandle): DriverState {
  return {
    length: () => child.length(),
    // Whether it really can, the child knows.
    growable: true,
    read: (offset, buffer) => child.read(host(offset), buffer),
    write: (offset, data) => child.write(host(offset), data),
    writeZeroes: (offset, length, flags) => child.writeZeroes(host(offset), length, flags),
    discard: (offset, length) => child.discard(host(offset), length),
    flush: () => child.flush(),
    truncate: (length) => child.truncate(length),
    blockStatus: (offset, length) => child.blockStatus(host(offset), length),
    info: () => child.info(),
    allocatedSize: () => child.allocatedSize(),
    close: () => Promise.resolve(),
  };
}
