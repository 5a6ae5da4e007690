/**
 * Guest I/O without a guest, on any node or drive, by the means that the endpoint has: an export of its NBD server,
 * which tells what becomes of each request, else `qemu-io` of the human monitor, which tells nothing.
 *
 * A case says `needs: needs(dataNodes, nodeIo)` where it only causes I/O, `nodeBytes` where it wants to know bytes or
 * errors. Most cases need one of these, each done when it returns, with nothing of the means left behind:
 *
 *     await writeNode(t, node, 0, 64 * KiB, 0x11);             // must succeed
 *     const bytes = await readNode(t, node, 0, 64 * KiB);      // must succeed
 *     const outcome = await attempt(t, node, { kind: 'write', offset: 0, length: 512, byte: 1 });  // 'EIO'
 *
 * `openIo` keeps an export for more requests, or for one that waits (throttled, held by a rule) while the case goes on.
 * An open export is a user of its node: it keeps it from being deleted or resized. By NBD a drive's node is written below
 * the drive: what the drive itself counts, limits or reports (block_set_io_throttle, its statistics, its policies) needs
 * `qemuIo` or a guest device. The server is one for each endpoint: a case that makes exports of its own starts it with
 * `startNbdServer`, and talks to them by `connectTo`.
 */
import { join } from 'node:path';
import { isJsonObject, type JsonObject } from '../../../spec/json.ts';
import type { CaseContext, ExportClient, IoOutcome, Needs } from '../case.ts';
import { shown } from '../case-text.ts';
import type { IoRequest } from '../io-request.ts';
import { hmpIo, qemuIo } from './human-monitor-io.ts';
import { type CaseFile, needs } from './shared-setup.ts';

/** What a case needs that starts the endpoint's NBD server where we can reach it. */
export const nbdServer: Needs = {
  commands: ['nbd-server-start', 'nbd-server-stop'],
  capabilities: ['sharedFiles'],
};

/** What a case needs that makes exports there, under names of its own. */
export const nbdExports: Needs = needs(nbdServer, {
  commands: ['nbd-server-add'],
  members: ['nbd-server-add.name'],
});

const byNbd: readonly Needs[] = [
  needs(nbdServer, { commands: ['nbd-server-add', 'nbd-server-remove'] }),
  needs(nbdServer, { commands: ['block-export-add', 'block-export-del'] }),
];

/** What a case needs to cause I/O. What comes of it is `untold` where the human monitor is the means. */
export const nodeIo: Needs = { oneOf: [...byNbd, hmpIo] };

/** What a case needs that reads bytes, or is told errors. */
export const nodeBytes: Needs = { oneOf: byNbd };

/** I/O on one node until it is closed. One request at a time; who wants several at once opens several. */
export interface NodeIo {
  /** What becomes of a request. `untold`: the means does not say. */
  attempt(request: IoRequest): Promise<IoOutcome | 'untold'>;
  /** A request that must succeed, as far as the means tells. */
  perform(request: IoRequest): Promise<void>;
  /** Sends a request and does not wait for what becomes of it. Needs `nodeBytes`. */
  begin(request: IoRequest): Promise<{ readonly outcome: Promise<IoOutcome> }>;
  /** Needs `nodeBytes`. */
  read(offset: number, length: number): Promise<Buffer>;
  /** Many requests one after another, which must succeed and are one exchange together. Needs `nodeBytes`. */
  series(requests: readonly IoRequest[]): Promise<void>;
  /** Any bytes, as one request that must succeed. Needs `nodeBytes`. */
  write(offset: number, bytes: Buffer): Promise<void>;
  /** Leaves nothing of the means behind: the node is as free as before. */
  close(): Promise<void>;
}

/** Opens a node, or a drive by its name. The case fails if the endpoint lets nobody in. */
export async function openIo(
  t: CaseContext,
  node: string,
  { writable = true }: { readonly writable?: boolean } = {},
): Promise<NodeIo> {
  if (!hasNbd(t)) return new MonitorIo(t, node);
  const io = await NbdIo.open(t, node, writable);
  t.check(io !== null, 'the endpoint must export a node that can be exported', `it refuses ${shown(node)}`);
  return io;
}

/** What becomes of one request. `no-access`: the endpoint exports the node to nobody who asks for that. */
export async function attempt(
  t: CaseContext,
  node: string,
  request: IoRequest,
): Promise<IoOutcome | 'untold' | 'no-access'> {
  const io = hasNbd(t) ? await NbdIo.open(t, node, writes(request)) : new MonitorIo(t, node);
  if (io === null) return 'no-access';
  const outcome = await io.attempt(request);
  await io.close();
  return outcome;
}

/** One request that must succeed, as far as the means tells. */
export async function perform(t: CaseContext, node: string, request: IoRequest): Promise<void> {
  const io = await openIo(t, node, { writable: writes(request) });
  await io.perform(request);
  await io.close();
}

/** Writes `length` times `byte`, in one request of at most 32 MiB. */
export function writeNode(
  t: CaseContext,
  node: string,
  offset: number,
  length: number,
  byte: number,
): Promise<void> {
  return perform(t, node, { kind: 'write', offset, length, byte });
}

/** What a guest would read there. Needs `nodeBytes`. */
export async function readNode(
  t: CaseContext,
  node: string,
  offset: number,
  length: number,
): Promise<Buffer> {
  const io = await openIo(t, node, { writable: false });
  const bytes = await io.read(offset, length);
  await io.close();
  return bytes;
}

/** Whether the endpoint has the NBD means. */
function hasNbd({ capabilities, endpointSchema }: CaseContext): boolean {
  const has = (name: string): boolean => endpointSchema.commands.has(name);
  return capabilities.sharedFiles && byNbd.some(({ commands }) => commands!.every(has));
}

/** Whether who asks for it must be let in to write. A flush of one who may only read need not reach storage. */
function writes({ kind }: IoRequest): boolean {
  return kind !== 'read';
}

/** A failed request ends the case. */
function mustSucceed(t: CaseContext, kind: IoRequest['kind'], outcome: IoOutcome | 'untold'): void {
  t.check(outcome === 'done' || outcome === 'untold', `a ${kind} must succeed`, `it fails with ${outcome}`);
}

/** `qemu-io` of the human monitor. */
class MonitorIo implements NodeIo {
  readonly #t: CaseContext;
  readonly #node: string;

  constructor(t: CaseContext, node: string) {
    this.#t = t;
    this.#node = node;
  }

  async attempt(request: IoRequest): Promise<'untold'> {
    await qemuIo(this.#t, this.#node, qemuIoCommand(request));
    return 'untold';
  }

  async perform(request: IoRequest): Promise<void> {
    await this.attempt(request);
  }

  async begin(): Promise<never> {
    return this.#t.skip('needs NBD for a request that waits');
  }

  async read(): Promise<never> {
    return this.#t.skip('needs NBD to read bytes');
  }

  async series(): Promise<never> {
    return this.#t.skip('needs NBD for a series of requests');
  }

  async write(): Promise<never> {
    return this.#t.skip('needs NBD to write bytes');
  }

  async close(): Promise<void> {}
}

function qemuIoCommand(request: IoRequest): string {
  if (request.kind === 'flush') return 'flush';
  const range = `${request.offset} ${request.length}`;
  if (request.kind === 'write') return `write -P ${request.byte} ${range}`;
  if (request.kind === 'write-zeroes') return `write ${request.unmap === true ? '-zu' : '-z'} ${range}`;
  return `${request.kind} ${range}`;
}

/** The server that a case shares among the exports it has open. */
interface Server {
  readonly local: string;
  open: number;
}

const servers = new WeakMap<CaseContext, Server>();

async function runningServer(t: CaseContext): Promise<Server> {
  const running = servers.get(t);
  if (running !== undefined) return running;
  const { local } = await startNbdServer(t);
  const server = { local, open: 0 };
  servers.set(t, server);
  return server;
}

async function stopServer(t: CaseContext): Promise<void> {
  servers.delete(t);
  await t.execute('nbd-server-stop');
}

/** An export of the endpoint's NBD server. */
class NbdIo implements NodeIo {
  readonly #t: CaseContext;
  readonly #server: Server;
  readonly #name: string;
  readonly #client: ExportClient;

  private constructor(t: CaseContext, server: Server, name: string, client: ExportClient) {
    this.#t = t;
    this.#server = server;
    this.#name = name;
    this.#client = client;
  }

  /** Null if the endpoint refuses to export the node so. */
  static async open(t: CaseContext, node: string, writable: boolean): Promise<NbdIo | null> {
    const server = await runningServer(t);
    const [name, request] = exportRequest(t, node, writable);
    const { error } = await t.request(request);
    if (isJsonObject(error)) {
      if (server.open === 0) await stopServer(t);
      return null;
    }
    server.open += 1;
    return new NbdIo(t, server, name, await connectTo(t, server.local, name));
  }

  attempt(request: IoRequest): Promise<IoOutcome> {
    return this.#act(request.kind, () => this.#client.perform(request));
  }

  async perform(request: IoRequest): Promise<void> {
    mustSucceed(this.#t, request.kind, await this.attempt(request));
  }

  begin(request: IoRequest): Promise<{ readonly outcome: Promise<IoOutcome> }> {
    return this.#act(request.kind, async () => ({ outcome: this.#client.perform(request) }));
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const bytes = await this.#act('read', () =>
      this.#client.read(offset, length).catch((error: Error) => error),
    );
    if (bytes instanceof Error) this.#t.fail('a read must succeed', `it does not: ${bytes.message}`);
    return bytes;
  }

  async series(requests: readonly IoRequest[]): Promise<void> {
    const failed = await this.#act('write', async () => {
      for (const request of requests) {
        const outcome = await this.#client.perform(request);
        if (outcome !== 'done') return { request, outcome };
      }
      return null;
    });
    if (failed !== null) mustSucceed(this.#t, failed.request.kind, failed.outcome);
  }

  async write(offset: number, bytes: Buffer): Promise<void> {
    const isDone = await this.#act('write', () => this.#client.write(offset, bytes));
    this.#t.check(isDone, 'a write must succeed', 'it does not');
  }

  async close(): Promise<void> {
    this.#client.close();
    this.#server.open -= 1;
    if (this.#server.open === 0) return stopServer(this.#t);
    const byExport = !this.#t.endpointSchema.commands.has('nbd-server-remove');
    const remove = byExport ? 'block-export-del' : 'nbd-server-remove';
    await this.#t.execute(remove, { [byExport ? 'id' : 'name']: this.#name, mode: 'hard' });
    if (this.#t.endpointSchema.events.has('BLOCK_EXPORT_DELETED'))
      await this.#t.event('BLOCK_EXPORT_DELETED', { id: this.#name });
  }

  /** The checks take it for an exchange. */
  async #act<T>(kind: IoRequest['kind'], act: () => Promise<T>): Promise<T> {
    let result: T | undefined;
    await this.#t.sideAction(`guest-${kind}`, async () => {
      result = await act();
    });
    return result as T;
  }
}

/** The export's name, and the request that makes it. */
function exportRequest(t: CaseContext, node: string, writable: boolean) {
  const add = t.endpointSchema.commands.get('nbd-server-add')?.arguments.members;
  const name = add?.every((member) => member.name !== 'name') === true ? node : t.name('export');
  if (add === undefined) {
    const made = { type: 'nbd', id: name, 'node-name': node, name, writable };
    return [name, { execute: 'block-export-add', arguments: made }] as const;
  }
  const made = { device: node, ...(name !== node && { name }), ...(writable && { writable }) };
  return [name, { execute: 'nbd-server-add', arguments: made }] as const;
}

/** Starts the endpoint's NBD server on a socket in the scratch folder, and gives its place. */
export async function startNbdServer(t: CaseContext, options: JsonObject = {}): Promise<CaseFile> {
  const name = t.name('nbd');
  const socket = { path: `${t.dir}/${name}`, local: join(t.scratch, name) };
  await t.execute('nbd-server-start', {
    addr: { type: 'unix', data: { path: socket.path } },
    ...options,
  });
  return socket;
}

/** A client of an export of that server. That the server does not let it in fails the case. */
export async function connectTo(t: CaseContext, local: string, name: string): Promise<ExportClient> {
  try {
    return await t.exportClient(local, name);
  } catch (error) {
    return t.fail('the NBD server must let a client in', `it does not: ${(error as Error).message}`);
  }
}
