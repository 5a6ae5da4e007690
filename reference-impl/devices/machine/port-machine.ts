/** A machine as its guest's processor sees it: ports, memory, interrupt lines, and a clock that may be moved. */
import type { GuestMemory } from './guest-memory.ts';
import type { InterruptLines } from './interrupt-lines.ts';
import type { PortSpace } from './port-space.ts';

/** What stands for the processor works on it. */
export interface PortMachine {
  readonly ports: PortSpace;
  readonly memory: GuestMemory;
  readonly interrupts: InterruptLines;
}
