/** What the targets share that start any shell command, which speaks QMP on a stream of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Transport } from '../transports/transport.ts';
import { type StartRequest, type TargetCapabilities, UnsupportedTopology } from './target.ts';

export const COMMAND_CAPABILITIES: TargetCapabilities = {
  guestDevices: false,
  drives: false,
  qtest: false,
  humanMonitor: false,
  owned: true,
  sharedFiles: true,
  monitors: 1,
  reconnects: false,
};

/**
 * The command line with `@DIR@` replaced by the scratch folder and `@OPTIONS@` by the topology's options. Throws
 * `UnsupportedTopology` where there are options and no place for them.
 */
export function commandLine(command: string, { topology, scratch, dir = scratch }: StartRequest): string {
  if (topology.options.length > 0 && !command.includes('@OPTIONS@'))
    throw new UnsupportedTopology('the command has no @OPTIONS@ to put the options of the topology');
  const options = topology.options.map(quote).join(' ');
  return command.replaceAll('@OPTIONS@', () => options).replaceAll('@DIR@', () => dir);
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The parts of an endpoint that has one connection only, which can be taken once. */
export class OnlyMonitor {
  #transport: Transport | null;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async take(index: number): Promise<Transport> {
    const transport = this.#transport;
    if (index !== 0) throw new RangeError('this endpoint has one monitor');
    if (transport === null) throw new Error('this endpoint can be connected to only once');
    this.#transport = null;
    return transport;
  }

  /** Closes it if nobody took it. */
  async close(): Promise<void> {
    await this.#transport?.close();
  }
}

/** For endpoints on which real time passes. */
export async function realTime(milliseconds: number): Promise<void> {
  await sleep(milliseconds);
}
