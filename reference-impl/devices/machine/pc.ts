/** A PC put together for its guest's processor: memory, the PCI bus, power management, and the two IDE channels. */
import type { DeviceRegistry } from '../device-registry.ts';
import { BusMaster } from '../ide/bus-master.ts';
import { ideChannel } from '../ide/ide-units.ts';
import { GuestMemory } from './guest-memory.ts';
import { InterruptLines } from './interrupt-lines.ts';
import { PciBus, type PciFunction, pciFunction } from './pci-bus.ts';
import type { PortMachine } from './port-machine.ts';
import { PortSpace } from './port-space.ts';
import { powerManagement } from './power-management.ts';

const INTEL = 0x8086;
/** Of the IDE function: the register that lets its ports answer, and the one that says where they are. */
const [COMMAND, STATUS, BASE] = [0x04, 0x06, 0x20];
/** Where the channels are, by the names of their buses. */
const IDE = [
  { bus: 'ide.0', registers: 0x1f0, control: 0x3f6, line: 14 },
  { bus: 'ide.1', registers: 0x170, control: 0x376, line: 15 },
] as const;

/** The PC with the devices that are plugged in. `powerOff`: the guest switches it off. Memory is in bytes. */
export function pc(devices: DeviceRegistry, memorySize: number, powerOff: () => void): PortMachine {
  const ports = new PortSpace();
  const interrupts = new InterruptLines();
  const memory = new GuestMemory(memorySize);
  const masters: BusMaster[] = [];
  for (const { bus, registers, control, line } of IDE) {
    const setLine = (high: boolean) => interrupts.set(line, high);
    const channel = ideChannel(devices.bus(bus)?.devices ?? [], setLine);
    const master = new BusMaster(memory, (engine) => channel.startDma(engine));
    channel.busMaster = master;
    masters.push(master);
    ports.map(registers, 8, channel);
    ports.map(registers, 1, channel, 4);
    ports.map(control, 1, channel.control);
  }
  addPciBus(ports, masters, powerOff);
  return { ports, memory, interrupts };
}

/** The IDE function: the guest says where the ports of its bus masters are. */
function ideFunction(ports: PortSpace, masters: readonly BusMaster[]): PciFunction {
  const made = pciFunction(INTEL, 0x7010, 0x0101);
  const { config, writable } = made;
  config.writeUInt16LE(0x0280, STATUS);
  config[9] = 0x80;
  config[BASE] = 1;
  writable.writeUInt32LE(0xffff_fff0, BASE);
  const configured = (): void => {
    const isOn = (config[COMMAND]! & 1) !== 0;
    const base = config.readUInt32LE(BASE) & 0xfff0;
    for (const [index, master] of masters.entries()) {
      ports.unmap(master);
      if (isOn) ports.map(base + 8 * index, 8, master, 4);
    }
  };
  return { ...made, configured };
}

function addPciBus(ports: PortSpace, masters: readonly BusMaster[], powerOff: () => void): void {
  const pci = new PciBus();
  pci.add(0, 0, pciFunction(INTEL, 0x1237, 0x0600, { revision: 2 }));
  pci.add(1, 0, pciFunction(INTEL, 0x7000, 0x0601, { headerType: 0x80 }));
  pci.add(1, 1, ideFunction(ports, masters));
  pci.add(1, 3, powerManagement(ports, powerOff));
  ports.map(0xcfc, 4, pci.dataPort, 4);
  ports.map(0xcf8, 4, pci.addressPort, 4);
}
