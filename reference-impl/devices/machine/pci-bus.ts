/** The PCI bus of a PC as the guest configures it: the ports at 0xcf8 and 0xcfc, and the functions behind them. */
import type { AccessSize, PortDevice } from './port-space.ts';

/** One function of a PCI device. */
export interface PciFunction {
  /** 256 bytes; what is written lands here by itself where `writable` has ones. */
  readonly config: Buffer;
  readonly writable: Buffer;
  /** The guest has written to the configuration. */
  configured?(): void;
}

const ENABLE = 0x8000_0000;

/** A function that does nothing but be there. */
export function pciFunction(
  vendor: number,
  device: number,
  classCode: number,
  { revision = 0, headerType = 0 } = {},
): PciFunction {
  const config = Buffer.alloc(256);
  config.writeUInt16LE(vendor, 0);
  config.writeUInt16LE(device, 2);
  config[8] = revision;
  config.writeUInt16LE(classCode, 10);
  config[14] = headerType;
  const writable = Buffer.alloc(256);
  // The command register, the interrupt line, and what is the device's own.
  writable.writeUInt16LE(0x0507, 4);
  writable[60] = 0xff;
  writable.fill(0xff, 64);
  return { config, writable };
}

/** Bus 0. */
export class PciBus {
  readonly #functions = new Map<number, PciFunction>();
  /** What the guest wrote to 0xcf8: which register it means. */
  #address = 0;

  /** The port that says which register is meant. */
  readonly addressPort: PortDevice = {
    read: (offset, size) => ((this.#address >>> (8 * offset)) & mask(size)) >>> 0,
    write: (offset, value, size) => {
      // It is one register, written whole.
      if (offset === 0 && size === 4) this.#address = value;
    },
  };

  /** The ports through which it is read and written. */
  readonly dataPort: PortDevice = {
    read: (offset, size) => this.#read(offset, size),
    write: (offset, value, size) => this.#write(offset, value, size),
  };

  /** `slot` and `number` as the guest counts devices and their functions. */
  add(slot: number, number: number, made: PciFunction): void {
    this.#functions.set((slot << 3) | number, made);
  }

  get #selected(): PciFunction | undefined {
    const isEnabled = (this.#address & ENABLE) !== 0;
    const bus = (this.#address >> 16) & 0xff;
    return isEnabled && bus === 0 ? this.#functions.get((this.#address >> 8) & 0xff) : undefined;
  }

  #read(offset: number, size: AccessSize): number {
    const found = this.#selected;
    if (!found) return mask(size);
    return readSome(found.config, (this.#address & 0xff) | offset, size);
  }

  #write(offset: number, value: number, size: AccessSize): void {
    const found = this.#selected;
    if (!found) return;
    const { config, writable } = found;
    const from = (this.#address & 0xff) | offset;
    for (let byte = 0; byte < size; byte += 1) {
      const at = from + byte;
      const may = writable[at]!;
      config[at] = (config[at]! & ~may) | ((value >>> (8 * byte)) & may);
    }
    found.configured?.();
  }
}

function mask(size: AccessSize): number {
  return size === 4 ? 0xffff_ffff : 2 ** (8 * size) - 1;
}

function readSome(config: Buffer, from: number, size: AccessSize): number {
  let value = 0;
  for (let byte = 0; byte < size; byte += 1) value += (config[from + byte] ?? 0xff) * 2 ** (8 * byte);
  return value;
}
