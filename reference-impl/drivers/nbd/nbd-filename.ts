/**
 * File names of the `nbd` driver: `nbd:HOST:PORT` or `nbd:unix:PATH`, with `:exportname=NAME` behind, and the URIs of the
 * NBD project (`nbd://HOST:PORT/NAME`, `nbd+unix:///NAME?socket=PATH`).
 */
import type { SocketAddress } from '../../../spec/generated/qmp.ts';
import type { JsonObject } from '../../../spec/json.ts';
import { CommandError } from '../../qapi/command-error.ts';

const PORT = '10809';
const EXPORT = ':exportname=';

export const protocols = ['nbd', 'nbd+tcp', 'nbd+unix'] as const;

/** The driver's options; without a server where the name has none. Throws `CommandError`. */
export function parseFilename(filename: string): JsonObject {
  if (filename.includes('://')) return parseUri(filename);
  const [address = '', name] = filename.split(EXPORT, 2);
  if (name === '') return {};
  if (!address.startsWith('nbd:')) throw new CommandError("File name string for NBD must start with 'nbd:'");
  const host = address.slice('nbd:'.length);
  return {
    ...(host === '' ? {} : { server: parseAddress(host) }),
    ...(name === undefined ? {} : { export: name }),
  };
}

function parseAddress(text: string): JsonObject {
  if (text.startsWith('unix:')) return { type: 'unix', path: text.slice('unix:'.length) };
  const [, v6, host, port] = /^(?:\[([^\]]*)\]|([^:]*)):([^,]+)$/.exec(text) ?? [];
  if (port === undefined) throw new CommandError(`error parsing address '${text}'`);
  return { type: 'inet', host: (v6 ?? host)!, port };
}

function parseUri(text: string): JsonObject {
  const [, scheme, host = '', port, path = '', query] =
    /^([^:]*):\/\/(\[[^\]]*\]|[^/?:]*)(?::(\d*))?\/*([^?]*)(?:\?(.*))?$/s.exec(text) ?? [];
  const name = path === '' ? {} : { export: decode(path) };
  const parameters = [...new URLSearchParams(query ?? '')];
  if (scheme === 'nbd+unix') {
    const [first, ...more] = parameters;
    if (host === '' && port === undefined && first?.[0] === 'socket' && more.length === 0)
      return { server: { type: 'unix', path: first[1] }, ...name };
  } else if ((scheme === 'nbd' || scheme === 'nbd+tcp') && host !== '' && parameters.length === 0)
    return { server: { type: 'inet', host: host.replace(/^\[|\]$/g, ''), port: port || PORT }, ...name };
  throw new CommandError('No valid URL specified');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new CommandError('No valid URL specified');
  }
}

/** The URI of the export, where it says all that the options do. */
export function uri(options: JsonObject): string | undefined {
  const { server, export: name, ...more } = options as JsonObject & { server: JsonObject };
  if (Object.keys(more).length > 0) return undefined;
  const { type, ...where } = server as unknown as SocketAddress & { type: string };
  const path = name === undefined || name === '' ? '' : `/${name as string}`;
  const names = Object.keys(where).join();
  if (type === 'unix' && 'path' in where) return `nbd+unix://${path}?socket=${where.path}`;
  if (type === 'inet' && names === 'host,port' && 'host' in where)
    return `nbd://${where.host}:${where.port}${path}`;
  return undefined;
}
