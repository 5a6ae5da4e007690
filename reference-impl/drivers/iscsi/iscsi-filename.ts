/** File names of the `iscsi` driver: `iscsi://[USER%PASSWORD@]HOST[:PORT]/TARGET/LUN`; `iser://` over the other transport. */
import { CommandError } from '../../qapi/command-error.ts';
import { percentDecoded } from '../../qapi/percent.ts';
import type { DriverOptions } from '../driver.ts';

/** The driver's options; a file name, and nothing else, may hold a password itself. */
export type Options = DriverOptions<'iscsi'> & { readonly password?: string };

export const protocols = ['iscsi', 'iser'] as const;

const PATTERN =
  /^(?<scheme>iscsi|iser):\/\/(?:(?<user>[^@/%]*)(?:%(?<password>[^@/]*))?@)?(?<portal>[^/?]*)\/(?<target>[^/?]*)\/(?<lun>[+-]?\d+)(?:\?.*)?$/s;

/** The options that a file name means; the unit's number is text. Throws `CommandError`. */
export function parseFilename(filename: string): Omit<Options, 'lun'> & { readonly lun: string } {
  const groups = PATTERN.exec(filename)?.groups;
  const target = percentDecoded(groups?.target ?? '');
  if (groups === undefined || target === undefined)
    throw new CommandError(`Failed to parse URL : ${filename}`);
  const { scheme, user, password, portal, lun } = groups;
  return {
    transport: scheme === 'iser' ? 'iser' : 'tcp',
    portal: portal!,
    target,
    lun: lun!,
    ...(user !== undefined && password !== undefined ? { user, password } : {}),
  };
}

/** The same for who opens the unit. Throws `CommandError`. */
export function namedOptions(filename: string): Options {
  const { lun, ...options } = parseFilename(filename);
  return { ...options, lun: Number(lun) };
}
