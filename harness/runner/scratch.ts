/**
 * Scratch folders: one folder a run under the system's temporary folder, one folder an endpoint inside it.
 *
 * A live run holds a listening socket `alive` in its folder. Whoever starts a run sweeps the folders whose socket
 * nobody answers any more: this tells dead runs from live ones even between containers that share the folder but
 * not process ids.
 */
import { rmSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { atProcessEnd } from '../cleanup.ts';
import type { Target } from '../targets/target.ts';

const PREFIX = 'qmpcheck-run-';
const ALIVE = 'alive';

/** A folder without a socket may be one that is being made right now; after this long it is not. */
const BIRTH_MS = 60_000;

/** No folder for a run can be made. The message is complete. */
export class ScratchError extends Error {
  override readonly name = 'ScratchError';

  constructor(parent: string, { code, message }: NodeJS.ErrnoException) {
    const why = code === 'ENOENT' ? 'no such folder' : message;
    super(`the folder for temporary files (TMPDIR) cannot be used: ${parent}: ${why}`);
  }
}

/**
 * A folder for one run, with a scratch folder for each endpoint. Removed when it is closed, and when the process ends.
 */
export class ScratchArea {
  readonly path: string;
  readonly #server: Server;
  /** The process's own, where it was changed. */
  readonly #umask: number | null;
  readonly #withdraw: () => void;
  #made = 0;
  /** Folders that stay when it is closed. */
  readonly #kept = new Set<string>();

  private constructor(path: string, server: Server, umask: number | null) {
    this.path = path;
    this.#umask = umask;
    this.#server = server;
    this.#withdraw = atProcessEnd(() => {
      if (this.#kept.size === 0) rmSync(path, { recursive: true, force: true });
    });
  }

  /** For the endpoints of a target; in its shared folder, if it has one, all that is made meanwhile is open to everybody. */
  static for({ folder }: Target): Promise<ScratchArea> {
    return folder === undefined ? ScratchArea.open() : ScratchArea.open(folder.here, true);
  }

  /** Makes this run's folder, after removing those of runs that died. Rejects with `ScratchError`. */
  static async open(parent: string = tmpdir(), isShared = false): Promise<ScratchArea> {
    const path = await sweep(parent)
      .then(() => mkdtemp(join(parent, PREFIX)))
      .catch((error: NodeJS.ErrnoException) => {
        throw new ScratchError(parent, error);
      });
    // a thread has that of its process
    const umask = isShared && isMainThread ? process.umask(0) : null;
    if (isShared) await chmod(path, 0o777);
    const server = createServer((socket) => socket.destroy());
    server.unref();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(join(path, ALIVE), resolve);
    });
    return new ScratchArea(path, server, umask);
  }

  /** Makes an empty folder; `label` starts its name. */
  async make(label: string): Promise<string> {
    this.#made += 1;
    const path = join(this.path, `${label}${this.#made}`);
    await mkdir(path);
    return path;
  }

  /** Leaves a folder that was made here when the rest is removed; a later run sweeps it. */
  keep(folder: string): void {
    this.#kept.add(folder);
  }

  /** Those that stay. */
  get kept(): readonly string[] {
    return [...this.#kept];
  }

  async #others(): Promise<string[]> {
    const paths = (await readdir(this.path)).map((name) => join(this.path, name));
    return paths.filter((path) => !this.#kept.has(path));
  }

  /** Removes the folder and all in it that need not stay. */
  async close(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
    const over = this.#kept.size === 0 ? [this.path] : await this.#others();
    for (const path of over) await rm(path, { recursive: true, force: true, maxRetries: 3 });
    this.#withdraw();
    if (this.#umask !== null) process.umask(this.#umask);
  }
}

/** Removes the folders of dead runs. What cannot be judged or removed is left alone. */
export async function sweep(parent: string): Promise<void> {
  const names = (await readdir(parent)).filter((name) => name.startsWith(PREFIX));
  await Promise.all(
    names.map(async (name) => {
      const path = join(parent, name);
      if (await isDead(path)) await rm(path, { recursive: true, force: true }).catch(() => undefined);
    }),
  );
}

async function isDead(path: string): Promise<boolean> {
  const answer = await knock(join(path, ALIVE));
  if (answer === 'ECONNREFUSED') return true;
  if (answer !== 'ENOENT') return false;
  const made = await stat(path).catch(() => null);
  return made?.isDirectory() === true && Date.now() - made.mtimeMs > BIRTH_MS;
}

/** `open` if something listens there, else the code of the error. */
function knock(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve('open');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
  });
}
