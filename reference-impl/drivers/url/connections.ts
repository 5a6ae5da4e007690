/**
 * Connections to HTTP servers: each is made on the way that leads there, and kept for the next request where the server
 * allows it. All can be ended, also while they are made.
 */
import { once } from 'node:events';
import { Agent, type ClientRequestArgs } from 'node:http';
import { connect as connectPlainly, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectSecurely } from 'node:tls';
import { proxyFor } from './proxy.ts';
import { addressOf, type RemotePlace } from './remote-file.ts';
import { TransferError } from './transfer-error.ts';
import { securityOf } from './trusted-authorities.ts';

/** The longest answer of a proxy to a request for a way through, in bytes. */
const MAX_ANSWER = 64 * 1024;

/** Whom a connection is for, and what ends it while it is made. */
export interface Destination extends ClientRequestArgs {
  readonly origin: URL;
  /** `signal` is not handed on. */
  readonly ending: AbortSignal;
}

/** Hands out connections to requests, whose options are a `Destination`. */
export class Connections extends Agent {
  readonly #place: Pick<RemotePlace, 'verify'>;
  /** The login for a proxy, as a header has it. */
  readonly #tokenOf: (proxy: URL) => string | undefined;
  readonly #sockets = new Set<Socket>();

  constructor(place: Pick<RemotePlace, 'verify'>, tokenOf: (proxy: URL) => string | undefined) {
    super({ keepAlive: true });
    this.#place = place;
    this.#tokenOf = tokenOf;
  }

  override getName(destination?: ClientRequestArgs): string {
    return (destination as Destination).origin.origin;
  }

  override createConnection(
    destination: ClientRequestArgs,
    done: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    void this.#handOver(destination as Destination, done);
  }

  async #handOver(
    { origin, ending }: Destination,
    done: (error: Error | null, socket: Duplex) => void,
  ): Promise<void> {
    let socket: Socket;
    try {
      socket = await this.#made(origin, ending);
    } catch (error) {
      done(error as Error, undefined as never);
      return;
    }
    done(null, socket);
  }

  /** Ends all. */
  end(): void {
    for (const socket of this.#sockets) socket.destroy(new TransferError('Callback aborted'));
  }

  async #made(url: URL, signal: AbortSignal): Promise<Socket> {
    signal.throwIfAborted();
    const isSecure = url.protocol === 'https:';
    const proxy = isSecure ? proxyFor(url) : undefined;
    const { host, port } = addressOf(url);
    const socket = this.#tracked(connectPlainly(addressOf(proxy ?? url)));
    const giveUp = (): void => void socket.destroy(signal.reason as Error);
    signal.addEventListener('abort', giveUp);
    try {
      await once(socket, 'connect');
      if (proxy !== undefined) await wayThrough(socket, `${host}:${port}`, this.#tokenOf(proxy));
      return isSecure ? await this.#secured(socket, url) : socket;
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  async #secured(socket: Socket, url: URL): Promise<Socket> {
    const { host } = addressOf(url);
    const servername = isIP(host) === 0 ? host : '';
    const security = securityOf(url.protocol, this.#place);
    const secure = connectSecurely({ socket, host, servername, ALPNProtocols: ['http/1.1'], ...security });
    await once(this.#tracked(secure), 'secureConnect');
    return secure;
  }

  #tracked<S extends Socket>(socket: S): S {
    this.#sockets.add(socket);
    // Who uses it is told as well.
    socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket));
    socket.setNoDelay();
    return socket;
  }
}
/** Asks a proxy to hand on what is said to the server there. */
async function wayThrough(socket: Socket, authority: string, token: string | undefined): Promise<void> {
  const login = token === undefined ? '' : `Proxy-Authorization: ${token}\r\n`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${login}\r\n`);
  const ended = (): void => void socket.destroy(new TransferError('Proxy CONNECT aborted'));
  socket.once('end', ended);
  let answer = '';
  while (!answer.includes('\r\n\r\n')) {
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    answer += bytes.toString('latin1');
    if (answer.length > MAX_ANSWER) break;
  }
  socket.pause().off('end', ended);
  const status = /^HTTP\/1\.\d (\d{3})/.exec(answer)?.[1];
  if (status?.startsWith('2') !== true)
    throw new TransferError(`Received HTTP code ${status ?? 0} from proxy after CONNECT`);
}
