/**
 * `file`: a regular file of the host. A character device passes too, as a disk of no size; a directory does not.
 * `host_device` and `host_cdrom` are meant for devices, and take what `file` takes.
 */
import { resolve } from 'node:path';
import { errnoText, IoError } from '../host/errno.ts';
import { HostFile } from '../host/host-file.ts';
import { isZero } from '../host/zero.ts';
import { CommandError } from '../qapi/command-error.ts';
import type {
  CreateEnvironment,
  CreateOptions,
  Driver,
  DriverOptions,
  DriverState,
  OpenEnvironment,
} from './driver.ts';

/** Bytes of zeroes that are written, or looked for, at once. */
const ZERO_CHUNK = 0x100000;
const ZEROES = new Uint8Array(ZERO_CHUNK);
/** Buffers to look for zeroes with, kept: a disk may have many gigabytes of them. */
const looks: Uint8Array[] = [];

type Options = DriverOptions<'file'>;

async function open(environment: OpenEnvironment<Options>): Promise<DriverState> {
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
  const write = async (offset: number, data: Uint8Array): Promise<void> => {
    await file.write(offset, data);
    if (length !== undefined) length = Math.max(length, offset + data.length);
  };
  return {
    lock: options.locking === 'off' ? undefined : file.identity,
    // Kept: who else changes the file goes unnoticed until it is opened again.
    length: () => (length ??= file.size()),
    growable: true,
    read: (offset, buffer) => file.read(offset, buffer),
    write,
    writeZeroes: (offset, size) => zero(file, offset, size, write),
    flush: () => file.sync(),
    truncate: async (size) => {
      await truncate(file, size);
      length = undefined;
    },
    info: () => ({ clusterSize: 0, dirty: false }),
    allocatedSize: () => file.allocatedSize(),
    setReadOnly: async (readOnly) => {
      try {
        await file.reopen(readOnly);
      } catch (error) {
        throw refusal(error, 'Could not reopen file');
      }
    },
    close: () => file.close(),
  };
}

async function openHostFile(environment: OpenEnvironment<Options>): Promise<HostFile> {
  const { options, readOnly, direct, cwd, hostWork } = environment;
  const filename = options.filename!;
  try {
    return await HostFile.open(hostPath(cwd, filename), readOnly, hostWork, direct);
  } catch (error) {
    throw refusal(error, `Could not open '${filename}'`);
  }
}

/** A name with a NUL byte ends there for the host; Node refuses it instead. */
function hostPath(cwd: string, filename: string): string {
  const name = filename.split('\0')[0]!;
  return name === '' ? '' : resolve(cwd, name);
}

function refusal(error: unknown, what: string): unknown {
  return error instanceof IoError ? new CommandError(`${what}: ${errnoText(error.code)}`) : error;
}

async function truncate(file: HostFile, length: number): Promise<void> {
  if (!file.isRegular()) {
    if (length > file.size()) throw new CommandError('Cannot grow device files');
    return;
  }
  try {
    await file.truncate(length);
  } catch (error) {
    throw refusal(error, 'Could not resize file');
  }
}

/**
 * Makes a file of zeroes. Node can reserve no space without writing it, so `falloc` is done as `full`. The file stays
 * when its size is refused.
 */
async function create(environment: CreateEnvironment<CreateOptions<'file'>>): Promise<void> {
  const { options, cwd, hostWork, claim } = environment;
  let made: HostFile;
  try {
    made = await HostFile.create(hostPath(cwd, options.filename), hostWork);
  } catch (error) {
    throw refusal(error, 'Could not create file');
  }
  try {
    claim(made.identity);
    await made.truncate(0);
    const { preallocation = 'off' } = options;
    if (preallocation === 'metadata')
      throw new CommandError(`Unsupported preallocation mode: ${preallocation}`);
    const size = Number(options.size);
    await made.truncate(size);
    if (preallocation !== 'off') await fill(made, size);
  } catch (error) {
    throw refusal(error, 'Could not resize file');
  } finally {
    await made.close();
  }
}

/** Leaves alone what is zero, so that holes stay: Node can make none. */
async function zero(
  file: HostFile,
  offset: number,
  size: number,
  write: (offset: number, data: Uint8Array) => Promise<void>,
): Promise<void> {
  const look = looks.pop() ?? new Uint8Array(ZERO_CHUNK);
  try {
    for (let at = offset; at < offset + size; at += ZERO_CHUNK) {
      const length = Math.min(ZERO_CHUNK, offset + size - at);
      const found = look.subarray(0, length);
      await file.read(at, found);
      if (at + length > file.size() || !isZero(found)) await write(at, ZEROES.subarray(0, length));
    }
  } finally {
    looks.push(look);
  }
}

async function fill(file: HostFile, size: number): Promise<void> {
  for (let at = 0; at < size; at += ZERO_CHUNK)
    await file.write(at, ZEROES.subarray(0, Math.min(ZERO_CHUNK, size - at)));
}

async function openCdrom(environment: OpenEnvironment<Options>): Promise<DriverState> {
  const { info: _, ...state } = await open(environment);
  return state;
}

const common = { kind: 'protocol', children: {}, filenameOption: 'filename' } as const;

/** The prefix lets a name begin with what looks like another protocol's. */
function named(protocol: 'file' | 'host_device' | 'host_cdrom') {
  const prefix = `${protocol}:`;
  const parseFilename = (filename: string) => ({
    filename: filename.startsWith(prefix) ? filename.slice(prefix.length) : filename,
  });
  return { ...common, protocols: [protocol], parseFilename };
}

export const hostDevice: Driver<'host_device'> = { ...named('host_device'), open };
export const hostCdrom: Driver<'host_cdrom'> = { ...named('host_cdrom'), open: openCdrom };
export const file: Driver<'file'> = { ...named('file'), open, create };
