/** Encrypted disks behind the driver contract: `luks`, and qcow2 with LUKS inside. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'vitest';
import { createObject } from '../objects/create-object.ts';
import type { Services } from '../services/services.ts';
import { driverContract } from '../testing/driver-contract.ts';
import { run, whyMissing } from '../testing/external-programs.ts';
import { make, openFile, SECRET } from '../testing/qcow2-fixture.ts';

const withoutQemuImg = whyMissing(['qemu-img'], 'qemu');

function secret(services: Services): void {
  createObject(services, 'secret', 'key', { data: SECRET });
}

/** qemu-img takes seconds to choose the cost of a key: one volume serves all. */
let volume: Promise<Buffer> | undefined;

async function makeVolume(filename: string, size: number): Promise<Buffer> {
  const object = `secret,id=key,data=${SECRET}`;
  const options = 'key-secret=key,iter-time=10';
  await run('qemu-img', 'create', '-q', '--object', object, '-f', 'luks', '-o', options, filename, `${size}`);
  return readFile(filename);
}

describe.skipIf(withoutQemuImg !== undefined)(
  `made by qemu-img${withoutQemuImg ? ` (${withoutQemuImg})` : ''}`,
  () => {
    driverContract({
      name: 'luks',
      make: async (folder, size, services) => {
        secret(services);
        const filename = join(folder, 'disk.luks');
        volume ??= makeVolume(filename, size);
        await writeFile(filename, await volume);
        return { driver: 'luks', 'key-secret': 'key', file: { driver: 'file', filename } };
      },
      keepsData: true,
      resizes: true,
      grows: true,
      scrambles: true,
    });
  },
);

driverContract({
  name: 'qcow2 with LUKS',
  make: async (folder, size, services) => {
    secret(services);
    const filename = join(folder, 'disk.qcow2');
    await writeFile(filename, '');
    const file = await openFile(filename);
    await make(file, { size, encrypt: { format: 'luks', 'key-secret': 'key', 'iter-time': 10 } });
    await file.close();
    return {
      driver: 'qcow2',
      encrypt: { format: 'luks', 'key-secret': 'key' },
      file: { driver: 'file', filename },
    };
  },
  keepsData: true,
  resizes: true,
  grows: false,
});
