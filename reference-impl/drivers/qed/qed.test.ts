import { describe, expect, test } from 'vitest';
import { driverContract } from '../../testing/driver-contract.ts';
import { MemoryFile } from '../../testing/file-in-memory.ts';
import {
  contentsOf,
  cutOffWrites,
  hostileImages,
  imageIn,
  makeFormat,
  openFormat,
} from '../../testing/format-images.ts';
import { sharedWithTools } from '../../testing/format-tools.ts';
import { hostileQed } from '../../testing/qed-images.ts';
import { qed } from './index.ts';

driverContract({
  name: 'qed',
  make: (folder, size) => imageIn(folder, 'qed', (file) => makeFormat(qed, file, { size })),
  keepsData: true,
  resizes: 'grows',
  grows: false,
});

sharedWithTools({
  format: 'qed',
  driver: qed,
  options: ['cluster_size=4k', 'cluster_size=2M,table_size=2', 'table_size=16'],
  hasBacking: true,
  checks: true,
});

hostileImages(hostileQed, [0, 300]);

describe('cut off', () => {
  const make = (file: Parameters<typeof makeFormat>[1], size: number) => makeFormat(qed, file, { size });
  cutOffWrites({ name: 'qed', driver: qed, make });
  const backing = (size: number) => new Uint8Array(size).fill(0xbb);
  cutOffWrites({ name: 'qed over a backing file', driver: qed, make, backing });
});

describe('after an unclean stop', () => {
  const CLUSTER = 65536;
  const NEED_CHECK = 2;
  const FIRST_L2 = 5 * CLUSTER;

  /** An image whose first four clusters hold data, and whose tables were changed after it was closed. */
  async function broken(change: (view: DataView) => void): Promise<MemoryFile> {
    const file = new MemoryFile();
    await makeFormat(qed, file.handle(), { size: 2 ** 20 });
    const image = await openFormat(qed, file.handle());
    await image.io.write(0, new Uint8Array(4 * CLUSTER).fill(1));
    await image.close();
    change(new DataView(file.bytes.buffer));
    return file;
  }

  const expected = () => new Uint8Array(2 ** 20).fill(1, CLUSTER, 4 * CLUSTER);

  test('entries that lead nowhere are cleared when the image is opened for writing', async () => {
    const file = await broken((view) => {
      view.setUint8(16, NEED_CHECK);
      view.setBigUint64(FIRST_L2, 2n ** 40n, true);
    });
    const reader = await openFormat(qed, file.handle(), { readOnly: true });
    await expect(contentsOf(reader)).rejects.toMatchObject({ code: 'EINVAL' });
    const writer = await openFormat(qed, file.handle());
    expect(Buffer.compare(await contentsOf(writer), expected())).toBe(0);
    expect(file.bytes[16]).toBe(0);
  });

  test('without the mark they are errors', async () => {
    const file = await broken((view) => view.setBigUint64(FIRST_L2, 12345n, true));
    const { io } = await openFormat(qed, file.handle());
    await expect(io.read(0, new Uint8Array(512))).rejects.toMatchObject({ code: 'EINVAL' });
    await expect(io.write(0, new Uint8Array(512))).rejects.toMatchObject({ code: 'EINVAL' });
    await io.write(CLUSTER, new Uint8Array(512).fill(2));
  });

  test('the mark is there while clusters are placed, and gone when the image is closed', async () => {
    const file = new MemoryFile();
    await makeFormat(qed, file.handle(), { size: 2 ** 20 });
    const image = await openFormat(qed, file.handle());
    expect(file.bytes[16]).toBe(0);
    await image.io.write(0, new Uint8Array(512).fill(1));
    expect(file.bytes[16]).toBe(NEED_CHECK);
    await image.close();
    expect(file.bytes[16]).toBe(0);
  });

  test('an image that would take too long to check is not opened for writing', async () => {
    const [cluster, clustersOfTable, tables] = [8192, 16, 5000];
    const file = new MemoryFile(new Uint8Array((tables + 2 * clustersOfTable) * cluster));
    const view = new DataView(file.bytes.buffer);
    for (const [at, value] of [0x444551, cluster, clustersOfTable, 1, NEED_CHECK].entries())
      view.setUint32(at * 4, value, true);
    view.setUint32(40, cluster, true);
    for (let i = 0; i < tables; i++)
      view.setUint32(cluster + i * 8, (i + 1 + clustersOfTable) * cluster, true);
    await expect(openFormat(qed, file.handle())).rejects.toThrow(
      'Could not repair dirty image: File too large',
    );
    await openFormat(qed, file.handle(), { readOnly: true });
  });
});

test('an image grows and does not shrink', async () => {
  const file = new MemoryFile();
  await makeFormat(qed, file.handle(), { size: 2 ** 20 });
  const image = await openFormat(qed, file.handle());
  await image.io.write(0, new Uint8Array(2 ** 20).fill(1));
  await image.truncate(2 ** 21);
  expect(image.io.length()).toBe(2 ** 21);
  await expect(image.truncate(2 ** 20)).rejects.toThrow('Shrinking images is currently not supported');
  await expect(image.truncate(2 ** 20 + 1)).rejects.toThrow('Invalid image size specified');
  await expect(image.truncate(2 ** 60)).rejects.toThrow('Invalid image size specified');
  await image.close();
  const again = await openFormat(qed, file.handle());
  const expected = new Uint8Array(2 ** 21).fill(1, 0, 2 ** 20);
  expect(Buffer.compare(await contentsOf(again), expected)).toBe(0);
});
