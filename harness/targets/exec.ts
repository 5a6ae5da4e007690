/** `exec:COMMAND…`: a shell command that speaks QMP on its standard input and output. */
import { DEFAULT_TIME_LIMITS } from '../time-limits.ts';
import { stdioTransport } from '../transports/stdio.ts';
import { Child } from './child-process.ts';
import { GreetedTransport } from './greeted.ts';
import { makeImages } from './make-images.ts';
import { COMMAND_CAPABILITIES, commandLine, OnlyMonitor, realTime } from './shell-command.ts';
import { greeting, startError } from './spawned.ts';
import type { Endpoint, StartRequest, Target } from './target.ts';

export function execTarget(name: string, command: string): Target {
  return {
    name,
    capabilities: COMMAND_CAPABILITIES,
    unavailable: () => Promise.resolve(null),
    start: (request) => start(name, command, request),
  };
}

async function start(name: string, command: string, request: StartRequest): Promise<Endpoint> {
  const { topology, scratch, dir = scratch, signal, environment = {} } = request;
  const { startTimeout = DEFAULT_TIME_LIMITS.startTimeout } = request;
  signal?.throwIfAborted();
  const line = commandLine(command, request);
  await makeImages(topology.images, scratch);
  const child = new Child({
    command: '/bin/sh',
    args: ['-c', line],
    cwd: scratch,
    under: request.under,
    env: environment,
    pipes: true,
  });
  const transport = new GreetedTransport(stdioTransport(name, child));
  const limit = AbortSignal.timeout(startTimeout);
  if (request.silent !== true && !(await greeting(transport, limit, signal))) {
    await transport.close();
    await child.stop();
    signal?.throwIfAborted();
    throw await startError(child, limit.aborted ? 'no greeting in time' : 'ended before its greeting');
  }
  const monitor = new OnlyMonitor(transport);
  return {
    argv: [line],
    dir,
    pid: child.pid,
    exited: child.exited,
    get running() {
      return child.running;
    },
    openMonitor: (index) => monitor.take(index),
    lastWords: () => child.lastWords(),
    settle: realTime,
    stop: async () => {
      await monitor.close();
      return child.stop();
    },
  };
}
