/**
 * The NBD server of an endpoint: where it listens, what it exports, who is connected.
 *
 * A connection is first negotiated (`server-handshake.ts`), then served (`transmission.ts`).
 */
import type { Server, Socket } from 'node:net';
import type { SocketAddress } from '../../../spec/generated/qmp.ts';
import type { TlsCredentials } from '../../crypto/tls-channel.ts';
import type { Node } from '../../graph/node.ts';
import type { NodeGraph } from '../../graph/node-graph.ts';
import { ByteStream, StreamEnded } from '../../host/byte-stream.ts';
import { listenSocket } from '../../host/socket-address.ts';
import { MAX_STRING } from '../../nbd/nbd-protocol.ts';
import { findTlsCredentials } from '../../objects/tls-credentials.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { Services } from '../../services/services.ts';
import { NbdExport } from './nbd-export.ts';
import { negotiate } from './server-handshake.ts';
import { Transmission } from './transmission.ts';

/** More connections are closed as soon as they come. */
const MAX_CONNECTIONS = 32;

interface Running {
  readonly listener: Server;
  readonly credentials: TlsCredentials | undefined;
  readonly exports: Map<string, NbdExport>;
  readonly sockets: Set<Socket>;
}

/** The one NBD server that an endpoint may run. Methods throw `CommandError`. */
export class NbdServer {
  readonly #services: Services;
  readonly #graph: NodeGraph;
  #running: Running | undefined;

  constructor(services: Services, graph: NodeGraph) {
    this.#services = services;
    this.#graph = graph;
  }

  /** `tlsCredentials`: their id; clients must then use TLS. Throws `CommandError`. */
  async start(address: SocketAddress, tlsCredentials: string | undefined): Promise<void> {
    if (this.#running) throw new CommandError('NBD server already running');
    const credentials =
      tlsCredentials === undefined
        ? undefined
        : findTlsCredentials(this.#services.objects, tlsCredentials, 'server');
    const exports = new Map<string, NbdExport>();
    const sockets = new Set<Socket>();
    const { cwd, hostWork } = this.#services;
    const listener = await hostWork.track(() => listenSocket(address, cwd, (socket) => this.#accept(socket)));
    this.#running = { listener, credentials, exports, sockets };
  }

  /** A read-only node is exported read-only, whatever is asked for. Throws `CommandError`. */
  add(node: Node, name: string, writable: boolean): void {
    const { exports } = this.#required();
    if (Buffer.byteLength(name) > MAX_STRING) throw new CommandError(`export name '${name}' too long`);
    if (exports.has(name)) throw new CommandError(`NBD server already has export named '${name}'`);
    exports.set(name, new NbdExport(this.#graph, node, name, writable && !node.readOnly));
  }

  /** Whether the server runs is asked first, as is usual for what names an export. Throws `CommandError`. */
  async remove(name: string, mode: 'safe' | 'hard'): Promise<void> {
    const { exports } = this.#required();
    const found = exports.get(name);
    if (found === undefined) throw new CommandError(`Export '${name}' is not found`);
    if (mode === 'safe' && found.clients.size > 0) throw new CommandError(`export '${name}' still in use`);
    exports.delete(name);
    await found.close();
  }

  /** Stops listening, closes all connections and takes all exports away. Throws `CommandError` if not running. */
  async stop(): Promise<void> {
    const { listener, exports, sockets } = this.#required();
    this.#running = undefined;
    const stopped = new Promise<void>((resolve) => listener.close(() => resolve()));
    const closing = [...exports.values()];
    exports.clear();
    for (const socket of sockets) socket.destroy();
    for (const each of closing) await each.close();
    await stopped;
  }

  /** Ends with the endpoint. */
  async close(): Promise<void> {
    if (this.#running) await this.stop();
  }

  #required(): Running {
    if (!this.#running) throw new CommandError('NBD server not running');
    return this.#running;
  }

  #accept(socket: Socket): void {
    const running = this.#running;
    if (running === undefined || running.sockets.size >= MAX_CONNECTIONS) {
      socket.destroy();
      return;
    }
    running.sockets.add(socket);
    socket.once('close', () => running.sockets.delete(socket));
    void this.#serve(new ByteStream(socket), running).finally(() => socket.destroy());
  }

  /** Never rejects: whatever a client does ends with its connection. */
  async #serve(stream: ByteStream, { exports, credentials }: Running): Promise<void> {
    try {
      const session = await negotiate(stream, exports, credentials);
      // The export may have gone while its client was being told that it is there.
      if (session === undefined || exports.get(session.export.name) !== session.export) return;
      await new Transmission(session, this.#services).run();
    } catch (error) {
      if (!(error instanceof StreamEnded)) this.#services.log(`nbd: ${(error as Error).message}`);
    }
  }
}
