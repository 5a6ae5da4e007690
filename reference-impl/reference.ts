/** The composition root: from QEMU options to a running endpoint. */
import type { Reference, ReferenceOptions } from './endpoint.ts';
import { Machine } from './machine.ts';
import { memoryPeer } from './monitor/memory.ts';
import { applyOptions } from './options/apply.ts';

/** Starts an endpoint. Throws `OptionError` for an option that is refused. */
export async function startReference(options: ReferenceOptions): Promise<Reference> {
  const machine = new Machine(options);
  try {
    await applyOptions(options.argv, machine);
  } catch (error) {
    await stop(machine);
    throw error;
  }
  return {
    connect: (index, client) => memoryPeer(machine.monitor(index), client),
    idle: () => machine.inFlight.idle(),
    get worked() {
      return machine.inFlight.ended;
    },
    exited: machine.exited,
    stop: () => stop(machine),
  };
}

async function stop(machine: Machine): Promise<void> {
  machine.shutdown();
  await machine.exited;
}
