/** Connections to HTTP servers: each is made in the time that it may take, and all can be ended, also while they are made. */
import { connect as connectPlainly, isIP, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import type { buildConnector } from 'undici';
import type { Clock } from '../../host/clock.ts';
import type { RemotePlace } from './remote-file.ts';
import { TransferError } from './transfer-error.ts';
import { securityOf } from './trusted-authorities.ts';

export class Connections {
  readonly #place: Pick<RemotePlace, 'verify'>;
  readonly #clock: Clock;
  /** Seconds; 0: no limit. */
  readonly #timeout: number;
  readonly #sockets = new Set<Socket>();

  constructor(place: Pick<RemotePlace, 'verify'>, clock: Clock, timeout: number) {
    this.#place = place;
    this.#clock = clock;
    this.#timeout = timeout;
  }

  /** Makes one, as undici wants it. */
  readonly connect: buildConnector.connector = ({ hostname, port, protocol }, done) => {
    const socket = this.#begin(hostname, port, protocol).setNoDelay();
    // Who uses it is told as well.
    this.#sockets.add(socket.on('error', () => {}));
    const giveUp = (): void => void socket.destroy(new TransferError('Connection timed out'));
    const cancel =
      this.#timeout === 0 ? () => {} : this.#clock.after(BigInt(this.#timeout) * 1_000_000_000n, giveUp);
    const failed = (error: Error): void => done(error, null);
    socket.once('error', failed);
    socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', () => {
      cancel();
      socket.off('error', failed);
      done(null, socket);
    });
    socket.once('close', () => {
      cancel();
      this.#sockets.delete(socket);
    });
  };

  /** Ends all. */
  end(): void {
    for (const socket of this.#sockets) socket.destroy(new TransferError('Callback aborted'));
  }

  #begin(host: string, port: string, protocol: string): Socket {
    if (protocol !== 'https:') return connectPlainly({ host, port: Number(port || 80) });
    return connectSecurely({
      host,
      port: Number(port || 443),
      servername: isIP(host) === 0 ? host : '',
      ALPNProtocols: ['http/1.1'],
      ...securityOf(protocol, this.#place),
    });
  }
}
