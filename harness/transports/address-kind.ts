/**
 * What a kind of address implements, and the errors that all of them share. Kinds are registered in `index.ts`,
 * addresses are read in `address.ts`.
 */
import type { Listener } from './listener.ts';
import type { Transport } from './transport.ts';

/** Files are paths of PEM files. */
export interface TlsOptions {
  /** Authorities to trust instead of the system's. */
  readonly ca?: string;
  /** Our certificate, and its key; a listener needs both. */
  readonly cert?: string;
  readonly key?: string;
  /** Take any certificate of the peer. */
  readonly insecure?: boolean;
}

export interface TransportOptions {
  readonly tls?: TlsOptions;
}

export interface ConnectOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface AddressKind {
  /** How it is written, for messages: `tcp:HOST:PORT`. */
  readonly form: string;
  /** `rest` is what stands behind the scheme's colon. Throws `AddressError`. */
  parse(text: string, rest: string, options: TransportOptions): EndpointPlace;
}

/** Where an endpoint is, or will call. */
export interface EndpointPlace {
  /** Rejects with `ConnectError`. */
  connect(options: ConnectOptions): Promise<Transport>;
  /** Absent where an endpoint cannot call. Rejects with `ConnectError`. */
  listen?(): Promise<Listener>;
}

/** An address that is not well-formed. */
export class AddressError extends Error {
  override readonly name = 'AddressError';
  readonly address: string;

  constructor(address: string, why: string) {
    super(`${address}: ${why}`);
    this.address = address;
  }
}

/** No connection came about. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  /** As given, in the form of a target address. */
  readonly address: string;
  /** The system's code (`ECONNREFUSED`), where there is one. */
  readonly code?: string;

  constructor(address: string, what: string, cause: unknown) {
    super(`${address}: ${what}: ${reason(cause)}`, { cause });
    this.address = address;
    const code = (cause as NodeJS.ErrnoException | undefined)?.code;
    if (code !== undefined) this.code = code;
  }
}

function reason(cause: unknown): string {
  // Trying several addresses of a name gives one error each, and a message only there.
  if (cause instanceof AggregateError) return cause.errors.map(reason).join(', ');
  return cause instanceof Error ? cause.message : String(cause);
}

/** `HOST:PORT`, an IPv6 address in brackets. Port 0 is for listening only. Throws `AddressError`. */
export function parseHostPort(text: string, rest: string): { host: string; port: number } {
  const match = /^(?:\[(?<v6>[^\]]*)\]|(?<host>[^:]*)):(?<port>[^:]*)$/.exec(rest);
  if (match === null) {
    throw new AddressError(text, `${rest || 'nothing'} is not HOST:PORT (an IPv6 address needs brackets)`);
  }
  const { v6, host = v6!, port } = match.groups as { v6?: string; host?: string; port: string };
  if (host === '') throw new AddressError(text, 'the host is missing');
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535)
    throw new AddressError(text, `${port || 'nothing'} is not a port (0 to 65535)`);
  return { host, port: Number(port) };
}

/** The inverse of `parseHostPort`. */
export function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A path that is not empty. Throws `AddressError`. */
export function parsePath(text: string, rest: string): string {
  if (rest === '') throw new AddressError(text, 'the path is missing');
  return rest;
}
