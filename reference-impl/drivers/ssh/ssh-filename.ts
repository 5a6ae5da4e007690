/** File names of the `ssh` driver: `ssh://USER@HOST:PORT/PATH?host_key_check=CHECK`. */
import { userInfo } from 'node:os';
import type { SshHostKeyCheck } from '../../../spec/generated/qmp.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { FormerOptions } from '../../qapi/former-options.ts';
import { parseUri, type Uri } from '../../qapi/uri.ts';
import type { DriverOptions } from '../driver.ts';

type Options = DriverOptions<'ssh'>;

const PORT = '22';

export const protocols = ['ssh'] as const;

/** The driver's options; none where the name is no URI. Throws `CommandError`. */
export function parseFilename(filename: string): Options {
  const name = parseUri(filename);
  if (name === undefined) return {};
  const { host, port, path, user, parameters } = name;
  if (host === '') throw new CommandError('missing hostname in URI');
  if (path === '') throw new CommandError('missing remote path in URI');
  return {
    server: { host, port: port === 0 ? PORT : String(port) },
    path,
    ...(user === undefined ? {} : { user: user.split(':')[0]! }),
    ...checkOf(parameters),
  };
}

/** Where the server is, and what its key must be, were once said as file names say it. */
export const former: FormerOptions = {
  names: ['host', 'port', 'host_key_check'],
  renew: ({ host, port, host_key_check: check, ...options }) => {
    if (host === undefined && port !== undefined) throw new CommandError('port may not be used without host');
    return {
      ...options,
      ...(host === undefined ? {} : { server: { host, port: port ?? PORT } }),
      ...(check === undefined ? {} : { 'host-key-check': checkNamed(String(check)) }),
    };
  },
};

/** The last one counts; other parameters mean nothing. */
function checkOf(parameters: Uri['parameters']): Options {
  const setting = parameters.findLast(([name]) => name === 'host_key_check');
  return setting === undefined ? {} : { 'host-key-check': checkNamed(setting[1] ?? '') };
}

function checkNamed(setting: string): SshHostKeyCheck {
  if (setting === 'no') return { mode: 'none' };
  if (setting === 'yes') return { mode: 'known_hosts' };
  const [, type, hash] = /^(md5|sha1):(.*)$/s.exec(setting) ?? [];
  if (hash === undefined) throw new CommandError(`unknown host_key_check setting (${setting})`);
  return { mode: 'hash', type: type as 'md5' | 'sha1', hash };
}

/** The name that opens the same file, which is open, where one says all that the options do. */
export function uri({
  server,
  path,
  user = localUser(),
  'host-key-check': check,
}: Options): string | undefined {
  const { host, port, ...more } = server!;
  const isPlain = Object.keys(more).length === 0 && /^\/[^?#%]*$/.test(path!);
  const authority = `${user}@${host.includes(':') ? `[${host}]` : host}:${port}`;
  return isPlain ? `ssh://${authority}${path}${queryOf(check)}` : undefined;
}

function queryOf(check: SshHostKeyCheck | undefined): string {
  if (check === undefined || check.mode === 'known_hosts') return '';
  return `?host_key_check=${check.mode === 'none' ? 'no' : `${check.type}:${check.hash}`}`;
}

/** Whose process this is. Throws `CommandError` if the system has no name for that. */
export function localUser(): string {
  try {
    return userInfo().username;
  } catch {
    throw new CommandError("Can't get user name");
  }
}
