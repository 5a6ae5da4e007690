/**
 * A file of an FTP server. The protocol has a start of what is sent, but no end: a transfer that is long enough is broken off,
 * and its connection with it. One that has come to the end of the file leaves its connection to the next.
 */
import { Writable } from 'node:stream';
import type { Client, FTPError } from 'basic-ftp';
import type { Clock } from '../../host/clock.ts';
import {
  addressOf,
  decoded,
  type Range,
  type RemoteFile,
  type RemotePlace,
  type Sink,
} from './remote-file.ts';
import { asTransferError, TransferError } from './transfer-error.ts';
import { securityOf } from './trusted-authorities.ts';

const NO_SIZE = "Server didn't report file size.";
const ANYBODY = { user: 'anonymous', password: 'ftp@example.com' };

type BasicFtp = typeof import('basic-ftp');

/** A file of a server that is reached over FTP, or FTP over TLS from the first byte on. */
export async function ftpFile(place: RemotePlace, clock: Clock): Promise<RemoteFile> {
  return new FtpFile(place, clock, await import('basic-ftp'));
}

class FtpFile implements RemoteFile {
  readonly #place: RemotePlace;
  readonly #clock: Clock;
  readonly #ftp: BasicFtp;
  readonly #folders: readonly string[];
  readonly #name: string;
  #length = 0;
  /** Connections over which nothing is going on. */
  readonly #idle: Client[] = [];

  constructor(place: RemotePlace, clock: Clock, ftp: BasicFtp) {
    this.#place = place;
    this.#clock = clock;
    this.#ftp = ftp;
    const path = place.url.pathname
      .replace(/;type=[a-z]$/i, '')
      .split('/')
      .slice(1);
    this.#folders = path.slice(0, -1).map(decoded);
    this.#name = decoded(path.at(-1) ?? '');
  }

  length(signal: AbortSignal): Promise<number> {
    return this.#over(signal, async (client) => {
      if (this.#name === '') throw new TransferError(NO_SIZE);
      const told = (await client.send(`SIZE ${this.#name}`)).message;
      this.#length = Number(/^213 (\d+)\s*$/.exec(told)?.[1] ?? NaN);
      if (Number.isNaN(this.#length)) throw new TransferError(NO_SIZE);
      // A server that cannot begin in the middle says so here.
      await client.send('REST 0');
      return this.#length;
    });
  }

  async fetch({ offset, length }: Range, sink: Sink, signal: AbortSignal): Promise<void> {
    let isEnough = false;
    const transfer = this.#over(signal, async (client) => {
      const take = new Writable({
        write: (bytes: Buffer, _encoding, done) => {
          const isMore = isEnough;
          isEnough ||= !sink(bytes);
          done();
          if (isMore || (isEnough && offset + length < this.#length)) client.close();
        },
      });
      await client.downloadTo(take, this.#name, offset);
    });
    await transfer.catch((error: unknown) => {
      if (!isEnough) throw error;
    });
  }

  close(): Promise<void> {
    for (const client of this.#idle.splice(0)) client.close();
    return Promise.resolve();
  }

  /** Does something over a connection, which is kept if it can be used again. */
  async #over<T>(signal: AbortSignal, work: (client: Client) => Promise<T>): Promise<T> {
    const start = this.#clock.now();
    const kept = this.#keptClient();
    const client = kept ?? new this.#ftp.Client(0);
    let hangUp = (): void => {};
    // A data connection that nobody accepts is not the client's yet, and does not end with it.
    const hungUp = new Promise<never>((_, reject) => {
      hangUp = () => {
        client.close();
        reject(signal.reason as Error);
      };
    });
    signal.addEventListener('abort', hangUp);
    const worked = async (): Promise<T> => {
      if (kept === undefined) await this.#enter(client);
      return work(client);
    };
    try {
      const result = await Promise.race([worked(), hungUp]);
      if (!client.closed) this.#idle.push(client);
      return result;
    } catch (error) {
      client.close();
      if (signal.aborted) throw signal.reason;
      throw error instanceof this.#ftp.FTPError
        ? refusal(error)
        : asTransferError(error, this.#place.url, this.#clock.now() - start);
    } finally {
      signal.removeEventListener('abort', hangUp);
    }
  }

  #keptClient(): Client | undefined {
    for (let client = this.#idle.pop(); client !== undefined; client = this.#idle.pop())
      if (!client.closed) return client;
    return undefined;
  }

  /** Connects, logs in, and goes to where the file is. */
  async #enter(client: Client): Promise<void> {
    const { url, login = ANYBODY } = this.#place;
    const { host, port } = addressOf(url);
    const isSecure = url.protocol === 'ftps:';
    if (isSecure) await client.connectImplicitTLS(host, port, securityOf(url.protocol, this.#place));
    else await client.connect(host, port);
    await client.login(login.user, login.password);
    if (isSecure) for (const command of ['PBSZ 0', 'PROT P']) await client.send(command);
    for (const folder of this.#folders) if (folder !== '') await client.cd(folder);
    await client.send('TYPE I');
  }
}

/** What a server refuses, in the words of libcurl. */
function refusal({ code, message }: FTPError): TransferError {
  if (code === 530) return new TransferError('Access denied: 530');
  if (code === 550) return new TransferError('The file does not exist');
  if (code === 500 || code === 502) return new TransferError(NO_SIZE);
  return new TransferError(message);
}
