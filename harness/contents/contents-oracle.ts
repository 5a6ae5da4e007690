/**
 * The oracle of contents: follows a program's commands, writes and reads through the NBD access when it is asked to, and
 * reports what is not as it must be. It looks on as a check (`checks/check.ts`) does.
 */
import { join } from 'node:path';
import type { JsonObject } from '../../spec/json.ts';
import type { Check, Exchange } from '../checks/check.ts';
import { isQuery } from '../checks/query-changes-nothing.ts';
import { type NbdClient, NbdClosed, NbdError } from '../nbd/nbd-client.ts';
import { CommandFollower } from './apply-command.ts';
import { type ClosedImage, inFolder } from './closed-images.ts';
import { ContentsModel, LARGEST, type Mismatch } from './contents-model.ts';
import { NbdAccess, type NbdAccessPort } from './nbd-access.ts';

export interface OracleOptions {
  readonly port: NbdAccessPort;
  /** QEMU options that the endpoint was started with, as it sees them. */
  readonly options: readonly string[];
}

export interface WriteRequest {
  /** Name of a node, or of an export of the program. */
  readonly through: string;
  readonly offset: number;
  readonly length: number;
  readonly byte: number;
}

/** What an exchange is called that is none on the wire. */
export const LOOK = 'query-contents';
/** What a write is called that goes through the NBD access. */
export const WRITE = 'write-contents';

/** The oracle of one run of a program. It is to see every exchange, in order. */
export class ContentsOracle {
  readonly check: Check;
  readonly model = new ContentsModel();
  readonly effects: CommandFollower;
  readonly #port: NbdAccessPort;
  readonly #access: NbdAccess;
  readonly #breaches: { readonly node: string; readonly look: number; readonly breach: Mismatch }[] = [];
  /** How often all contents were looked at. */
  #looks = 0;
  #written: string | null = null;
  /** Something may have changed since all was read last. */
  #stale = true;

  constructor({ port, options }: OracleOptions) {
    this.#port = port;
    this.#access = new NbdAccess(port);
    this.effects = new CommandFollower(this.model, options);
    this.check = {
      id: 'data/contents',
      title: 'What nodes contain is what was written to them, across every job',
      after: (exchange) => this.#saw(exchange),
      finish: ({ report }) => {
        for (const { node, look, breach } of this.#breaches.splice(0)) {
          const { expected, got } = detail(node, breach);
          report({ severity: 'must', message: breach.message, expected, got: { ...got, look } });
        }
      },
    };
  }

  /**
   * What the files of nodes must contain once they are closed, if nothing but to end jobs is done before. Not of those that
   * a job may change.
   */
  resting(): ClosedImage[] {
    const open = [...this.model.graph.nodes].flatMap(({ name }) => this.effects.imageOf(name) ?? []);
    return [...open, ...this.effects.left.values()].map((image) => ({
      ...image,
      options: inFolder(image.options, this.#port.dir),
    }));
  }

  /** Reads all nodes that can be read. A breach tells, as `look`, how many such looks there were before. */
  async compare(): Promise<void> {
    await this.#lookAtAll();
    this.#looks += 1;
  }

  async #lookAtAll(): Promise<void> {
    const { active, inFlux } = this.effects.jobs;
    if (!this.#stale && active.length === 0) return;
    this.#stale = false;
    const names = this.model.readable.filter((name) => !inFlux.has(name));
    if (names.length === 0) return;
    await this.#access.during(this.#server, async (server) => {
      for (const name of names)
        await this.#guarded(name, 'reading', () =>
          server.visit(name, false, (client) => this.#look(name, client)),
        );
    });
  }

  /** Writes where a guest could, to a node that is followed; else, and where it is not let, does nothing. */
  async write({ through, offset, length, byte }: WriteRequest): Promise<void> {
    const { exports, jobs } = this.effects;
    const exported = exports.get(through);
    const name = exported ?? through;
    if (!this.model.isReadable(name) || jobs.inFlux.has(name)) return;
    this.#written = name;
    this.#stale = true;
    const act = async (client: NbdClient): Promise<void> => {
      if (client.readOnly || client.size > LARGEST || offset >= client.size) return;
      if (this.model.expectedOf(name) === undefined) await this.#look(name, client);
      const data = Buffer.alloc(Math.min(length, client.size - offset), byte);
      await client.write(offset, data);
      this.model.wrote(name, offset, data);
    };
    const server = this.#server;
    await this.#guarded(name, 'writing', async () => {
      if (exported === undefined)
        await this.#access.during(server, async (access) => void (await access.visit(name, true, act)));
      else if (server !== null) await this.#access.visit({ path: server, name: through }, act);
    });
  }

  /** Socket of the program's own server, as we see it. */
  get #server(): string | null {
    const { server } = this.effects;
    const { dir, scratch } = this.#port;
    return server?.startsWith(`${dir}/`) === true ? join(scratch, server.slice(dir.length)) : server;
  }

  async #look(name: string, client: NbdClient): Promise<void> {
    if (client.size > LARGEST) return;
    const bytes = await client.read(0, client.size);
    const breach = this.model.judge(name, bytes);
    if (breach !== null) this.#breaches.push({ node: name, look: this.#looks, breach });
    this.model.learn(name, bytes);
  }

  /** I/O that fails breaks a claim; without one nobody knows what the node can do. */
  async #guarded(name: string, doing: string, act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof NbdError || error instanceof NbdClosed)) throw error;
      const claimed = this.model.expectedOf(name) !== undefined;
      const mayFail = doing === 'writing' && this.effects.jobs.copiesBeforeWrite(name);
      this.model.disturb([name]);
      if (!claimed || mayFail) return;
      const how = error instanceof NbdError ? 'fails' : 'does not end well';
      const message = `${doing} a node that could be read ${how}`;
      this.#breaches.push({
        node: name,
        look: this.#looks,
        breach: { message, offset: null, expected: 0, got: 0 },
      });
    }
  }

  #saw({ command, request, arguments: args, raw, replies, events, monitor }: Exchange): void {
    // Every monitor is told of every event: one is enough.
    const heard = monitor === 0 ? events : [];
    if (heard.length > 0 || (request !== undefined && !isQuery(command))) this.#stale = true;
    if (request !== undefined && command !== undefined) {
      const [reply] = replies;
      if (reply !== undefined) this.effects.saw(command, args ?? {}, Object.hasOwn(reply, 'return'), heard);
      return;
    }
    if (this.#written !== null && command === WRITE) this.effects.jobs.doubt(this.#written, heard);
    // What raw bytes made the endpoint do is not followed.
    if (raw !== undefined && replies.some((reply) => Object.hasOwn(reply, 'return'))) this.effects.lost();
    this.effects.heard(heard);
  }
}

/** Where a breach is, and what is there. */
export function detail(
  node: string,
  { offset, expected, got }: Mismatch,
): { expected: JsonObject; got: JsonObject } {
  const at = (value: number): JsonObject =>
    offset === null ? { node, bytes: value } : { node, offset, byte: value };
  return { expected: at(expected), got: at(got) };
}
