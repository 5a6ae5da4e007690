/** Power management of a PC (function 3 of its PIIX4): the port by which the guest switches the machine off. */
import { type PciFunction, pciFunction } from './pci-bus.ts';
import type { PortDevice, PortSpace } from './port-space.ts';

/** Where the guest says where the ports are, and that it wants them. */
const [BASE, ENABLE] = [0x40, 0x80];
/** The control register among the ports, of two bytes. */
const CONTROL = 4;
/** In its higher byte: sleep, and how deep. */
const SLEEP = 0x20;
const SLEEP_TYPE = 0x1c;

/** The function. `powerOff` is called when the guest switches the machine off. */
export function powerManagement(ports: PortSpace, powerOff: () => void): PciFunction {
  const { config, writable } = pciFunction(0x8086, 0x7113, 0x0680, { revision: 3 });
  config[BASE] = 1;
  const control = [0, 0];
  const device: PortDevice = {
    read: (offset) => control[offset]!,
    write: (offset, value) => {
      control[offset] = offset === 0 ? value : value & ~SLEEP;
      if (offset === 1 && (value & (SLEEP | SLEEP_TYPE)) === SLEEP) powerOff();
    },
  };
  const configured = (): void => {
    ports.unmap(device);
    if ((config[ENABLE]! & 1) !== 0)
      ports.map((config.readUInt16LE(BASE) & 0xffc0) + CONTROL, control.length, device);
  };
  return { config, writable, configured };
}
