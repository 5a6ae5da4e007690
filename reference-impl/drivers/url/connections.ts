/** Connections to HTTP servers: each is made in the time that it may take, and all can be ended, also while they are made. */
import { once } from 'node:events';
import { connect as connectPlainly, isIP, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import type { buildConnector } from 'undici';
import type { Clock } from '../../host/clock.ts';
import { proxyFor } from './proxy.ts';
import { addressOf, type RemotePlace } from './remote-file.ts';
import { TransferError } from './transfer-error.ts';
import { securityOf } from './trusted-authorities.ts';

/** The longest answer of a proxy to a request for a way through, in bytes. */
const MAX_ANSWER = 64 * 1024;

export class Connections {
  readonly #place: Pick<RemotePlace, 'verify'>;
  readonly #clock: Clock;
  /** Seconds; 0: no limit. */
  readonly #timeout: number;
  /** The login for a proxy, as a header has it. */
  readonly #tokenOf: (proxy: URL) => string | undefined;
  readonly #sockets = new Set<Socket>();

  constructor(
    place: Pick<RemotePlace, 'verify'>,
    clock: Clock,
    timeout: number,
    tokenOf: (proxy: URL) => string | undefined,
  ) {
    this.#place = place;
    this.#clock = clock;
    this.#timeout = timeout;
    this.#tokenOf = tokenOf;
  }

  /** Makes one, as undici wants it. */
  readonly connect: buildConnector.connector = async ({ hostname, port, protocol }, done) => {
    const name = isIP(hostname) === 6 ? `[${hostname}]` : hostname;
    let socket: Socket;
    try {
      socket = await this.#made(new URL(`${protocol}//${name}:${port}`));
    } catch (error) {
      done(error as Error, null);
      return;
    }
    done(null, socket);
  };

  /** Ends all. */
  end(): void {
    for (const socket of this.#sockets) socket.destroy(new TransferError('Callback aborted'));
  }

  async #made(url: URL): Promise<Socket> {
    const isSecure = url.protocol === 'https:';
    const proxy = isSecure ? proxyFor(url) : undefined;
    const { host, port } = addressOf(url);
    const socket = this.#tracked(connectPlainly(addressOf(proxy ?? url)));
    const giveUp = (): void => void socket.destroy(new TransferError('Connection timed out'));
    const cancel =
      this.#timeout === 0 ? () => {} : this.#clock.after(BigInt(this.#timeout) * 1_000_000_000n, giveUp);
    try {
      await once(socket, 'connect');
      if (proxy !== undefined) await wayThrough(socket, `${host}:${port}`, this.#tokenOf(proxy));
      if (!isSecure) return socket;
      const servername = isIP(host) === 0 ? host : '';
      const security = securityOf(url.protocol, this.#place);
      const secure = connectSecurely({ socket, host, servername, ALPNProtocols: ['http/1.1'], ...security });
      await once(this.#tracked(secure), 'secureConnect');
      return secure;
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      cancel();
    }
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
