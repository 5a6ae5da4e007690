/** Character devices, as far as monitors use them: sockets and the process's own standard streams. */

import { isOn, type Opts, parseOpts } from '../options/opts.ts';
import { CommandError } from '../qapi/command-error.ts';

export type SocketAddress = { readonly path: string } | { readonly host: string; readonly port: number };

/** A parsed `-chardev`. */
export type Chardev =
  | { readonly backend: 'stdio' }
  | { readonly backend: 'socket'; readonly address: SocketAddress; readonly server: boolean };

/** Options of sockets that are accepted. `wait` and those after it make no difference here. */
const SOCKET_OPTIONS = ['server', 'wait', 'delay', 'nodelay', 'ipv4', 'ipv6', 'mux', 'logfile', 'logappend'];

/** The value of `-chardev`: `socket,id=ID,path=PATH`, `socket,id=ID,host=HOST,port=PORT`, `stdio,id=ID`. */
export function parseChardev(text: string): { readonly id: string; readonly chardev: Chardev } {
  const opts = parseOpts(
    text,
    ['backend', 'id', 'path', 'host', 'port', 'signal', ...SOCKET_OPTIONS],
    'backend',
  );
  const id = opts.get('id');
  if (id === undefined) throw new CommandError('chardev: no id specified');
  const backend = opts.get('backend');
  if (backend === 'stdio') return { id, chardev: { backend } };
  if (backend !== 'socket') throw new CommandError(`'${backend}' is not a valid char driver name`);
  return { id, chardev: { backend, address: socketAddress(opts), server: isOn(opts, 'server') } };
}

function socketAddress(opts: Opts): SocketAddress {
  const path = opts.get('path');
  if (path !== undefined) return { path };
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

/** The short form that `-qmp` takes: `unix:PATH,OPTIONS`, `tcp:HOST:PORT,OPTIONS`, `stdio`. */
export function parseShortChardev(text: string): Chardev {
  if (text === 'stdio') return { backend: 'stdio' };
  const [, kind, address = '', options = ''] = /^(\w+):((?:[^,]|,,)*),?(.*)$/s.exec(text) ?? [];
  if (kind === 'unix')
    return short({ path: address.replaceAll(',,', ',') }, parseOpts(options, SOCKET_OPTIONS));
  const tcp = kind === 'tcp' ? /^(?:\[(.*)\]|([^:]*)):(\d+)$/.exec(address) : null;
  if (!tcp) throw new CommandError(`'${kind ?? text}' is not a valid char driver`);
  const host = tcp[1] ?? tcp[2] ?? '';
  return short({ host, port: portNumber(tcp[3]!) }, parseOpts(options, SOCKET_OPTIONS));
}

function short(address: SocketAddress, opts: Opts): Chardev {
  return { backend: 'socket', address, server: isOn(opts, 'server') };
}
