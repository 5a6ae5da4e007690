/** The composition root: from QEMU options to a running endpoint. */

import { applyOptions } from './apply-options.ts';
import type { Reference, ReferenceOptions } from './endpoint.ts';
import { memoryPeer } from './monitor/memory-peer.ts';
import { ReferenceEndpoint } from './reference-endpoint.ts';

/** Starts an endpoint. Throws `OptionError` for an option that is refused. */
export async function startReference(options: ReferenceOptions): Promise<Reference> {
  const endpoint = new ReferenceEndpoint(options);
  for (let made = 0; made < (options.monitors ?? 0); made += 1) endpoint.addMonitor();
  try {
    await applyOptions(options.argv, endpoint, options.dialect);
  } catch (error) {
    await stop(endpoint);
    throw error;
  }
  return {
    connect: (index, client) => memoryPeer(endpoint.monitor(index), client),
    idle: () => endpoint.hostWork.idle(),
    get worked() {
      return endpoint.hostWork.ended;
    },
    get begun() {
      return endpoint.hostWork.begun;
    },
    get endsByItself() {
      return endpoint.hostWork.endsByItself;
    },
    exited: endpoint.exited,
    stop: () => stop(endpoint),
  };
}

async function stop(endpoint: ReferenceEndpoint): Promise<void> {
  endpoint.shutdown();
  await endpoint.exited;
}
