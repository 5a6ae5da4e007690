/**
 * `replication`: one side of a pair of disks that are kept alike. No command of this API starts replicating, and until
 * then every read and write fails.
 */

import { IoError } from '../host/errno.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { Driver, DriverOptions, DriverState, OpenEnvironment } from './driver.ts';

type Options = DriverOptions<'replication'>;

async function open({ options, child }: OpenEnvironment<Options>): Promise<DriverState> {
  const file = await child('file');
  if (options.mode === undefined) throw new CommandError('Missing the option mode');
  if (options.mode === 'primary' && options['top-id'] !== undefined)
    throw new CommandError('The primary side does not support option top-id');
  if (options.mode === 'secondary' && options['top-id'] === undefined)
    throw new CommandError('Missing the option top-id');
  const refuse = () => Promise.reject(new IoError('EIO'));
  return {
    length: () => file.length(),
    read: refuse,
    write: refuse,
    flush: () => file.flush(),
    truncate: (length) => file.truncate(length),
    info: () => file.info(),
    allocatedSize: () => file.allocatedSize(),
    close: () => Promise.resolve(),
  };
}

export const replication: Driver<'replication'> = { kind: 'format', children: { file: 'filtered' }, open };
