/**
 * Connections to HTTP servers: each is made on the way that leads there, and kept for the next request where the server
 * allows it. One that is being made is ended with the request that it is for.
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

  async #made(url: URL, signal: AbortSignal): Promise<Socket> {
    const isSecure = url.protocol === 'https:';
    const proxy = isSecure ? proxyFor(url) : undefined;
    const { host, port } = addressOf(url);
    // Who uses it is told of errors as well.
    const socket = connectPlainly(addressOf(proxy ?? url)).on('error', () => {});
    try {
      await once(socket, 'connect', { signal });
      if (proxy !== undefined) await wayThrough(socket, `${host}:${port}`, this.#tokenOf(proxy), signal);
      return isSecure ? await this.#secured(socket, host, signal) : socket;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  async #secured(socket: Socket, host: string, signal: AbortSignal): Promise<Socket> {
    const servername = isIP(host) === 0 ? host : '';
    const secure = connectSecurely({ socket, host, servername, ...securityOf(this.#place) });
    await once(
      secure.on('error', () => {}),
      'secureConnect',
      { signal },
    );
    return secure;
  }
}

/** Asks a proxy to hand on what is said to the server there. */
async function wayThrough(
  socket: Socket,
  authority: string,
  token: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const login = token === undefined ? '' : `Proxy-Authorization: ${token}\r\n`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${login}\r\n`);
  const ended = (): void => void socket.destroy(new TransferError('Proxy CONNECT aborted'));
  socket.once('end', ended);
  let answer = '';
  while (!answer.includes('\r\n\r\n')) {
    const [bytes] = (await once(socket, 'data', { signal })) as [Buffer];
    answer += bytes.toString('latin1');
    if (answer.length > MAX_ANSWER) break;
  }
  socket.pause().off('end', ended);
  const status = /^HTTP\/1\.\d (\d{3})/.exec(answer)?.[1];
  if (status?.startsWith('2') !== true)
    throw new TransferError(`Received HTTP code ${status ?? 0} from proxy after CONNECT`);
}
