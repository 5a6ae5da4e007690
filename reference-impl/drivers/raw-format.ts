/**
 * `raw`: the bytes of its file as they are, or the window of them that `offset` and `size` cut out. Where the file only
 * looks raw, its first block must go on doing so.
 */

import { IoError } from '../host/errno.ts';
import { CommandError } from '../qapi/command-error.ts';
import { sizeOf } from '../qapi/opts.ts';
import type { Driver, DriverOptions, DriverState, OpenEnvironment } from './driver.ts';
import { sizeOption } from './sizes.ts';

const SECTOR = 512;
const MAX_SIZE = 2 ** 63;

type Options = DriverOptions<'raw'>;

async function open(environment: OpenEnvironment<Options>): Promise<DriverState> {
  const { options, child, readOnly, log, staysProbed } = environment;
  const file = await child('file');
  let start = options.offset === undefined ? 0 : sizeOption('offset', options.offset);
  let size = options.size === undefined ? undefined : sizeOption('size', options.size);
  checkWindow(start, size, file.length());
  if (staysProbed && !readOnly)
    log(
      'an image was taken for raw as nobody said its format: its first block can only be written to stay so',
    );

  const host = (offset: number) => offset + start;
  return {
    length: () => size ?? Math.max(0, file.length() - start),
    variableLength: true,
    // Nobody then writes a part of the first block.
    limits: staysProbed && { requestAlignment: SECTOR },
    get growable() {
      return size === undefined;
    },
    read: async (offset, buffer) => {
      await file.debugEvent('read_aio');
      return file.read(host(offset), buffer);
    },
    write: async (offset, data) => {
      if (offset === 0 && staysProbed?.(data) === false) throw new IoError('EPERM');
      await file.debugEvent('write_aio');
      return file.write(host(offset), data);
    },
    writeZeroes: (offset, length, flags) => file.writeZeroes(host(offset), length, flags),
    discard: (offset, length) => file.discard(host(offset), length),
    flush: async () => {
      await file.debugEvent('flush_to_os');
      await file.debugEvent('flush_to_disk');
      return file.flush();
    },
    truncate: async (length) => {
      if (size !== undefined) throw new CommandError('Cannot resize fixed-size raw disks');
      if (start > 0 && length + start >= MAX_SIZE)
        throw new CommandError('Disk size too large for the chosen offset');
      await file.truncate(length + start);
    },
    blockStatus: (offset, length) => file.blockStatus(host(offset), length),
    info: () => file.info(),
    allocatedSize: () => file.allocatedSize(),
    prepareReopen: (changes) => {
      for (const name of changes.keys()) if (name !== 'offset' && name !== 'size') return undefined;
      const [offset, length] = [changes.get('offset'), changes.get('size')];
      const newStart = offset === undefined ? start : sizeOf('offset', offset);
      const newSize = length === undefined ? size : sizeOf('size', length);
      checkWindow(newStart, newSize, file.length());
      return () => {
        start = newStart;
        size = newSize;
      };
    },
    close: () => Promise.resolve(),
  };
}

function checkWindow(start: number, size: number | undefined, fileSize: number): void {
  // As integers, for the messages: large numbers would be printed rounded.
  const [offset, end] = [BigInt(start), BigInt(fileSize)];
  if (offset > end)
    throw new CommandError(`Offset (${offset}) cannot be greater than size of the containing file (${end})`);
  if (size === undefined) return;
  if (end - offset < BigInt(size))
    throw new CommandError(
      `The sum of offset (${offset}) and size (${BigInt(size)}) has to be smaller or equal to the  actual size of the containing file (${end})`,
    );
  if (size % SECTOR !== 0) throw new CommandError(`Specified size is not multiple of ${SECTOR}`);
}

export const raw: Driver<'raw'> = { kind: 'format', children: { file: 'filtered' }, open };
