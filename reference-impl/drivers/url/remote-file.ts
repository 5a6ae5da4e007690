/** A file of a server that can be read from anywhere, whatever the server speaks. */
import { percentDecoded } from '../../qapi/percent.ts';

/** Gets the bytes of a range as they arrive, in order. Gives false when it wants no more. */
export type Sink = (bytes: Uint8Array) => boolean;

/** Bytes of a file. */
export interface Range {
  readonly offset: number;
  readonly length: number;
}

/** Methods reject when they fail, with a `TransferError` where that is told, or when the signal ends them; several may be under way. */
export interface RemoteFile {
  /** How long the server says that it is, in bytes. */
  length(signal: AbortSignal): Promise<number>;
  /** Fetches a range. Ends, in whatever way, when the sink wants no more, or when the server has no more. */
  fetch(range: Range, sink: Sink, signal: AbortSignal): Promise<void>;
  /** Hangs up. Nothing is under way. */
  close(): Promise<void>;
}

/** Name and password. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** Where a file is, and what one has to show and to see there. */
export interface RemotePlace {
  readonly url: URL;
  /** Default: nobody in particular. */
  readonly login: Login | undefined;
  /** For a proxy, if there is one. */
  readonly proxyLogin: Login | undefined;
  /** Cookies as they are sent. */
  readonly cookie: string | undefined;
  /** Certificates are checked. */
  readonly verify: boolean;
}

const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'ftp:': 21, 'ftps:': 990 };

/** Where to connect to: a host without the brackets that URLs put around IPv6 addresses. */
export function addressOf({ hostname, port, protocol }: URL): { host: string; port: number } {
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? PORTS[protocol]! : Number(port) };
}

/** The login that a URL has in it. */
export function loginOf({ username, password }: URL): Login | undefined {
  return username === '' ? undefined : { user: decoded(username), password: decoded(password) };
}

/** A part of a URL as it was meant; as it is where that means nothing. */
export function decoded(part: string): string {
  return percentDecoded(part) ?? part;
}
