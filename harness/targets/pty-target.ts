/**
 * `pty:COMMAND…`: a shell command that speaks QMP on its terminal. When we die the terminal closes, and the
 * command gets SIGHUP. Its stderr goes to a file, since on the terminal it would be taken for QMP.
 */
import { readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { atProcessEnd } from '../cleanup.ts';
import { DEFAULT_TIME_LIMITS } from '../time-limits.ts';
import { spawnPty } from '../transports/pty.ts';
import { limitScript } from './child-process.ts';
import { GreetedTransport } from './greeted.ts';
import { makeImages } from './make-images.ts';
import { COMMAND_CAPABILITIES, commandLine, OnlyMonitor, realTime } from './shell-command.ts';
import { greeting } from './spawned.ts';
import {
  type Endpoint,
  type ExitInfo,
  StartError,
  type StartRequest,
  startFault,
  type Target,
} from './target.ts';

const LAST_LINES = 20;
/** Wait for an end by SIGTERM before SIGKILL. */
const TERM_MS = 3_000;

export function ptyTarget(name: string, command: string): Target {
  return {
    name,
    capabilities: COMMAND_CAPABILITIES,
    unavailable: () =>
      import('node-pty').then(
        () => null,
        () => 'node-pty is not installed',
      ),
    start: (request) => start(name, command, request),
  };
}

async function start(name: string, command: string, request: StartRequest): Promise<Endpoint> {
  const { topology, scratch, dir = scratch, signal, environment } = request;
  const { startTimeout = DEFAULT_TIME_LIMITS.startTimeout } = request;
  signal?.throwIfAborted();
  const line = commandLine(command, request);
  await makeImages(topology.images, scratch);
  const folder = `${scratch}.mon`;
  await mkdir(folder);
  const stderr = join(folder, 'stderr');
  const lastWords = (): string[] => readFileSync(stderr, 'utf8').trimEnd().split('\n').slice(-LAST_LINES);
  const child = await spawnPty({
    name,
    command: ['/bin/sh', '-c', `${limitScript()}\n${line}`],
    cwd: scratch,
    ...(environment && { env: { ...process.env, ...environment } }),
    stderr,
  }).catch(async (error: Error) => {
    await rm(folder, { recursive: true, force: true });
    throw new StartError(error.message);
  });
  const kill = (signalToSend: NodeJS.Signals): void => {
    try {
      process.kill(-child.pid, signalToSend);
    } catch {
      // It has gone already.
    }
  };
  const withdraw = atProcessEnd(() => kill('SIGKILL'));
  let running = true;
  let words: readonly string[] = [];
  const exited: Promise<ExitInfo> = child.exited.then(({ code, signal: number }) => {
    running = false;
    withdraw();
    words = lastWords();
    return { code, signal: number === null ? null : signalName(number) };
  });

  async function stop(): Promise<ExitInfo> {
    if (running) kill('SIGTERM');
    const timer = setTimeout(() => kill('SIGKILL'), TERM_MS);
    const exit = await exited;
    clearTimeout(timer);
    await child.transport.close();
    await rm(folder, { recursive: true, force: true });
    return exit;
  }

  const limit = AbortSignal.timeout(startTimeout);
  const transport = new GreetedTransport(child.transport);
  if (request.silent !== true && !(await greeting(transport, limit, signal))) {
    const exit = await stop();
    signal?.throwIfAborted();
    throw startFault('no greeting came', exit, words);
  }
  const only = new OnlyMonitor(transport);
  return {
    argv: [line],
    dir,
    pid: child.pid,
    exited,
    get running() {
      return running;
    },
    openMonitor: (index) => only.take(index),
    lastWords: () => (running ? lastWords() : words),
    settle: realTime,
    stop,
  };
}

function signalName(number: number): string {
  const entry = Object.entries(constants.signals).find(([, value]) => value === number);
  return entry?.[0] ?? `signal ${number}`;
}
