/** File names of the `nfs` driver: `nfs://HOST/PATH`, with ids and settings behind a question mark. */
import { CommandError } from '../../qapi/command-error.ts';
import { parseUri, type Uri } from '../../qapi/uri.ts';
import type { DriverOptions } from '../driver.ts';

type Options = DriverOptions<'nfs'>;

export const protocols = ['nfs'] as const;

/** Which option a parameter means. */
export const PARAMETERS = {
  uid: 'user',
  gid: 'group',
  'tcp-syncnt': 'tcp-syn-count',
  readahead: 'readahead-size',
  pagecache: 'page-cache-size',
  debug: 'debug',
} as const satisfies Record<string, keyof Options>;

/** The driver's options. Throws `CommandError`. */
export function parseFilename(filename: string): Options {
  const uri = parseUri(filename);
  if (uri === undefined) throw new CommandError('Invalid URI specified');
  const { host, path, parameters } = uri;
  if (host === '') throw new CommandError('missing hostname in URI');
  if (path === '') throw new CommandError('missing file path in URI');
  return { server: { type: 'inet', host }, path, ...Object.fromEntries(parameters.map(setting)) };
}

function setting([name, text]: Uri['parameters'][number]): readonly [name: string, value: number] {
  if (text === undefined) throw new CommandError(`Value for NFS parameter expected: ${name}`);
  const value = wholeNumber(text);
  if (value === undefined) throw new CommandError(`Illegal value for NFS parameter: ${name}`);
  if (!Object.hasOwn(PARAMETERS, name)) throw new CommandError(`Unknown NFS parameter name: ${name}`);
  return [PARAMETERS[name as keyof typeof PARAMETERS], value];
}

/** Decimal, octal behind 0 or hexadecimal behind 0x, as in C. */
function wholeNumber(text: string): number | undefined {
  const [, octal] = /^\+?0([0-7]+)$/.exec(text) ?? [];
  if (octal !== undefined) return Number(`0o${octal}`);
  if (!/^\+?(?:0|[1-9]\d*|0[xX][0-9A-Fa-f]+)$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** As QEMU shows a node: the path as it is, and the ids that were given and are not 0. */
export function plainFilename({ server, path, user, group }: Options): string | undefined {
  if (server === undefined || path === undefined) return undefined;
  const ids = [shownId('uid', user), shownId('gid', group)];
  const given = ids.filter((id) => id !== '').join('&');
  return `nfs://${server.host}${path}${given === '' ? '' : `?${given}`}`;
}

const shownId = (name: string, id: Options['user']): string => (Number(id ?? 0) === 0 ? '' : `${name}=${id}`);
