/** parallels images of all kinds: of both magics, with clusters of any size; some whose table is worth breaking. */
import type { ChildHandle } from '../drivers/driver.ts';
import { parallels } from '../drivers/parallels/index.ts';
import { newHeader } from '../drivers/parallels/parallels-header.ts';
import { MemoryFile } from './file-in-memory.ts';
import { type HostileSubject, openFormat } from './format-images.ts';

export interface ParallelsShape {
  readonly size: number;
  /** Bytes. */
  readonly clusterSize: number;
  /** With the magic of images whose entries count sectors, and without a word on where data starts. */
  readonly old?: boolean;
}

/** Makes an image, as qemu-img makes none. */
export async function makeParallels(
  file: ChildHandle,
  { size, clusterSize, old = false }: ParallelsShape,
): Promise<void> {
  const tableEnd = 64 + Math.ceil(size / clusterSize) * 4;
  const dataStart = Math.ceil(tableEnd / clusterSize) * clusterSize;
  const header = Buffer.from(newHeader(size, clusterSize, old ? 0 : dataStart));
  if (old) header.write('WithoutFreeSpace', 'latin1');
  await file.write(0, header);
  await file.write(64, new Uint8Array((old ? tableEnd : dataStart) - 64));
}

async function originals(): Promise<readonly Uint8Array[]> {
  const images: Uint8Array[] = [];
  for (const old of [false, true]) {
    const file = new MemoryFile();
    await makeParallels(file.handle(), { size: 2 ** 18, clusterSize: 4096, old });
    const image = await openFormat(parallels, file.handle());
    await image.io.write(8192, new Uint8Array(20_000).fill(1));
    await image.close();
    images.push(file.bytes);
  }
  return images;
}

/** The header, and the first entries. */
export const hostileParallels: HostileSubject = {
  name: 'parallels',
  driver: parallels,
  originals,
  metadata: [
    [16, 64],
    [64, 100],
  ],
};
