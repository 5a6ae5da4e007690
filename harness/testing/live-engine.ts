/** Real QEMU for tests, with one monitor on a unix socket, and nothing left when the test ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Transport } from '../transports/transport.ts';
import { connectUnix } from '../transports/unix.ts';

export type LiveEngine = 'qemu-storage-daemon' | 'qemu-system-x86_64';

/** Options of each engine for a monitor on the socket `path`, set up only when its client is there. */
const MONITOR_OPTIONS = {
  'qemu-storage-daemon': (path) =>
    `--chardev socket,id=mon0,path=${path},server=on,wait=on --monitor chardev=mon0`,
  'qemu-system-x86_64': (path) =>
    '-machine none -accel tcg -S -nodefaults -display none ' +
    `-chardev socket,id=mon0,path=${path},server=on,wait=on -mon chardev=mon0,mode=control`,
} satisfies Record<LiveEngine, (path: string) => string>;

export interface RunningEngine {
  /** Path of the monitor's socket. */
  readonly path: string;
  connect(): Promise<Transport>;
  stop(): Promise<void>;
}

export async function startLive(engine: LiveEngine): Promise<RunningEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'qmpcheck-live-'));
  const path = join(folder, 'monitor');
  const child = spawn(engine, MONITOR_OPTIONS[engine](path).split(' '), {
    stdio: 'ignore',
  });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
    await rm(folder, { recursive: true });
  };
  for (;;) {
    try {
      const first = await connectUnix(path);
      let taken = false;
      const connect = () => {
        if (taken) return connectUnix(path);
        taken = true;
        return Promise.resolve(first);
      };
      return { path, connect, stop };
    } catch (error) {
      if (child.exitCode !== null || child.signalCode !== null) {
        await stop();
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
