/** A VDI image with blocks in another order than the disk's, to be broken. */
import { vdi } from '../drivers/vdi/index.ts';
import { MemoryFile } from './file-in-memory.ts';
import { type HostileSubject, makeFormat, openFormat } from './format-images.ts';

const MIB = 1 << 20;

export const vdiImage: HostileSubject = {
  name: 'vdi',
  driver: vdi,
  async originals() {
    const file = new MemoryFile();
    await makeFormat(vdi, file.handle(), { size: 3 * MIB });
    const { io, close } = await openFormat(vdi, file.handle());
    await io.write(2 * MIB, new Uint8Array(4096).fill(2));
    await io.write(0, new Uint8Array(4096).fill(1));
    await io.flush();
    await close();
    return [file.bytes];
  },
  metadata: [
    [0x40, 0x50],
    [0x154, 0x1c8],
    [512, 528],
  ],
};
