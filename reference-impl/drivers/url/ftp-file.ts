/**
 * A file of an FTP server. The protocol has a start of what is sent, but no end: a transfer that is long enough is broken off,
 * and its connection with it. Each has one of its own.
 */
import { Writable } from 'node:stream';
import type { Client } from 'basic-ftp';
import { unlessEnded } from '../../host/patience.ts';
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

type BasicFtp = typeof import('basic-ftp');

/** A file of a server that is reached over FTP, or FTP over TLS from the first byte on. */
export async function ftpFile(place: RemotePlace): Promise<RemoteFile> {
  return new FtpFile(place, await import('basic-ftp'));
}

class FtpFile implements RemoteFile {
  readonly #place: RemotePlace;
  readonly #ftp: BasicFtp;
  /** From where one is after the login. */
  readonly #path: string;

  constructor(place: RemotePlace, ftp: BasicFtp) {
    this.#place = place;
    this.#ftp = ftp;
    this.#path = decoded(place.url.pathname.replace(/^\//, '').replace(/;type=[a-z]$/i, ''));
  }

  length(signal: AbortSignal): Promise<number> {
    return this.#over(signal, async (client) => {
      const { message } = await client.send(`SIZE ${this.#path}`);
      const size = /^213 (\d+)\s*$/.exec(message)?.[1];
      if (size === undefined) throw new TransferError("Server didn't report file size.");
      return Number(size);
    });
  }

  fetch({ offset }: Range, sink: Sink, signal: AbortSignal): Promise<void> {
    return this.#over(signal, async (client) => {
      const take = new Writable({
        write: (bytes: Buffer, _encoding, done) => {
          if (!sink(bytes)) client.close();
          done();
        },
      });
      await client.downloadTo(take, this.#path, offset);
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Does something over a connection of its own. */
  async #over<T>(signal: AbortSignal, work: (client: Client) => Promise<T>): Promise<T> {
    const { url, login } = this.#place;
    const client = new this.#ftp.Client(0);
    const worked = async (): Promise<T> => {
      const secure = url.protocol === 'ftps:' && 'implicit';
      await client.access({ ...addressOf(url), ...login, secure, secureOptions: securityOf(this.#place) });
      return work(client);
    };
    try {
      // A data connection that nobody accepts is not the client's yet, and does not end with it.
      return await unlessEnded(signal, worked());
    } catch (error) {
      throw asTransferError(error, url);
    } finally {
      client.close();
    }
  }
}
