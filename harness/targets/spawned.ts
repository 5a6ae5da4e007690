/**
 * What all targets share that start a program with its monitors on unix sockets: make the images, start the child,
 * wait for the greeting, connect, watch, stop.
 *
 * The sockets live beside the scratch folder, not in it: the scratch folder is the case's alone.
 */
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_TIME_LIMITS } from '../time-limits.ts';
import type { Transport } from '../transports/transport.ts';
import { connectUnix } from '../transports/unix.ts';
import { Child, type ProcessLimits } from './child-process.ts';
import { GreetedTransport } from './greeted.ts';
import { makeImages } from './make-images.ts';
import { type Endpoint, type ExitInfo, type StartError, type StartRequest, startFault } from './target.ts';

/** Pause between two tries to connect to a program that is coming up. */
const RETRY_MS = 2;
/** What QEMU says of `wait=on`. */
const WAITING = /: info: QEMU waiting for connection on: /;

export interface SpawnedProgram {
  readonly command: string;
  /** Options for the monitors: `sockets[i]` is the path on which monitor `i` must listen. */
  args(sockets: readonly string[]): readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly limits?: ProcessLimits;
}

/** Starts a program. Rejects with `StartError`; then nothing is left behind. */
export async function startProgram(program: SpawnedProgram, request: StartRequest): Promise<Endpoint> {
  request.signal?.throwIfAborted();
  await makeImages(request.topology.images, request.scratch);
  const folder = `${request.scratch}.mon`;
  await mkdir(folder);
  const sockets = Array.from({ length: request.topology.monitors }, (_, index) => join(folder, `${index}`));
  let child: Child | null = null;
  try {
    const args = substituteDir(program.args(sockets), request.scratch);
    const env = { ...program.env, ...request.environment };
    const { under, scratch: cwd } = request;
    child = new Child({ ...program, args, env, cwd, under, unheard: WAITING });
    const first = await firstMonitor(child, sockets, request);
    return new SpawnedEndpoint({ child, argv: args, dir: request.scratch, folder, sockets, first });
  } catch (error) {
    await child?.stop();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/**
 * QEMU's options for a QMP monitor on each socket.
 *
 * QEMU listens on a socket before its monitor is set up: of 300 clients that come in between, one is greeted twice or
 * loses its first command. So it has to wait for the first monitor's client, and makes that monitor last: its greeting
 * means that all of them are set up.
 */
export function monitorOptions(sockets: readonly string[]): string[] {
  return sockets
    .flatMap((socket, index) => [
      ['-mon', `chardev=qmpcheck-mon${index},mode=control`],
      [
        '-chardev',
        `socket,id=qmpcheck-mon${index},path=${socket},server=on,wait=${index === 0 ? 'on' : 'off'}`,
      ],
    ])
    .toReversed()
    .flat();
}

/** `@DIR@` stands for the scratch folder, as the endpoint sees it. */
export function substituteDir(words: readonly string[], dir: string): string[] {
  return words.map((word) => word.replaceAll('@DIR@', dir));
}

/** The `StartError` for a child that ended before it was up. */
export async function startError(child: Child, what: string): Promise<StartError> {
  const exit = child.running ? null : await child.exited;
  return startFault(what, exit, child.lastWords());
}

/** The first monitor, greeted, when all of them take connections. */
async function firstMonitor(
  child: Child,
  sockets: readonly string[],
  { startTimeout = DEFAULT_TIME_LIMITS.startTimeout, signal }: StartRequest,
): Promise<GreetedTransport> {
  const limit = AbortSignal.timeout(startTimeout);
  while (child.running) {
    signal?.throwIfAborted();
    if (limit.aborted) break;
    const there = sockets.every((path) => existsSync(path));
    const transport = there ? await connectUnix(sockets[0]!).catch(() => null) : null;
    if (transport === null) {
      await sleep(RETRY_MS);
      continue;
    }
    const monitor = new GreetedTransport(transport);
    if (await greeting(monitor, limit, signal)) return monitor;
    await monitor.close();
    break;
  }
  signal?.throwIfAborted();
  if (limit.aborted) throw await startError(child, `no greeting within ${startTimeout / 1000} s`);
  await child.exited;
  throw await startError(child, 'ended before its greeting');
}

/** True when it came; false at the end of the stream, the time limit or an abort. */
export async function greeting(
  monitor: GreetedTransport,
  ...limits: (AbortSignal | undefined)[]
): Promise<boolean> {
  let undo = (): void => undefined;
  const aborted = new Promise<boolean>((resolve) => {
    const giveUp = (): void => resolve(false);
    for (const limit of limits) limit?.addEventListener('abort', giveUp);
    if (limits.some((limit) => limit?.aborted)) giveUp();
    undo = () => {
      for (const limit of limits) limit?.removeEventListener('abort', giveUp);
    };
  });
  try {
    return await Promise.race([monitor.greeted, aborted]);
  } finally {
    undo();
  }
}

interface Started {
  readonly child: Child;
  readonly argv: readonly string[];
  readonly dir: string;
  /** Where the sockets are; goes when the endpoint does. */
  readonly folder: string;
  readonly sockets: readonly string[];
  /** The first monitor's connection. */
  readonly first: Transport;
}

class SpawnedEndpoint implements Endpoint {
  readonly argv: readonly string[];
  readonly dir: string;
  readonly exited: Promise<ExitInfo>;
  readonly pid: number;
  readonly #child: Child;
  readonly #folder: string;
  readonly #sockets: readonly string[];
  #first: Transport | null;
  #stopping: Promise<ExitInfo> | null = null;

  constructor({ child, argv, dir, folder, sockets, first }: Started) {
    this.#child = child;
    this.argv = argv;
    this.dir = dir;
    this.pid = child.pid;
    this.exited = child.exited;
    this.#folder = folder;
    this.#sockets = sockets;
    this.#first = first;
  }

  get running(): boolean {
    return this.#child.running;
  }

  async openMonitor(index: number): Promise<Transport> {
    const first = this.#first;
    if (index === 0 && first !== null) {
      this.#first = null;
      return first;
    }
    const path = this.#sockets[index];
    if (path === undefined) throw new RangeError(`this endpoint has ${this.#sockets.length} monitors`);
    return connectUnix(path);
  }

  lastWords(): readonly string[] {
    return this.#child.lastWords();
  }

  async settle(milliseconds: number): Promise<void> {
    await sleep(milliseconds);
  }

  stop(atOnce = false): Promise<ExitInfo> {
    this.#stopping ??= this.#stop(atOnce);
    return this.#stopping;
  }

  async #stop(atOnce: boolean): Promise<ExitInfo> {
    await this.#first?.close();
    const exit = await (atOnce ? this.#child.kill() : this.#child.stop());
    await rm(this.#folder, { recursive: true, force: true });
    return exit;
  }
}
