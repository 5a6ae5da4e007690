/** VHDX images of small blocks, to be broken, and what a crash leaves of them. */
import { vhdx } from '../drivers/vhdx/index.ts';
import { newHeaders, seal } from '../drivers/vhdx/vhdx-headers.ts';
import { newMetadata, newRegionTables } from '../drivers/vhdx/vhdx-regions.ts';
import { MemoryFile } from './file-in-memory.ts';
import { type HostileSubject, openFormat } from './format-images.ts';

const MIB = 1 << 20;
const LOG = { offset: MIB, length: MIB };
/** Where tables lie in the images of `smallVhdx`. */
export const BLOCKS = { offset: 2 * MIB, length: MIB };
export const METADATA = { offset: 3 * MIB, length: MIB };
export const HEADERS = [0x10000, 0x20000] as const;
export const REGION_TABLES = [0x30000, 0x40000] as const;

/** An image with blocks of 1 MiB, none of which has a place. */
export function smallVhdx(size: number): Uint8Array {
  const image = new Uint8Array(4 * MIB);
  let ids = 0;
  const newId = () => new Uint8Array(16).fill(++ids);
  const headers = newHeaders(LOG, 1, newId);
  image.set(headers);
  image.set(newRegionTables(BLOCKS, METADATA), headers.length);
  image.set(newMetadata({ size, blockSize: MIB }, newId()), METADATA.offset);
  return image;
}

/** Makes the checksums of headers and region tables right. */
export function mendVhdx(image: Uint8Array): Uint8Array {
  for (const at of HEADERS) seal(image.subarray(at, at + 4096));
  for (const at of REGION_TABLES) seal(image.subarray(at, at + 65536));
  return image;
}

/** Two blocks, in another order than the disk's. */
export async function usedVhdx(): Promise<Uint8Array> {
  const file = new MemoryFile(smallVhdx(4 * MIB));
  const { io, close } = await openFormat(vhdx, file.handle());
  await io.write(2 * MIB, new Uint8Array(4096).fill(2));
  await io.write(0, new Uint8Array(4096).fill(1));
  await io.flush();
  await close();
  return file.bytes;
}

/** An image that a crash left with a log that holds its table of blocks, while the table is empty. */
export async function loggedVhdx(): Promise<Uint8Array> {
  const image = await usedVhdx();
  const at = LOG.offset;
  for (const header of HEADERS) image.set(image.subarray(at + 32, at + 48), header + 0x30);
  image.fill(0, BLOCKS.offset, BLOCKS.offset + 4096);
  return mendVhdx(image);
}

export const hostileVhdx: HostileSubject = {
  name: 'vhdx',
  driver: vhdx,
  originals: async () => [await usedVhdx()],
  metadata: [
    [METADATA.offset, METADATA.offset + 0xc0],
    [METADATA.offset + 0x10000, METADATA.offset + 0x10028],
    [BLOCKS.offset, BLOCKS.offset + 32],
    [BLOCKS.offset, BLOCKS.offset + 32],
  ],
};
