/** Power management of a PC (function 3 of its PIIX4): ports by which the guest switches the machine off. */
import { type PciFunction, pciFunction } from './pci-bus.ts';
import type { PortDevice, PortSpace } from './port-space.ts';

const PORTS = 64;
/** Where the guest says where the ports are, and that it wants them. */
const [BASE, ENABLE] = [0x40, 0x80];
/** The control register among the ports: sleep, and how deep. */
const CONTROL = 4;
const SLEEP = 0x2000;
const SLEEP_TYPE = 0x1c00;

/** The function. `powerOff` is called when the guest switches the machine off. */
export function powerManagement(ports: PortSpace, powerOff: () => void): PciFunction {
  const { config, writable } = pciFunction(0x8086, 0x7113, 0x0680, { revision: 3 });
  config[BASE] = 1;
  const registers = Buffer.alloc(PORTS);
  const device: PortDevice = {
    read: (offset, size) => registers.readUIntLE(offset, Math.min(size, PORTS - offset)),
    write: (offset, value, size) => {
      registers.writeUIntLE(value, offset, size);
      if (offset !== CONTROL || (value & SLEEP) === 0) return;
      if ((value & SLEEP_TYPE) === 0) powerOff();
    },
  };
  let mapped: number | undefined;
  const configured = (): void => {
    const isOn = (config[ENABLE]! & 1) !== 0;
    const base = isOn ? config.readUInt16LE(BASE) & 0xffc0 : undefined;
    if (base === mapped) return;
    if (mapped !== undefined) ports.unmap(mapped, PORTS);
    if (base !== undefined) ports.map(base, PORTS, device, 4);
    mapped = base;
  };
  return { config, writable, configured };
}
