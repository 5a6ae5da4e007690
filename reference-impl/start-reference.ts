/** The composition root: from QEMU options to a running endpoint. */

import { applyOptions } from './apply-options.ts';
import type { Reference, ReferenceOptions } from './endpoint.ts';
import { memoryPeer } from './monitor/memory-peer.ts';
import { Machine } from './reference-endpoint.ts';

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
