/** vmdk images whose tables are worth breaking. */

import type { ChildHandle } from '../drivers/driver.ts';
import { vmdk } from '../drivers/vmdk/index.ts';
import { DESCRIPTOR_BYTES } from '../drivers/vmdk/vmdk-descriptor.ts';
import { HeaderFlag, type SparseHeader, serialiseSparseHeader } from '../drivers/vmdk/vmdk-header.ts';
import { MemoryFile } from './file-in-memory.ts';
import { type HostileSubject, makeFormat, openFormat } from './format-images.ts';

const GRAIN = 65536;
const SIZE = 2 ** 20;
/** Where our images of this size have the directory that counts, and the table behind it. */
const DIRECTORY = 26 * 512;
const TABLE = 27 * 512;

/** An image with one of these differences from those that we make; zeroed grains and packed ones are for others to make. */
export async function makeShaped(
  file: ChildHandle,
  size: number,
  shape: Partial<SparseHeader> = {},
): Promise<void> {
  await makeFormat(vmdk, file, { size });
  await file.write(0, serialiseSparseHeader({ ...SHAPE, capacity: size / 512, ...shape }));
}

const SHAPE: SparseHeader = {
  version: 1,
  flags: HeaderFlag.newlines | HeaderFlag.redundantTables,
  capacity: 0,
  grain: GRAIN / 512,
  descriptorOffset: 1,
  descriptorSize: DESCRIPTOR_BYTES / 512,
  entriesPerTable: 512,
  redundantDirectoryOffset: 21,
  directoryOffset: 26,
  overhead: GRAIN / 512,
  isCompressed: false,
};

/** What differs in an image with zeroed grains, and in one whose grains are packed. */
export const ZEROED: Partial<SparseHeader> = { version: 2, flags: SHAPE.flags | HeaderFlag.zeroedGrains };
export const PACKED: Partial<SparseHeader> = { version: 3, flags: SHAPE.flags | 0x30000, isCompressed: true };

async function originals(): Promise<readonly Uint8Array[]> {
  const images: Uint8Array[] = [];
  for (const shape of [{}, ZEROED, PACKED]) {
    const file = new MemoryFile();
    await makeShaped(file.handle(), SIZE, shape);
    const image = await openFormat(vmdk, file.handle());
    await image.io.write(GRAIN, new Uint8Array(2 * GRAIN).fill(1));
    if (shape === ZEROED) await image.io.writeZeroes(4 * GRAIN, GRAIN);
    await image.close();
    images.push(file.bytes);
  }
  return images;
}

/** The header, the descriptor, and the first entries of the directory and of the table. */
export const hostileVmdk: HostileSubject = {
  name: 'vmdk',
  driver: vmdk,
  originals,
  metadata: [
    [0, 80],
    [512, 512 + 400],
    [DIRECTORY, DIRECTORY + 8],
    [TABLE, TABLE + 64],
  ],
};
