/** The ports of the machine: what answers at each, and what an access sees that is wider than the device takes. */

/** Bytes of one access. */
export type AccessSize = 1 | 2 | 4;

/** A device at ports. Offsets count from its first one. */
export interface PortDevice {
  read(offset: number, size: AccessSize): number;
  /** `value` has no more bits than `size` says. */
  write(offset: number, value: number, size: AccessSize): void;
}

interface Place {
  readonly device: PortDevice;
  readonly offset: number;
  readonly widest: AccessSize;
}

/** Ports by number. Where nothing answers, reads give ones and writes are lost. */
export class PortSpace {
  readonly #places = new Map<number, Place>();

  /**
   * `widest`: the widest access that the device takes in one piece; the others reach it byte by byte. A device that takes
   * bytes alone is not reached by four of them at once.
   */
  map(first: number, count: number, device: PortDevice, widest: AccessSize = 1): void {
    for (let offset = 0; offset < count; offset += 1)
      this.#places.set(first + offset, { device, offset, widest });
  }

  /** The ports of a device are nobody's again. */
  unmap(device: PortDevice): void {
    for (const [port, place] of this.#places) if (place.device === device) this.#places.delete(port);
  }

  read(port: number, size: AccessSize): number {
    const place = this.#places.get(port);
    if (size === 1) return place === undefined ? 0xff : place.device.read(place.offset, 1);
    if (place !== undefined && size <= place.widest) return place.device.read(place.offset, size);
    if (isTooWide(place, size)) return 0xffff_ffff;
    let value = 0;
    for (let byte = 0; byte < size; byte += 1) value += this.read(port + byte, 1) * 2 ** (8 * byte);
    return value;
  }

  write(port: number, value: number, size: AccessSize): void {
    const place = this.#places.get(port);
    if (size === 1 || (place !== undefined && size <= place.widest)) {
      place?.device.write(place.offset, value, size);
      return;
    }
    if (isTooWide(place, size)) return;
    for (let byte = 0; byte < size; byte += 1) this.write(port + byte, (value >>> (8 * byte)) & 0xff, 1);
  }
}

function isTooWide(place: Place | undefined, size: AccessSize): boolean {
  return size === 4 && place?.widest === 1;
}
