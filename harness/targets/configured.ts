/**
 * A target that a config file names: one of the built-in kinds with options, environment, pace and what an attached
 * endpoint already has put around it.
 */
import type { Transport } from '../transports/transport.ts';
import type { Target } from './target.ts';

/** What a config file says of a target. */
export interface Surrounding {
  /** Options before those of the topology. */
  readonly options?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Most commands a second that the endpoint can bear, on each monitor. */
  readonly commandsPerSecond?: number;
  /** Names of topologies that an attached endpoint has been started with. */
  readonly topologies?: readonly string[];
}

/** `name`: as the config file calls it. */
export function configured(name: string, base: Target, surrounding: Surrounding): Target {
  const { options = [], environment, commandsPerSecond, topologies = [] } = surrounding;
  return {
    name,
    capabilities: base.capabilities,
    unavailable: () => base.unavailable(),
    async start(request) {
      const present = topologies.includes(request.topology.name);
      const topology = {
        ...request.topology,
        options: present ? [] : [...options, ...request.topology.options],
      };
      const endpoint = await base.start({ ...request, topology, ...(environment && { environment }) });
      if (commandsPerSecond !== undefined) {
        const openMonitor = endpoint.openMonitor.bind(endpoint);
        endpoint.openMonitor = async (index) => paced(await openMonitor(index), 1000 / commandsPerSecond);
      }
      return endpoint;
    },
  };
}

/** Leaves at least `interval` milliseconds between two writes. */
function paced(transport: Transport, interval: number): Transport {
  let last: Promise<unknown> = Promise.resolve();
  let next = 0;
  const write = transport.write.bind(transport);
  transport.write = (bytes) => {
    const own = bytes.slice();
    const turn = last.then(async () => {
      const wait = next - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      next = performance.now() + interval;
      await write(own);
    });
    last = turn.catch(() => undefined);
    return turn;
  };
  return transport;
}
