/**
 * File names of the `nbd` driver: `nbd:HOST:PORT` or `nbd:unix:PATH`, with `:exportname=NAME` behind, and the URIs of the
 * NBD project (`nbd://HOST:PORT/NAME`, `nbd+unix:///NAME?socket=PATH`).
 */
import type { SocketAddress } from '../../../spec/generated/qmp.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { FormerOptions } from '../../qapi/former-options.ts';
import { parseUri } from '../../qapi/uri.ts';
import type { DriverOptions } from '../driver.ts';

const PORT = '10809';
const EXPORT = ':exportname=';

type Options = DriverOptions<'nbd'>;

export const protocols = ['nbd', 'nbd+tcp', 'nbd+unix'] as const;

/** The driver's options; without a server where the name has none. Throws `CommandError`. */
export function parseFilename(filename: string): Options {
  if (filename.includes('://')) return parseNbdUri(filename);
  const [address = '', name] = filename.split(EXPORT, 2);
  if (name === '') return {};
  if (!address.startsWith('nbd:')) throw new CommandError("File name string for NBD must start with 'nbd:'");
  const host = address.slice('nbd:'.length);
  return {
    ...(host === '' ? {} : { server: parseAddress(host) }),
    ...(name === undefined ? {} : { export: name }),
  };
}

/** The server was once said in one of these ways. */
export const former: FormerOptions = {
  names: ['host', 'port', 'path'],
  renew: ({ host, port, path, ...options }) => {
    if (options.server !== undefined)
      throw new CommandError("Cannot use 'server' and path/host/port at the same time");
    if (path !== undefined && host !== undefined)
      throw new CommandError('path and host may not be used at the same time');
    if (path !== undefined && port !== undefined) throw new CommandError('port may not be used without host');
    if (path !== undefined) return { ...options, server: { type: 'unix', path } };
    if (host === undefined) throw new CommandError('NBD server address missing');
    return { ...options, server: { type: 'inet', host, port: port ?? PORT } };
  },
};

function parseAddress(text: string): SocketAddress {
  if (text.startsWith('unix:')) return { type: 'unix', path: text.slice('unix:'.length) };
  const [where, ...flags] = text.split(',');
  const [, v6, host, port] = /^(?:\[([^\]]+)\]|(?!\[)([^:]*)):(.+)$/s.exec(where!) ?? [];
  if (port === undefined)
    throw new CommandError(
      text.startsWith(':')
        ? `error parsing port in address '${text}'`
        : `error parsing ${text.startsWith('[') ? 'IPv6 ' : ''}address '${text}'`,
    );
  flags.forEach(checkFlag);
  return { type: 'inet', host: (v6 ?? host)!, port };
}

/** What stands behind a port is checked, and says nothing. */
function checkFlag(flag: string): void {
  if (/^to=(?!\d+$)/.test(flag)) throw new CommandError('error parsing to= argument');
  const [, name, value] = /^(ipv[46])(?!(?:=on|=off)?$)(.*)$/s.exec(flag) ?? [];
  if (name !== undefined) throw new CommandError(`error parsing '${name}' flag '${value}'`);
}

function parseNbdUri(text: string): Options {
  const { scheme, host = '', port, path = '', parameters = [] } = parseUri(text) ?? {};
  const name = path.replace(/^\/+/, '');
  const shown = name === '' ? {} : { export: name };
  if (scheme === 'nbd+unix') {
    const [first, ...more] = parameters;
    if (host === '' && port === 0 && first?.[0] === 'socket' && more.length === 0)
      return { server: { type: 'unix', path: first[1] ?? '' }, ...shown };
  } else if ((scheme === 'nbd' || scheme === 'nbd+tcp') && host !== '' && parameters.length === 0)
    return {
      server: { type: 'inet', host: host.replace(/^\[|\]$/g, ''), port: port === 0 ? PORT : String(port) },
      ...shown,
    };
  throw new CommandError('No valid URL specified');
}

/** The URI of the export, where it says all that the options do. */
export function uri({ server, export: name, ...more }: Options): string | undefined {
  if (Object.keys(more).length > 0) return undefined;
  const path = name === undefined || name === '' ? '' : `/${name}`;
  if (server?.type === 'unix') return `nbd+unix://${path}?socket=${server.path}`;
  if (server?.type !== 'inet') return undefined;
  const { type: _, ...where } = server;
  const isPlain = Object.keys(where).join() === 'host,port';
  return isPlain ? `nbd://${where.host}:${where.port}${path}` : undefined;
}
