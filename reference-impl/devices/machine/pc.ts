/** A PC put together for its guest's processor: memory, the PCI bus, power management, and the two IDE channels. */
import type { DeviceRegistry } from '../device-registry.ts';
import { ideChannel } from '../ide/ide-units.ts';
import { GuestMemory } from './guest-memory.ts';
import { InterruptLines } from './interrupt-lines.ts';
import { PciBus, pciFunction } from './pci-bus.ts';
import type { PortMachine } from './port-machine.ts';
import { PortSpace } from './port-space.ts';
import { powerManagement } from './power-management.ts';

const INTEL = 0x8086;
/** Where the channels are, by the names of their buses. */
const IDE = [
  { bus: 'ide.0', registers: 0x1f0, control: 0x3f6, line: 14 },
  { bus: 'ide.1', registers: 0x170, control: 0x376, line: 15 },
] as const;

/** The PC with the devices that are plugged in. `powerOff`: the guest switches it off. Memory is in bytes. */
export function pc(devices: DeviceRegistry, memorySize: number, powerOff: () => void): PortMachine {
  const ports = new PortSpace();
  const interrupts = new InterruptLines();
  addPciBus(ports, powerOff);
  for (const { bus, registers, control, line } of IDE) {
    const channel = ideChannel(
      devices.bus(bus)?.devices ?? [],
      IDE.findIndex((other) => other.bus === bus),
      (high) => interrupts.set(line, high),
    );
    ports.map(registers, 8, channel);
    ports.map(registers, 1, channel, 4);
    ports.map(control, 1, channel.control);
  }
  return { ports, memory: new GuestMemory(memorySize), interrupts };
}

function addPciBus(ports: PortSpace, powerOff: () => void): void {
  const pci = new PciBus();
  pci.add(0, 0, pciFunction(INTEL, 0x1237, 0x0600));
  pci.add(1, 0, pciFunction(INTEL, 0x7000, 0x0601, 0x80));
  pci.add(1, 1, pciFunction(INTEL, 0x7010, 0x0101));
  pci.add(1, 3, powerManagement(ports, powerOff));
  ports.map(0xcf8, 4, pci.addressPort, 4);
  ports.map(0xcfc, 4, pci.dataPort, 4);
}
