/** `vdi`: images of VirtualBox, dynamic and static. */
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
import { isVdi, newHeader } from './vdi-header.ts';
import { UNALLOCATED, VdiImage } from './vdi-image.ts';

/** Entries of the map of a new image that are written at a time. */
const PIECE = 1 << 20;

async function open({ child }: OpenEnvironment<DriverOptions<'vdi'>>): Promise<DriverState> {
  const file = await child('file');
  const image = await VdiImage.open(file);
  const disk = new ClusterDisk(image, file);
  return {
    length: () => image.size(),
    read: (offset, buffer) => disk.read(offset, buffer),
    write: (offset, data) => disk.write(offset, data),
    blockStatus: (offset, length) => disk.blockStatus(offset, length),
    info: () => ({ clusterSize: image.clusterSize, dirty: false }),
    allocatedSize: () => file.allocatedSize(),
    ...storedAtFlushes(file, disk, image),
  };
}

/** A dynamic image: it grows with what is written to it. */
async function create({ options, file, random }: CreateEnvironment<NamedCreation>): Promise<void> {
  const header = newHeader(options.size, () => randomId(random));
  const image = await file();
  await image.truncate(0);
  await image.write(0, header.bytes);
  for (let at = 0; at < header.blocks; at += PIECE) {
    const entries = new Uint32Array(Math.min(PIECE, header.blocks - at)).fill(UNALLOCATED);
    await image.write(header.mapOffset + at * entries.BYTES_PER_ELEMENT, new Uint8Array(entries.buffer));
  }
  await image.truncate(header.dataOffset);
}

/** Images of version 1.1 without differences, with blocks of 1 MiB. */
export const vdi: Driver<'vdi'> = {
  kind: 'format',
  children: { file: 'file' },
  open,
  probe: (start) => (isVdi(start) ? 100 : 0),
  createNamed: create,
};
