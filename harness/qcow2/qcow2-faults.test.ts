/** Each fault is seen in an image that has it, and none in images that QEMU's own tool made and changed. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  buildQcow2,
  dataOf,
  entryTo,
  l1TableOf,
  l2TableOf,
  refcountBlockOf,
  refcountTableOf,
} from '../cases/helpers/qcow2-image.ts';
import { enginesUnavailable, requireOrSkip } from '../testing/engines.ts';
import { qcow2Faults } from './qcow2-faults.ts';

const run = promisify(execFile);
const CLUSTER = 4096;
const SHAPE = { size: 256 * 1024, clusterSize: CLUSTER, clusters: new Map([[3, 7]]) };
const COPIED = 1n << 63n;

/** What is found in a sound image after a change of its bytes. */
function textsAfter(damage: (image: Buffer) => void, options: object = {}): string[] {
  const image = buildQcow2({ ...SHAPE, ...options });
  damage(image);
  return qcow2Faults(image).map(({ kind, text }) => `${kind}: ${text}`);
}

test.each([{}, { version: 2 as const }, { refcountBits: 1 }, { refcountBits: 4 }, { refcountBits: 64 }])(
  'an image as %j is sound',
  (options) => {
    expect(textsAfter(() => undefined, options)).toEqual([]);
  },
);

describe('seen is', () => {
  const block = refcountBlockOf(CLUSTER);
  test.each<[string, (image: Buffer) => void, string]>([
    ['a cluster counted in vain', (image) => image.writeUInt16BE(1, block + 40), 'leak: counts 1 clusters'],
    [
      'one that is not counted',
      (image) => image.writeUInt16BE(0, block + 2),
      'corruption: counts a cluster less',
    ],
    [
      'a count of 2 beside the flag',
      (image) => image.writeUInt16BE(2, block + (dataOf(CLUSTER) / CLUSTER) * 2),
      'corruption: has a COPIED flag at data',
    ],
    [
      'a missing flag of data',
      (image) => image.writeBigUInt64BE(BigInt(dataOf(CLUSTER)), l2TableOf(CLUSTER) + 24),
      'corruption: has a COPIED flag at data',
    ],
    [
      'a missing flag of a table',
      (image) => image.writeBigUInt64BE(BigInt(l2TableOf(CLUSTER)), l1TableOf(CLUSTER)),
      'corruption: has a COPIED flag at an L2 table',
    ],
    [
      'two places that lead to one cluster',
      (image) => image.writeBigUInt64BE(entryTo(dataOf(CLUSTER)), l2TableOf(CLUSTER)),
      'corruption: counts a cluster less',
    ],
    [
      'a flag where there is no cluster',
      (image) => image.writeBigUInt64BE(COPIED, l2TableOf(CLUSTER)),
      'corruption: has the COPIED flag at a cluster without a place',
    ],
    [
      'a reserved bit of an L2 entry',
      (image) => image.writeBigUInt64BE(entryTo(dataOf(CLUSTER)) | 2n, l2TableOf(CLUSTER) + 24),
      'corruption: has reserved bits in an L2 table',
    ],
    [
      'a reserved bit of an L1 entry',
      (image) => image.writeBigUInt64BE(BigInt(l2TableOf(CLUSTER)) | COPIED | 1n, l1TableOf(CLUSTER)),
      'corruption: has reserved bits in its L1 table',
    ],
    [
      'a refcount block beyond the end',
      (image) => image.writeBigUInt64BE(1n << 40n, refcountTableOf(CLUSTER) + 8),
      'corruption: has a refcount block behind the end',
    ],
    ['an L1 table of no use', (image) => image.writeUInt32BE(0, 36), 'corruption: has an L1 table too small'],
    ['a dirty bit', (image) => image.writeBigUInt64BE(1n, 72), 'corruption: is still marked as dirty'],
    ['an unknown feature', (image) => image.writeBigUInt64BE(1n << 40n, 72), 'corruption: has incompatible'],
    ['an unknown compatible one', (image) => image.writeBigUInt64BE(2n, 80), 'corruption: has compatible'],
    ['an unknown one to clear', (image) => image.writeBigUInt64BE(4n, 88), 'corruption: has autoclear'],
    [
      'bitmaps without a place',
      (image) => image.writeBigUInt64BE(1n, 88),
      'corruption: has the feature of bitmaps',
    ],
    ['a version that is none', (image) => image.writeUInt32BE(4, 4), 'corruption: is of version 4'],
  ])('%s', (_, damage, text) => {
    expect(textsAfter(damage)).toContainEqual(expect.stringContaining(text));
  });

  test('nothing in an image that says that it is corrupt', () => {
    expect(textsAfter((image) => void image.writeBigUInt64BE(2n, 72))).toEqual([]);
  });
  test('an image cut off within its tables', () => {
    expect(qcow2Faults(buildQcow2(SHAPE).subarray(0, CLUSTER))).not.toEqual([]);
    expect(qcow2Faults(buildQcow2(SHAPE).subarray(0, 50))).not.toEqual([]);
  });
});

describe('images of QEMU', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qcow2-faults-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  for (const options of [
    'compat=1.1',
    'compat=0.10',
    'extended_l2=on',
    'refcount_bits=2',
    'cluster_size=512',
  ])
    test(`with snapshots, bitmaps, compressed and shared clusters, made with ${options}, are sound`, async (context) => {
      requireOrSkip(context, 'qemu', enginesUnavailable('qemu-img', 'qemu-io'));
      const path = join(folder, `${options}.qcow2`);
      await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', options, path, '1M']);
      const io = (...commands: string[]) =>
        run('qemu-io', ['-f', 'qcow2', ...commands.flatMap((command) => ['-c', command]), path]);
      await io('write -P 1 0 300k', 'write -z 512k 64k', 'write -c 640k 64k', 'discard 0 64k');
      await run('qemu-img', ['snapshot', '-c', 'first', path]);
      if (options !== 'compat=0.10') {
        await run('qemu-img', ['bitmap', '--add', path, 'b0']);
        await run('qemu-img', ['bitmap', '--add', '-g', '512', path, 'b1']);
      }
      await io('write -P 2 100k 200k', 'write -c 704k 64k');
      expect(qcow2Faults(await readFile(path))).toEqual([]);
    });
});
