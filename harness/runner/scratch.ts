/**
 * Scratch folders: one folder a run under the system's temporary folder, one folder an endpoint inside it.
 *
 * A live run holds a listening socket `alive` in its folder. Whoever starts a run sweeps the folders whose socket
 * nobody answers any more: this tells dead runs from live ones even between containers that share the folder but
 * not process ids.
 */
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atProcessEnd } from '../cleanup.ts';

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
  readonly #withdraw: () => void;
  #made = 0;

  private constructor(path: string, server: Server) {
    this.path = path;
    this.#server = server;
    this.#withdraw = atProcessEnd(() => rmSync(path, { recursive: true, force: true }));
  }

  /** Makes this run's folder, after removing those of runs that died. Rejects with `ScratchError`. */
  static async open(parent: string = tmpdir()): Promise<ScratchArea> {
    const path = await sweep(parent)
      .then(() => mkdtemp(join(parent, PREFIX)))
      .catch((error: NodeJS.ErrnoException) => {
        throw new ScratchError(parent, error);
      });
    const server = createServer((socket) => socket.destroy());
    server.unref();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(join(path, ALIVE), resolve);
    });
    return new ScratchArea(path, server);
  }

  /** Makes an empty folder; `label` starts its name. */
  async make(label: string): Promise<string> {
    this.#made += 1;
    const path = join(this.path, `${label}${this.#made}`);
    await mkdir(path);
    return path;
  }

  /** Removes the folder and all in it. */
  async close(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.path, { recursive: true, force: true, maxRetries: 3 });
    this.#withdraw();
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
