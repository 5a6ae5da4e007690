/** VHD images, dynamic and fixed, to be broken. */
import { DiskType, FOOTER_BYTES, fittingDisk, NOWHERE, newFooter } from '../drivers/vpc/footer.ts';
import { vpc } from '../drivers/vpc/index.ts';
import { MemoryFile } from './file-in-memory.ts';
import { type HostileSubject, makeFormat, openFormat } from './format-images.ts';

const MIB = 1 << 20;

/** A dynamic image of two blocks, in another order than the disk's. */
async function dynamic(): Promise<Uint8Array> {
  const file = new MemoryFile();
  await makeFormat(vpc, file.handle(), { size: 3 * MIB });
  const { io, close } = await openFormat(vpc, file.handle());
  await io.write(2 * MIB, new Uint8Array(4096).fill(2));
  await io.write(0, new Uint8Array(4096).fill(1));
  await io.flush();
  await close();
  return file.bytes;
}

/** A fixed image of zeroes of at least `wanted` bytes. */
export function fixedVpc(wanted: number): Uint8Array {
  const { geometry, size } = fittingDisk(wanted);
  const { bytes } = newFooter({
    size,
    geometry,
    type: DiskType.fixed,
    dataOffset: NOWHERE,
    id: new Uint8Array(16),
  });
  const image = new Uint8Array(size + FOOTER_BYTES);
  image.set(bytes, size);
  return image;
}

export const vpcImage: HostileSubject = {
  name: 'vpc',
  driver: vpc,
  originals: async () => [await dynamic()],
  metadata: [
    [512, 1536],
    [512 + 0x10, 512 + 0x24],
    [1536, 1544],
  ],
};
