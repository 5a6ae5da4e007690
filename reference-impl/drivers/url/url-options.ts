/** What the options of the four drivers say, and which of them are refused before anybody is asked. */
import { CommandError } from '../../qapi/command-error.ts';
import type { DriverOptions } from '../driver.ts';
import { type Login, loginOf, type RemotePlace } from './remote-file.ts';

const READAHEAD = 256 * 1024;
const SECTOR = 512;
/** Seconds. */
const TIMEOUT = 5;
const MAX_TIMEOUT = 10_000;

/** Of any of the four drivers. */
export type UrlOptions = DriverOptions<'https'>;

/** Options that were checked. */
export interface UrlSettings {
  readonly place: RemotePlace;
  /** Bytes. */
  readonly readahead: number;
  /** Seconds; 0: no limit. */
  readonly timeout: number;
}

/** Reads the options of the driver that has the name of the scheme. Throws `CommandError`. */
export function urlSettings(
  scheme: string,
  options: UrlOptions,
  secret: (id: string) => Buffer,
): UrlSettings {
  const { readahead = READAHEAD, timeout = TIMEOUT } = options;
  if (readahead < 0) throw new CommandError("Parameter 'readahead' expects a non-negative number below 2^64");
  if (Number(readahead) % SECTOR !== 0)
    throw new CommandError(`HTTP_READAHEAD_SIZE ${readahead} is not a multiple of ${SECTOR}`);
  if (timeout < 0 || timeout > MAX_TIMEOUT)
    throw new CommandError('timeout parameter is too large or negative');
  const login = loginBy(options.username, options['password-secret'], secret);
  const proxyLogin = loginBy(options['proxy-username'], options['proxy-password-secret'], secret);
  const cookie = cookieOf(options, secret);
  const url = urlOf(scheme, options.url);
  return {
    place: { url, login: login ?? loginOf(url), proxyLogin, cookie, verify: options.sslverify ?? true },
    readahead: Number(readahead),
    timeout: Number(timeout),
  };
}

function loginBy(
  user: string | undefined,
  passwordSecret: string | undefined,
  secret: (id: string) => Buffer,
): Login | undefined {
  const password = passwordSecret === undefined ? '' : secret(passwordSecret).toString();
  return user === undefined ? undefined : { user, password };
}

function cookieOf(
  { cookie, 'cookie-secret': id }: UrlOptions,
  secret: (id: string) => Buffer,
): string | undefined {
  if (id === undefined) return cookie;
  if (cookie !== undefined) throw new CommandError('curl driver cannot handle both cookie and cookie secret');
  return secret(id).toString();
}

function urlOf(scheme: string, text: string | undefined): URL {
  if (text === undefined) throw new CommandError("curl block driver requires an 'url' option");
  if (!text.startsWith(`${scheme}://`))
    throw new CommandError(
      `${scheme} curl driver cannot handle the URL '${text}' (does not start with '${scheme}://')`,
    );
  const url = URL.canParse(text) && !hasBlanks(text) ? new URL(text) : undefined;
  if (url === undefined || hasBreaks(url.pathname))
    throw new CommandError('CURL: Error opening file: URL using bad/illegal format or missing URL');
  return url;
}

/** What `URL` would mend. */
function hasBlanks(text: string): boolean {
  return [...text].some((char) => char <= ' ' || char === '\x7f');
}

/** Ends of lines, which would be commands of their own to an FTP server. */
function hasBreaks(path: string): boolean {
  return /%0[ad]/i.test(path);
}
