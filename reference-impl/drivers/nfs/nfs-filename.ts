/** File names of the `nfs` driver: `nfs://HOST/PATH`, with ids and settings behind a question mark. */
import { CommandError } from '../../qapi/command-error.ts';
import { percentDecodedOr } from '../../qapi/percent.ts';
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

const PARTS = /^nfs:(?:\/\/(?:[^@/?#]*@)?(\[[^\]]*\]|[^:/?#]*)(?::\d*)?)?([^?#]*)(?:\?([^#]*))?(?:#.*)?$/s;
/** What no URI has, but for what stands behind a percent sign. */
const OUTSIDE = /[^\x21-\x7e]|["<>\\^`{|}]|%(?![0-9A-Fa-f]{2})/;

/** The driver's options. Throws `CommandError`. */
export function parseFilename(filename: string): Options {
  const [, host, path, query] = PARTS.exec(filename) ?? [];
  if (OUTSIDE.test(filename) || path === undefined) throw new CommandError('Invalid URI specified');
  if (host === undefined || host === '') throw new CommandError('missing hostname in URI');
  if (path === '') throw new CommandError('missing file path in URI');
  const settings = (query ?? '').split(/[&;]/).filter((each) => each !== '');
  return {
    server: { type: 'inet', host: decode(host) },
    path: decode(path),
    ...Object.fromEntries(settings.map(setting)),
  };
}

function setting(text: string): readonly [name: string, value: number] {
  const equals = text.indexOf('=');
  const name = decode(equals < 0 ? text : text.slice(0, equals));
  if (equals < 0) throw new CommandError(`Value for NFS parameter expected: ${name}`);
  const value = wholeNumber(decode(text.slice(equals + 1)));
  if (value === undefined) throw new CommandError(`Illegal value for NFS parameter: ${name}`);
  if (!Object.hasOwn(PARAMETERS, name)) throw new CommandError(`Unknown NFS parameter name: ${name}`);
  return [PARAMETERS[name as keyof typeof PARAMETERS], value];
}

/** Decimal, octal behind 0 or hexadecimal behind 0x, as in C. */
function wholeNumber(text: string): number | undefined {
  const [, octal] = /^0([0-7]+)$/.exec(text) ?? [];
  if (octal !== undefined) return Number(`0o${octal}`);
  if (!/^(?:0|[1-9]\d*|0[xX][0-9A-Fa-f]+)$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

const decode = (text: string): string => percentDecodedOr(text, 'Invalid URI specified');

/** As QEMU shows a node: the path as it is, and the ids that were given. */
export function plainFilename({ server, path, user, group }: Options): string | undefined {
  if (server === undefined || path === undefined) return undefined;
  const ids = [user === undefined ? '' : `uid=${user}`, group === undefined ? '' : `gid=${group}`];
  const given = ids.filter((id) => id !== '').join('&');
  return `nfs://${server.host}${path}${given === '' ? '' : `?${given}`}`;
}
