/** qcow images whose tables are worth breaking. */
import { qcow } from '../drivers/qcow/index.ts';
import { MemoryFile } from './file-in-memory.ts';
import { type HostileSubject, makeFormat, openFormat } from './format-images.ts';

async function originals(): Promise<readonly Uint8Array[]> {
  const images: Uint8Array[] = [];
  for (const backed of [false, true]) {
    const file = new MemoryFile();
    await makeFormat(qcow, file.handle(), { size: 2 ** 18, ...(backed ? { 'backing-file': 'below' } : {}) });
    const { io, close } = await openFormat(qcow, file.handle());
    await io.write(8192, new Uint8Array(10_000).fill(1));
    const cluster = backed ? 512 : 4096;
    for (let at = 0; at < 4096; at += cluster) {
      await io.writeCompressed(at, new Uint8Array(cluster).fill(2));
      await io.writeCompressed(32_768 + at, new Uint8Array(cluster).fill(3));
    }
    await close();
    images.push(file.bytes);
  }
  return images;
}

/** The header with the first entry of the L1 table, and the first entries of the only L2 table by either layout. */
export const hostileQcow: HostileSubject = {
  name: 'qcow',
  driver: qcow,
  originals,
  metadata: [
    [0, 72],
    [1024, 1200],
    [4096, 4200],
  ],
};
