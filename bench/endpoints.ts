/** Endpoints to measure, each a child with unix sockets in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../spec/package-root.ts';
import { BareLoop } from './bare-loop.ts';

export const STORAGE_DAEMON = 'qemu-storage-daemon';
export const QEMU = 'qemu-system-x86_64';

/** The command of the reference as a child. */
export function serve(): [string, ...string[]] {
  return [process.execPath, fileURLToPath(new URL('bin/qmpcheck', packageRoot())), 'serve'];
}

export function missingProgram(name: string): string | null {
  const found = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
  return found ? null : `${name}: not found in PATH`;
}

/** What `connect` gives once somebody listens on the socket, which is there before that. */
export async function onceListening<T>(connect: () => Promise<T>): Promise<T> {
  for (;;)
    try {
      return await connect();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
}

export class BenchEndpoint {
  /** Those that nobody has stopped yet. */
  static readonly #running = new Set<BenchEndpoint>();
  readonly sockets: readonly string[];
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string, sockets: readonly string[]) {
    this.#child = child;
    this.#folder = folder;
    this.sockets = sockets;
    BenchEndpoint.#running.add(this);
  }

  /** Stops what a benchmark that failed left running. */
  static async stopAll(): Promise<void> {
    for (const endpoint of BenchEndpoint.#running) await endpoint.stop();
  }

  static storageDaemon(monitors = 1): Promise<BenchEndpoint> {
    return BenchEndpoint.#withMonitors([STORAGE_DAEMON], monitors, {
      chardev: '--chardev',
      monitor: '--monitor',
      mode: '',
    });
  }

  static reference(monitors = 1): Promise<BenchEndpoint> {
    return BenchEndpoint.machine(serve(), [], monitors);
  }

  /** A command that takes the options of QEMU's system emulator, and what it is given besides monitors. */
  static machine(
    [command, ...first]: readonly [string, ...string[]],
    options: readonly string[],
    monitors = 1,
  ): Promise<BenchEndpoint> {
    return BenchEndpoint.#withMonitors([command, ...first, ...options], monitors, {
      chardev: '-chardev',
      monitor: '-mon',
      mode: ',mode=control',
    });
  }

  static async #withMonitors(
    command: readonly [string, ...string[]],
    monitors: number,
    { chardev, monitor, mode }: { readonly chardev: string; readonly monitor: string; readonly mode: string },
  ): Promise<BenchEndpoint> {
    const names = Array.from({ length: monitors }, (_, i) => `${i}.sock`);
    const endpoint = await BenchEndpoint.start(command, names, (folder) =>
      names.flatMap((name, i) => [
        chardev,
        `socket,id=c${i},path=${join(folder, name)},server=on,wait=${i === names.length - 1 ? 'on' : 'off'}`,
        monitor,
        `chardev=c${i}${mode}`,
      ]),
    );
    // As in the harness's own targets: a client that comes before its monitor is set up may lose its first command.
    const last = endpoint.sockets.at(-1)!;
    (await onceListening(() => BareLoop.open(last))).close();
    return endpoint;
  }

  /** Resolves when the sockets of these names are there, be it that nobody listens on them yet; `options` are told the folder, which is there before them. */
  static async start(
    [command, ...first]: readonly [string, ...string[]],
    names: readonly string[],
    options: (folder: string) => readonly string[],
  ): Promise<BenchEndpoint> {
    const folder = mkdtempSync(join(tmpdir(), 'qmpcheck-bench-'));
    const sockets = names.map((name) => join(folder, name));
    const child = spawn(command, [...first, ...options(folder)], { stdio: ['ignore', 'ignore', 'ignore'] });
    while (!sockets.every((path) => existsSync(path))) {
      if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return new BenchEndpoint(child, folder, sockets);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async stop(): Promise<void> {
    BenchEndpoint.#running.delete(this);
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = new Promise((resolve) => this.#child.once('exit', resolve));
      this.#child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
