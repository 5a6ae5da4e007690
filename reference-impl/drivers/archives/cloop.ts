/**
 * `cloop`: a compressed loop image, as live systems carry their disks: blocks of one size, each a zlib stream of its own,
 * and a table of where they start. It is only read.
 *
 * Source: images that create_compressed_fs makes, and its manual; limits and texts of errors as observed.
 */
import { CommandError } from '../../qapi/command-error.ts';
import type { ChildHandle, Driver, DriverOptions, DriverState, OpenEnvironment } from '../driver.ts';
import { BlockCache } from './block-cache.ts';
import { inflate } from './inflate.ts';
import { onlyReads } from './only-reads.ts';

const SECTOR = 512;
const SCRIPT = '#!/bin/sh\n#V2.0 Format\nmodprobe cloop';
/** A script of this length is in front of the numbers. */
const SCRIPT_BYTES = 128;
const TABLE_AT = SCRIPT_BYTES + 8;
const MAX_BLOCK_BYTES = 64 << 20;
const MAX_BLOCKS = 0x1fffffff;
const MAX_TABLE_BYTES = 512 << 20;
/** Bytes of the table that are looked at at once: a multiple of its entries of 8 bytes. */
const TABLE_PIECE = 0x10000;

interface Header {
  readonly blockBytes: number;
  readonly blocks: number;
}

async function readHeader(file: ChildHandle): Promise<Header> {
  const bytes = new Uint8Array(8);
  await file.read(SCRIPT_BYTES, bytes);
  const view = new DataView(bytes.buffer);
  const [blockBytes, blocks] = [view.getUint32(0), view.getUint32(4)];
  if (blockBytes === 0) throw new CommandError('block_size cannot be zero');
  if (blockBytes % SECTOR !== 0)
    throw new CommandError(`block_size ${blockBytes} must be a multiple of ${SECTOR}`);
  if (blockBytes > MAX_BLOCK_BYTES) throw new CommandError(`block_size ${blockBytes} must be 64 MB or less`);
  if (blocks > MAX_BLOCKS) throw new CommandError(`n_blocks ${blocks} must be ${MAX_BLOCKS} or less`);
  if ((blocks + 1) * 8 > MAX_TABLE_BYTES)
    throw new CommandError('image requires too many offsets, try increasing block size');
  await checkTable(file, blocks);
  return { blockBytes, blocks };
}

/** Blocks follow each other, and none is larger in the file than the largest could become. */
async function checkTable(file: ChildHandle, blocks: number): Promise<void> {
  let last: number | undefined;
  for (let first = 0; first <= blocks; first += TABLE_PIECE / 8) {
    const bytes = new Uint8Array(Math.min(TABLE_PIECE, (blocks + 1 - first) * 8));
    await file.read(TABLE_AT + first * 8, bytes);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < bytes.length; at += 8) {
      const offset = offsetAt(view, at);
      checkOrder(last ?? offset, offset, first + at / 8);
      last = offset;
    }
  }
}

function checkOrder(last: number, offset: number, index: number): void {
  if (offset < last)
    throw new CommandError(`offsets not monotonically increasing at index ${index}, image file is corrupt`);
  if (offset - last > 2 * MAX_BLOCK_BYTES)
    throw new CommandError(`invalid compressed block size at index ${index}, image file is corrupt`);
}

/** Those beyond 2^53 lose low bits, and no file reaches as far. */
function offsetAt(view: DataView, at: number): number {
  return Number(view.getBigUint64(at));
}

async function readBlock(file: ChildHandle, { blockBytes }: Header, index: number): Promise<Uint8Array> {
  const entries = new Uint8Array(16);
  await file.read(TABLE_AT + index * 8, entries);
  const view = new DataView(entries.buffer);
  const start = offsetAt(view, 0);
  // What the table has behind the end of the file would only be zeroes.
  const end = Math.min(offsetAt(view, 8), file.length());
  const stream = new Uint8Array(Math.max(0, end - start));
  await file.read(start, stream);
  return inflate(stream, blockBytes);
}

async function open({ child }: OpenEnvironment<DriverOptions<'cloop'>>): Promise<DriverState> {
  const file = await child('file');
  const header = await readHeader(file);
  const cache = new BlockCache((index: number) => readBlock(file, header, index));
  const { blockBytes, blocks } = header;
  return {
    ...onlyReads,
    length: () => blocks * blockBytes,
    limits: { requestAlignment: SECTOR },
    read: async (offset, buffer) => {
      for (let done = 0; done < buffer.length; ) {
        const within = (offset + done) % blockBytes;
        const part = buffer.subarray(done, done + blockBytes - within);
        const index = Math.floor((offset + done) / blockBytes);
        await cache.copy(index, index, within, part);
        done += part.length;
      }
    },
    allocatedSize: () => file.allocatedSize(),
    close: () => Promise.resolve(),
  };
}

/** Compressed loop images, which are only read. */
export const cloop: Driver<'cloop'> = {
  kind: 'format',
  children: { file: 'file' },
  open,
  probe: (start) => (Buffer.from(start.subarray(0, SCRIPT.length)).toString('latin1') === SCRIPT ? 2 : 0),
};
