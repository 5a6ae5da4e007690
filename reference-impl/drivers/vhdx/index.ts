/** `vhdx`: images of Hyper-V, fixed and dynamic. */
import { CommandError } from '../../qapi/command-error.ts';
import { ClusterDisk } from '../clustered/cluster-disk.ts';
import { storedAtFlushes } from '../clustered/stored-at-flushes.ts';
import type {
  CreateEnvironment,
  Driver,
  DriverOptions,
  DriverState,
  NamedCreation,
  OpenEnvironment,
} from '../driver.ts';
import { randomId } from '../random-id.ts';
import { isVhdx, MIB, newHeaders } from './vhdx-headers.ts';
import { BlockState, ENTRY_BYTES, isBitmapEntry, tableEntries, VhdxImage } from './vhdx-image.ts';
import { MAX_SIZE, newMetadata, newRegionTables } from './vhdx-regions.ts';

const GIB = 2 ** 30;
const LOG = { offset: MIB, length: MIB };
/** What a new image has behind its metadata. */
const SPARE = 4 * MIB;

async function open({
  child,
  readOnly,
  log,
  random,
}: OpenEnvironment<DriverOptions<'vhdx'>>): Promise<DriverState> {
  const file = await child('file');
  const image = await VhdxImage.open({ file, readOnly, log, newId: () => randomId(random) });
  const disk = new ClusterDisk(image, file);
  return {
    length: () => image.size(),
    read: (offset, buffer) => disk.read(offset, buffer),
    write: async (offset, data) => {
      if (!image.isMarked) await disk.lock.run(() => image.markChanged());
      await disk.write(offset, data);
    },
    info: () => ({ clusterSize: image.clusterSize, dirty: false }),
    allocatedSize: () => file.allocatedSize(),
    ...storedAtFlushes(file, disk, image),
  };
}

/** The block size that a disk gets. */
function blockSizeFor(size: number): number {
  if (size > 32 * 1024 * GIB) return 64 * MIB;
  if (size > 100 * GIB) return 32 * MIB;
  return size > GIB ? 16 * MIB : 8 * MIB;
}

const wholeMib = (bytes: number) => Math.max(1, Math.ceil(bytes / MIB)) * MIB;

/** A dynamic image: headers, log, table of blocks, metadata, each in mebibytes of its own. */
async function create({ options, file, random }: CreateEnvironment<NamedCreation>): Promise<void> {
  const { size } = options;
  if (size > MAX_SIZE) throw new CommandError('Image size too large; max of 64TB');
  const shape = { size, blockSize: blockSizeFor(size) };
  const entries = tableEntries(shape);
  const blocks = { offset: LOG.offset + LOG.length, length: wholeMib(entries * ENTRY_BYTES) };
  const metadata = { offset: blocks.offset + blocks.length, length: MIB };
  const newId = () => randomId(random);
  const image = await file();
  await image.truncate(0);
  const headers = newHeaders(LOG, random(), newId);
  await image.write(0, headers);
  await image.write(headers.length, newRegionTables(blocks, metadata));
  const perPiece = MIB / ENTRY_BYTES;
  for (let first = 0; first < entries; first += perPiece) {
    const piece = new DataView(new ArrayBuffer(Math.min(perPiece, entries - first) * ENTRY_BYTES));
    for (let i = 0; i * ENTRY_BYTES < piece.byteLength; i++) {
      const state = isBitmapEntry(first + i, shape.blockSize) ? BlockState.absent : BlockState.zero;
      piece.setUint32(i * ENTRY_BYTES, state, true);
    }
    await image.write(blocks.offset + first * ENTRY_BYTES, new Uint8Array(piece.buffer));
  }
  await image.write(metadata.offset, newMetadata(shape, newId()));
  await image.truncate(metadata.offset + metadata.length + SPARE);
}

/** Images of version 1 without parents, with sectors of 512 bytes. */
export const vhdx: Driver<'vhdx'> = {
  kind: 'format',
  children: { file: 'file' },
  open,
  probe: (start) => (isVhdx(start) ? 100 : 0),
  createNamed: create,
};
