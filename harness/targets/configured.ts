/**
 * A target that a config file names: one of the built-in kinds with options, environment, pace and what an attached
 * endpoint already has put around it.
 */
import type { Implementation } from '../../reports/record.ts';
import type { Quirks } from '../qmp/quirks.ts';
import { paced } from '../transports/paced.ts';
import type { Target } from './target.ts';

/** What a config file says of a target. */
export interface Surrounding {
  /** Options before those of the topology. */
  readonly options?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Most commands a second that the endpoint can bear, on each monitor. */
  readonly commandsPerSecond?: number;
  /** What starts an attached endpoint again (`Comeback.restart`). */
  readonly restart?: string;
  /** How it breaks the protocol; then that is not found out by probing. */
  readonly quirks?: Quirks;
  /** Names of topologies that an attached endpoint has been started with. */
  readonly topologies?: readonly string[];
  /** Whose work an endpoint is that is started by a command or attached to. */
  readonly implementation?: Implementation;
}

/** `name`: as the config file calls it. */
export function configured(name: string, base: Target, surrounding: Surrounding): Target {
  const { options = [], environment, commandsPerSecond, topologies = [], quirks, restart } = surrounding;
  const implementation = surrounding.implementation ?? base.implementation;
  return {
    ...base,
    name,
    ...(implementation && { implementation }),
    ...(quirks && { quirks }),
    ...(restart !== undefined && { comeback: { restart } }),
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
        endpoint.openMonitor = async (index, signal) =>
          paced(await openMonitor(index, signal), () => 1000 / commandsPerSecond);
      }
      return endpoint;
    },
  };
}
