/**
 * `http`, `https`, `ftp` and `ftps`: a file of a server, named by a URL, that is only read. What is read is fetched
 * together with some bytes more (`read-ahead.ts`); what speaks to the server is `http-file.ts` and `ftp-file.ts`.
 */
import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { Driver, DriverState, OpenEnvironment } from '../driver.ts';
import { ftpFile } from './ftp-file.ts';
import { httpFile } from './http-file.ts';
import { ReadAhead } from './read-ahead.ts';
import { TransferError } from './transfer-error.ts';
import { within } from './transfer-time.ts';
import { type UrlOptions, urlSettings } from './url-options.ts';

/** The longest that a node can be, in bytes, is below this. */
const TOO_LONG = 2 ** 63;

async function open(scheme: string, environment: OpenEnvironment<UrlOptions>): Promise<DriverState> {
  const { options, readOnly, hostWork } = environment;
  if (!readOnly) throw new CommandError('curl block device does not support writes');
  const { place, readahead, timeout } = urlSettings(scheme, options, environment.secret);
  const fileAt = place.url.protocol.startsWith('http') ? httpFile : ftpFile;
  // What speaks to servers is loaded when the first node needs it.
  const file = await hostWork.track(() => fileAt(place));
  try {
    const length = await hostWork.trackPeer(() =>
      within(environment, timeout, (signal) => file.length(signal)),
    );
    return new UrlState(length, new ReadAhead(file, { length, readahead, timeout }, environment));
  } catch (error) {
    await file.close();
    if (error instanceof TransferError) throw new CommandError(`CURL: Error opening file: ${error.message}`);
    throw error;
  }
}

class UrlState implements DriverState {
  readonly keepsMode = true;
  readonly #length: number;
  readonly #reads: ReadAhead;

  constructor(length: number, reads: ReadAhead) {
    this.#length = length;
    this.#reads = reads;
  }

  length(): number {
    if (this.#length >= TOO_LONG) throw new IoError('EFBIG');
    return this.#length;
  }

  read(offset: number, buffer: Uint8Array): Promise<void> {
    return this.#reads.read(offset, buffer);
  }

  write(): Promise<void> {
    return Promise.reject(new IoError('EPERM'));
  }

  close(): Promise<void> {
    return this.#reads.close();
  }
}

function driverOf<D extends 'http' | 'https' | 'ftp' | 'ftps'>(scheme: D) {
  return {
    kind: 'protocol',
    children: {},
    protocols: [scheme],
    parseFilename: (url: string) => ({ url }),
    open: (environment: OpenEnvironment<UrlOptions>) => open(scheme, environment),
  } as const;
}

/** A file of an HTTP server. */
export const http: Driver<'http'> = driverOf('http');
/** The same over TLS. */
export const https: Driver<'https'> = driverOf('https');
/** A file of an FTP server. */
export const ftp: Driver<'ftp'> = driverOf('ftp');
/** The same over TLS. */
export const ftps: Driver<'ftps'> = driverOf('ftps');
