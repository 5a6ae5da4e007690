/** qed images whose tables are worth breaking. */
import { qed } from '../drivers/qed/index.ts';
import { MemoryFile } from './file-in-memory.ts';
import { type HostileSubject, makeFormat, openFormat } from './format-images.ts';

const CLUSTER = 65536;

async function originals(): Promise<readonly Uint8Array[]> {
  const images: Uint8Array[] = [];
  for (const backed of [false, true]) {
    const file = new MemoryFile();
    const backing = backed ? { 'backing-file': 'below', 'backing-fmt': 'raw' } : {};
    await makeFormat(qed, file.handle(), { size: 2 ** 20, ...backing });
    const image = await openFormat(qed, file.handle());
    await image.io.write(CLUSTER, new Uint8Array(2 * CLUSTER).fill(1));
    await image.io.writeZeroes(4 * CLUSTER, CLUSTER);
    // one as it is left by an unclean stop
    if (!backed) await image.close();
    images.push(file.bytes);
  }
  return images;
}

/** The header, and the first entries of the L1 table and of the only L2 table. */
export const hostileQed: HostileSubject = {
  name: 'qed',
  driver: qed,
  originals,
  metadata: [
    [0, 70],
    [CLUSTER, CLUSTER + 64],
    [5 * CLUSTER, 5 * CLUSTER + 64],
  ],
};
