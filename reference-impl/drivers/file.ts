/** `file`: a regular file of the host. A character device passes too, as a disk of no size; a directory does not. */
import { resolve } from 'node:path';
import { CommandError } from '../errors.ts';
import { errnoText, IoError } from '../io/errno.ts';
import { HostFile } from '../io/host-file.ts';
import type { Driver, DriverState, OpenEnvironment } from './driver.ts';

async function open(environment: OpenEnvironment): Promise<DriverState> {
  const { options, direct } = environment;
  // No `pr-manager-helper` object can exist here, so whatever id is given names none.
  if (options['pr-manager'] !== undefined)
    throw new CommandError(`No persistent reservation manager with id '${options['pr-manager']}'`);
  const file = await openHostFile(environment);
  if (options.aio === 'native' && !direct) {
    await file.close();
    throw new CommandError(
      'aio=native was specified, but it requires cache.direct=on, which was not specified.',
    );
  }

  let length: number | undefined;
  return {
    // Kept: who else changes the file goes unnoticed until it is opened again.
    length: () => (length ??= file.size()),
    growable: true,
    read: (offset, buffer) => file.read(offset, buffer),
    write: async (offset, data) => {
      await file.write(offset, data);
      if (length !== undefined) length = Math.max(length, offset + data.length);
    },
    flush: () => file.sync(),
    truncate: async (size) => {
      await truncate(file, size);
      length = undefined;
    },
    info: () => ({ clusterSize: 0, dirty: false }),
    allocatedSize: () => file.allocatedSize(),
    close: () => file.close(),
  };
}

async function openHostFile({ options, readOnly, cwd, inFlight }: OpenEnvironment): Promise<HostFile> {
  const filename = options.filename as string;
  try {
    // A name with a NUL byte ends there for the host; Node refuses it instead.
    return await HostFile.open(resolve(cwd, filename.split('\0')[0]!), readOnly, inFlight);
  } catch (error) {
    if (error instanceof IoError) throw new CommandError(`Could not open '${filename}': ${error.message}`);
    throw error;
  }
}

async function truncate(file: HostFile, length: number): Promise<void> {
  if (!file.isRegular()) {
    if (length > file.size()) throw new CommandError('Cannot grow device files');
    return;
  }
  try {
    await file.truncate(length);
  } catch (error) {
    if (error instanceof IoError) throw new CommandError(`Could not resize file: ${errnoText(error.code)}`);
    throw error;
  }
}

export const file: Driver = { kind: 'protocol', children: {}, filenameOption: 'filename', open };
