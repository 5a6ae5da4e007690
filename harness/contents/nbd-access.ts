/**
 * The NBD access: contents of nodes, read and written as a guest would, through the endpoint's own NBD server. It makes
 * an export for as long as it looks, so that nothing of it is left for the next command.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Json, JsonObject } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import { NbdClient } from '../nbd/nbd-client.ts';
import { QmpError } from '../qmp/errors.ts';

/** Socket of the server that it starts, and name of its exports. */
const SOCKET = 'qmpcheck-data.sock';
const EXPORT = 'qmpcheck-data';

export interface NbdAccessPort {
  /** Runs a command outside any transcript; rejects with `QmpError` if it is refused. */
  execute(command: string, args?: JsonObject): Promise<Json>;
  /** The scratch folder as the endpoint sees it, and as we do. */
  readonly dir: string;
  readonly scratch: string;
  /** Milliseconds for one visit to an export. */
  readonly timeout: number;
}

/** An export as the plane reaches it. */
export interface Export {
  /** Socket of the server, as we see it. */
  readonly path: string;
  readonly name: string;
}

/** Whether an endpoint offers what the plane needs. */
export function offersData({ commands }: Schema): boolean {
  const members = commands.get('nbd-server-add')?.arguments.members ?? [];
  return ['nbd-server-start', 'nbd-server-stop', 'nbd-server-remove'].every((name) => commands.has(name))
    ? members.some(({ name }) => name === 'name')
    : false;
}

/**
 * Reads and writes nodes of one endpoint. Rejects as `NbdClient` does, and with what `execute` rejects with besides
 * `QmpError`.
 */
export class NbdAccess {
  readonly #port: NbdAccessPort;

  constructor(port: NbdAccessPort) {
    this.#port = port;
  }

  /**
   * Runs `visit` with a server there. `running`: socket of the one that the program has started, as we see it; null
   * if it has none as far as is known. False if no server is to be had.
   */
  async during(running: string | null, visit: (server: ExportServer) => Promise<void>): Promise<boolean> {
    const { execute, dir, scratch, timeout } = this.#port;
    if (running !== null) {
      await visit(new ExportServer(execute, running, timeout));
      return true;
    }
    const addr = { type: 'unix', data: { path: `${dir}/${SOCKET}` } };
    if (!(await accepted(execute('nbd-server-start', { addr })))) return false;
    const path = join(scratch, SOCKET);
    try {
      await visit(new ExportServer(execute, path, timeout));
    } finally {
      await accepted(execute('nbd-server-stop'));
      await rm(path, { force: true });
    }
    return true;
  }

  /** Visits an export that the program made. */
  async visit<T>({ path, name }: Export, act: (client: NbdClient) => Promise<T>): Promise<T> {
    return visitExport(path, name, this.#port.timeout, act);
  }
}

/** A server that exports what is asked for. */
export class ExportServer {
  readonly #execute: NbdAccessPort['execute'];
  readonly #path: string;
  readonly #timeout: number;

  constructor(execute: NbdAccessPort['execute'], path: string, timeout: number) {
    this.#execute = execute;
    this.#path = path;
    this.#timeout = timeout;
  }

  /** Null if the endpoint lets nobody in. Rejects if the I/O fails, or is not done in time. */
  async visit<T>(node: string, writable: boolean, act: (client: NbdClient) => Promise<T>): Promise<T | null> {
    const made = { device: node, name: EXPORT, ...(writable && { writable }) };
    if (!(await accepted(this.#execute('nbd-server-add', made)))) return null;
    try {
      return await visitExport(this.#path, EXPORT, this.#timeout, act);
    } finally {
      await accepted(this.#execute('nbd-server-remove', { name: EXPORT, mode: 'hard' }));
    }
  }
}

async function visitExport<T>(
  path: string,
  name: string,
  timeout: number,
  act: (client: NbdClient) => Promise<T>,
): Promise<T> {
  const client = await NbdClient.connect(path, name, AbortSignal.timeout(timeout));
  try {
    return await act(client);
  } finally {
    client.close();
  }
}

/** False if it was refused; other faults are passed on. */
async function accepted(answer: Promise<unknown>): Promise<boolean> {
  try {
    await answer;
    return true;
  } catch (error) {
    if (error instanceof QmpError) return false;
    throw error;
  }
}
