/**
 * Character devices as options describe them: which backend, and where its other end is. Opening them is
 * `open-chardev.ts`.
 */

import { CommandError } from '../qapi/command-error.ts';
import { sizeFromText } from '../qapi/keyval-types.ts';
import { isOn, type Opts, parseOpts } from '../qapi/opts.ts';

/** Where a socket is; a descriptor is one that this process was started with. */
export type ChardevAddress =
  | { readonly path: string }
  | { readonly host: string; readonly port: number }
  | { readonly fd: number };

/** A parsed `-chardev`. */
export type Chardev = (
  | { readonly backend: 'stdio'; readonly signal: boolean }
  /** Nothing comes in, and what goes out is dropped. */
  | { readonly backend: 'null' }
  | { readonly backend: 'pty' }
  /** `path`, or `path.in` and `path.out` where they exist. */
  | { readonly backend: 'pipe'; readonly path: string }
  | { readonly backend: 'file'; readonly path: string; readonly append: boolean }
  | SocketChardev
) & {
  /** A file that gets a copy of all output. */
  readonly log?: { readonly path: string; readonly append: boolean };
};

/** A socket that listens, or that connects to somebody who does. */
export interface SocketChardev {
  readonly backend: 'socket';
  readonly address: ChardevAddress;
  readonly server: boolean;
  /** The other end is a telnet program. */
  readonly telnet: boolean;
  /** Seconds until the next attempt where nobody listens or the connection has ended; 0: none. */
  readonly reconnect: number;
}

/** Options of sockets. `wait` and those after it make no difference here. */
const SOCKET_OPTIONS = ['server', 'telnet', 'reconnect', 'wait', 'delay', 'nodelay', 'ipv4', 'ipv6', 'to'];
const COMMON_OPTIONS = ['mux', 'logfile', 'logappend'];

/** What a backend takes beyond the options of all. `memory` is the old name of `ringbuf`. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  stdio: ['signal'],
  null: [],
  ringbuf: ['size'],
  memory: ['size'],
  pty: [],
  pipe: ['path'],
  file: ['path', 'append'],
  socket: ['path', 'host', 'port', 'fd', ...SOCKET_OPTIONS],
};

/** The backends that there are. */
export const chardevBackends: readonly string[] = Object.keys(OPTIONS);

/** The value of `-chardev`: `socket,id=ID,path=PATH`, `socket,id=ID,host=HOST,port=PORT`, `stdio,id=ID` … */
export function parseChardev(text: string): { readonly id: string; readonly chardev: Chardev } {
  const anything = Object.values(OPTIONS).flat();
  const opts = parseOpts(text, ['backend', 'id', ...anything, ...COMMON_OPTIONS], 'backend');
  const id = opts.get('id');
  if (id === undefined) throw new CommandError('chardev: no id specified');
  const backend = opts.get('backend');
  if (backend === undefined) throw new CommandError(`chardev: "${id}" missing backend`);
  if (!Object.hasOwn(OPTIONS, backend))
    throw new CommandError(`'${backend}' is not a valid char driver name`);
  return { id, chardev: withLog(backendOf(backend, opts), opts) };
}

function backendOf(backend: string, opts: Opts): Chardev {
  switch (backend) {
    case 'stdio':
      return { backend, signal: (opts.get('signal') ?? 'on') === 'on' };
    case 'pty':
      return { backend };
    case 'pipe':
      return { backend, path: pathOf(opts, backend) };
    case 'file':
      return { backend, path: pathOf(opts, backend), append: isOn(opts, 'append') };
    case 'socket':
      return socketChardev(socketAddress(opts), opts);
    case 'null':
      return { backend };
    default:
      return ringbuf(opts);
  }
}

/** Nobody can read from its memory here, since no command of the spec does. */
function ringbuf(opts: Opts): Chardev {
  const given = sizeFromText(opts.get('size') ?? '64k');
  if (given === undefined) throw new CommandError("Parameter 'size' expects a size");
  const size = BigInt(given as number | bigint);
  if (size <= 0n || (size & (size - 1n)) !== 0n)
    throw new CommandError('size of ringbuf chardev must be power of two');
  return { backend: 'null' };
}

function withLog(chardev: Chardev, opts: Opts): Chardev {
  const path = opts.get('logfile');
  return path === undefined ? chardev : { ...chardev, log: { path, append: isOn(opts, 'logappend') } };
}

function pathOf(opts: Opts, backend: string): string {
  const path = opts.get('path');
  if (path === undefined)
    throw new CommandError(
      `chardev: ${backend}: no ${backend === 'pipe' ? 'device path' : 'filename'} given`,
    );
  return path;
}

function socketAddress(opts: Opts): ChardevAddress {
  const [path, fd] = [opts.get('path'), opts.get('fd')];
  if (path !== undefined) return { path };
  if (fd !== undefined) {
    if (!/^\d+$/.test(fd)) throw new CommandError(`Unable to parse FD number ${fd}`);
    return { fd: Number(fd) };
  }
  const port = opts.get('port');
  if (port === undefined) throw new CommandError('chardev: socket: no port given');
  return { host: opts.get('host') ?? '', port: portNumber(port) };
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535)
    throw new CommandError(`address resolution failed for port ${text}`);
  return port;
}

function socketChardev(address: ChardevAddress, opts: Opts, telnet = isOn(opts, 'telnet')): SocketChardev {
  const server = isOn(opts, 'server');
  const reconnect = opts.get('reconnect') ?? '0';
  if (!/^\d+$/.test(reconnect)) throw new CommandError("Parameter 'reconnect' expects a number");
  if (server && reconnect !== '0')
    throw new CommandError("'reconnect' option is incompatible with socket in server listen mode");
  return { backend: 'socket', address, server, telnet, reconnect: Number(reconnect) };
}

/**
 * The short form that `-qmp`, `-monitor` and their like take: `unix:PATH,OPTIONS`, `tcp:HOST:PORT,OPTIONS`, `stdio` …
 * `chardevs`: those that `chardev:ID` means. Undefined for `none`. Throws `CommandError`.
 */
export function parseShortChardev(
  text: string,
  chardevs: ReadonlyMap<string, Chardev> = new Map(),
): Chardev | undefined {
  const plain = text.replace(/^mon:/, '');
  if (plain === 'none') return undefined;
  if (plain === 'stdio') return { backend: 'stdio', signal: true };
  if (plain === 'null' || plain === 'pty') return { backend: plain };
  const [, kind, address = '', options = ''] = /^(\w+):((?:[^,]|,,)*),?(.*)$/s.exec(plain) ?? [];
  const value = address.replaceAll(',,', ',');
  const socket = (where: ChardevAddress, isTelnet?: true): Chardev => {
    const opts = parseOpts(options, [...SOCKET_OPTIONS, ...COMMON_OPTIONS]);
    return withLog(socketChardev(where, opts, isTelnet), opts);
  };
  switch (kind) {
    case 'unix':
      return socket({ path: value });
    case 'file':
      return { backend: 'file', path: value, append: false };
    case 'pipe':
      return { backend: 'pipe', path: value };
    case 'chardev': {
      const found = chardevs.get(value);
      if (found === undefined) throw new CommandError(`chardev "${value}" not found`);
      return found;
    }
    case 'tcp':
      return socket(inetAddress(address, plain));
    case 'telnet':
      return socket(inetAddress(address, plain), true);
    default:
      throw new CommandError(`'${kind ?? text}' is not a valid char driver`);
  }
}

function inetAddress(address: string, text: string): ChardevAddress {
  const found = /^(?:\[(.*)\]|([^:]*)):(\d+)$/.exec(address);
  if (!found) throw new CommandError(`parse error: ${text}`);
  return { host: found[1] ?? found[2] ?? '', port: portNumber(found[3]!) };
}
