/** Creation of qcow2 images: what each option leaves in the file. */

import { COMPATIBLE, parseQcow2Header, type Qcow2Header } from '../../qcow2/qcow2-header.ts';
import { refcountOf } from '../../qcow2/qcow2-refcounts.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  type CreateOptions,
  checkOpens,
  createImage,
  creationRefused,
  qcow2Creation,
} from '../helpers/created-images.ts';
import { bytesOf, sizesOf } from '../helpers/image-files.ts';
import { parseQcow2, placeOf } from '../helpers/qcow2-image.ts';
import { type CaseFile, KiB, makeFile } from '../helpers/shared-setup.ts';

const CLUSTER = 4 * KiB;
const CLUSTERS = 16;
const SIZE = CLUSTERS * CLUSTER;

/** Where an image is to be made: a file that holds something else, and the options that name it. */
async function place(t: CaseContext): Promise<{ file: CaseFile; image: CreateOptions & { size: number } }> {
  const file = await makeFile(t, Buffer.alloc(8 * KiB, 0x5a));
  return {
    file,
    image: {
      driver: 'qcow2',
      file: { driver: 'file', filename: file.path },
      size: SIZE,
    },
  };
}

/** Makes an image with these options, which opens with its size, and gives its bytes. */
async function made(t: CaseContext, options: object): Promise<Buffer> {
  const { file, image } = await place(t);
  await createImage(t, { ...image, ...options });
  const bytes = await bytesOf(t, file.local);
  await checkOpens(t, { ...image, ...options });
  return bytes;
}

async function headerOf(t: CaseContext, options: object): Promise<Qcow2Header> {
  return parseQcow2Header(await made(t, options));
}

export const createQcow2: readonly CaseDefinition[] = [
  {
    id: 'image-creation/qcow2-version',
    title: 'Version v2 makes an image of version 2, v3 one of version 3, and none is as good as v3',
    requirements: [
      'BlockdevQcow2Version/v2',
      'BlockdevQcow2Version/v3',
      'x-blockdev-create/qcow2-version-default',
    ],
    needs: qcow2Creation,
    async run(t: CaseContext) {
      for (const [options, version] of [
        [{ version: 'v2' }, 2],
        [{ version: 'v3' }, 3],
        [{}, 3],
      ] as const)
        t.equal(
          (await headerOf(t, options)).version,
          version,
          'the header must have the version that was asked for',
        );
    },
  },
  {
    id: 'image-creation/qcow2-refcount-bits',
    title:
      'Reference counts have the width that was given, any power of two up to 64 bits, and 16 bits by default',
    requirements: ['x-blockdev-create/qcow2-refcount-bits'],
    needs: qcow2Creation,
    async run(t: CaseContext) {
      for (const bits of [1, 2, 4, 8, 16, 32, 64]) {
        const bytes = await made(t, { 'refcount-bits': bits });
        t.equal(parseQcow2Header(bytes).refcountBits, bits, 'the header must have the width that was given');
        t.equal(Number(refcountOf(bytes, 0)), 1, 'the count of the first cluster, in that width, must be 1');
      }
      t.equal((await headerOf(t, {})).refcountBits, 16, 'the width must be 16 bits where none is given');
    },
  },
  {
    id: 'image-creation/qcow2-refcount-bits-refused',
    title: 'A width that is no power of two from 1 to 64 is refused, and in version 2 every other than 16',
    requirements: ['x-blockdev-create/qcow2-refcount-bits', 'x-blockdev-create/qcow2-version-2'],
    needs: qcow2Creation,
    async run(t: CaseContext) {
      const { image } = await place(t);
      for (const bits of [0, 3, 7, 128, -1]) await creationRefused(t, { ...image, 'refcount-bits': bits });
      await createImage(t, { ...image, 'refcount-bits': 8 });
      await creationRefused(t, { ...image, 'refcount-bits': 8, version: 'v2' });
      await createImage(t, { ...image, 'refcount-bits': 16, version: 'v2' });
      await checkOpens(t, image);
    },
  },
  {
    id: 'image-creation/qcow2-lazy-refcounts',
    title: 'lazy-refcounts sets the feature in the header; it is off by default, and refused in version 2',
    requirements: ['x-blockdev-create/qcow2-lazy-refcounts', 'x-blockdev-create/qcow2-version-2'],
    needs: qcow2Creation,
    async run(t: CaseContext) {
      for (const [options, lazy] of [
        [{ 'lazy-refcounts': true }, true],
        [{ 'lazy-refcounts': false }, false],
        [{}, false],
      ] as const) {
        const { compatible } = await headerOf(t, options);
        t.equal(
          (compatible & COMPATIBLE.lazyRefcounts) !== 0n,
          lazy,
          'the header must have the feature of lazy reference counts exactly where it was asked for',
        );
      }
      const { image } = await place(t);
      await creationRefused(t, { ...image, 'lazy-refcounts': true, version: 'v2' });
      await createImage(t, { ...image, 'lazy-refcounts': false, version: 'v2' });
    },
  },
  {
    id: 'image-creation/qcow2-backing-format',
    title: 'backing-file and backing-fmt are in the header as they were given',
    requirements: ['x-blockdev-create/qcow2-backing-format', 'x-blockdev-create/makes-qcow2'],
    needs: qcow2Creation,
    async run(t: CaseContext) {
      const base = await makeFile(t, SIZE);
      for (const [format, version] of [
        ['raw', {}],
        ['qcow2', {}],
        ['raw', { version: 'v2' }],
      ] as const) {
        const { backing, backingFormat } = await headerOf(t, {
          'backing-file': base.path,
          'backing-fmt': format,
          ...version,
        });
        t.equal(backing, base.path, 'the header must name the backing file as it was given');
        t.equal(backingFormat, format, "the header must name the backing file's format");
      }
      const { backing, backingFormat } = await headerOf(t, {});
      t.equal([backing, backingFormat], [null, null], 'the header must name none where none was given');
    },
  },
  {
    id: 'image-creation/qcow2-cluster-size',
    title: 'Clusters have the size that was given, from 512 bytes to 2 MiB; others are refused',
    requirements: ['x-blockdev-create/qcow2-cluster-size'],
    needs: qcow2Creation,
    async run(t: CaseContext) {
      for (const clusterSize of [512, 4096, 64 * KiB, 2048 * KiB])
        t.equal(
          (await headerOf(t, { 'cluster-size': clusterSize })).clusterSize,
          clusterSize,
          'the header must have the cluster size that was given',
        );
      const { file, image } = await place(t);
      const before = await bytesOf(t, file.local);
      for (const clusterSize of [0, 256, 1000, 4096 * KiB])
        await creationRefused(t, { ...image, 'cluster-size': clusterSize });
      t.check(
        (await bytesOf(t, file.local)).equals(before),
        'a file must stay as it was where no image was made in it',
        'it changed',
      );
      await createImage(t, { ...image, 'cluster-size': 1024 });
    },
  },
  {
    id: 'image-creation/qcow2-sizes',
    title:
      'The virtual size is what was given, none and 1 PiB included; parts of sectors and 4 EiB are refused',
    requirements: ['x-blockdev-create/qcow2-size'],
    needs: qcow2Creation,
    async run(t: CaseContext) {
      for (const size of [0, 512, 2 ** 50])
        t.equal(
          (await headerOf(t, { size, 'cluster-size': 2 ** 21 })).size,
          size,
          'the header must have the size that was given',
        );
      const { image } = await place(t);
      for (const size of [1, 511, 513, 2n ** 62n]) await creationRefused(t, { ...image, size });
      await createImage(t, { ...image, size: 1024 });
    },
  },
  {
    id: 'image-creation/qcow2-not-preallocated',
    title: 'Without preallocation, and with off, no cluster has a place',
    requirements: ['x-blockdev-create/qcow2-preallocation-default', 'PreallocMode/off'],
    needs: qcow2Creation,
    async run(t: CaseContext) {
      for (const options of [{}, { preallocation: 'off' }]) {
        const bytes = await made(t, { 'cluster-size': CLUSTER, ...options });
        const image = parseQcow2(bytes);
        for (let index = 0; index < CLUSTERS; index += 1)
          t.check(
            image.cluster(index) === null,
            'a new image must have no clusters',
            `it has guest cluster ${index}`,
          );
      }
    },
  },
  {
    id: 'image-creation/qcow2-preallocation-metadata',
    title: 'Preallocation of metadata gives each cluster a place that is counted, and no space on disk',
    requirements: ['PreallocMode/metadata'],
    needs: qcow2Creation,
    async run(t: CaseContext) {
      const { file, image } = await place(t);
      const size = 64 * 64 * KiB;
      await createImage(t, { ...image, size, 'cluster-size': 64 * KiB, preallocation: 'metadata' });
      const bytes = await bytesOf(t, file.local);
      const { space } = await sizesOf(t, file.local);
      await checkOpens(t, { ...image, size });
      checkPlaced(t, bytes, 64);
      t.check(
        space < size,
        'preallocated metadata must take no space for data',
        `the file takes ${space} bytes for a disk of ${size}`,
      );
    },
  },
  {
    id: 'image-creation/qcow2-preallocation-of-all',
    title:
      'Preallocation, but off, places all clusters: of a second table, a last one in part, large ones, and of v2',
    requirements: ['PreallocMode/metadata', 'PreallocMode/falloc', 'PreallocMode/full'],
    needs: qcow2Creation,
    async run(t: CaseContext) {
      for (const [clusterSize, size, version, modes] of [
        [2 * KiB, 257 * 2 * KiB + 512, 'v3', ['metadata', 'falloc', 'full']],
        [2048 * KiB, 3072 * KiB, 'v3', ['metadata']],
        [64 * KiB, 3 * 64 * KiB, 'v2', ['metadata', 'falloc', 'full']],
      ] as const)
        for (const preallocation of modes) {
          const options = { size, version, 'cluster-size': clusterSize, preallocation };
          checkPlaced(t, await made(t, options), Math.ceil(size / clusterSize));
        }
    },
  },
  {
    id: 'image-creation/qcow2-preallocation-full',
    title:
      'Preallocation falloc, and full, give each cluster a place and its space on disk, with zeroes in it',
    requirements: ['PreallocMode/falloc', 'PreallocMode/full'],
    needs: qcow2Creation,
    async run(t: CaseContext) {
      for (const preallocation of ['falloc', 'full']) {
        const { file, image } = await place(t);
        await createImage(t, { ...image, 'cluster-size': CLUSTER, preallocation });
        const bytes = await bytesOf(t, file.local);
        const { space } = await sizesOf(t, file.local);
        await checkOpens(t, image);
        checkPlaced(t, bytes, CLUSTERS);
        t.check(
          space >= SIZE,
          `preallocation ${preallocation} must take the space of all data`,
          `the file takes ${space} bytes for a disk of ${SIZE}`,
        );
      }
    },
  },
  {
    id: 'image-creation/qcow2-preallocation-with-backing',
    title: 'Preallocation above a backing file is refused, and one of the two is taken',
    requirements: ['x-blockdev-create/qcow2-preallocation-with-backing'],
    needs: qcow2Creation,
    async run(t: CaseContext) {
      const base = await makeFile(t, SIZE);
      const { image } = await place(t);
      const backing = { 'backing-file': base.path, 'backing-fmt': 'raw' };
      await creationRefused(t, { ...image, ...backing, preallocation: 'metadata' });
      await createImage(t, { ...image, ...backing, preallocation: 'off' });
      await createImage(t, { ...image, preallocation: 'metadata' });
      await checkOpens(t, image);
    },
  },
];

/** States that each guest cluster has a place of its own, counted once, where zeroes are. */
function checkPlaced(t: CaseContext, bytes: Buffer, clusters: number): void {
  const { clusterSize } = parseQcow2Header(bytes);
  const places = new Set<number>();
  for (let index = 0; index < clusters; index += 1) {
    const at = placeOf(bytes, index);
    t.check(at !== null, 'each cluster must have a place in the file', `guest cluster ${index} has none`);
    places.add(at);
    t.equal(Number(refcountOf(bytes, at / clusterSize)), 1, 'each place must be counted once');
    t.check(
      bytes.subarray(at, at + clusterSize).every((byte) => byte === 0),
      'a preallocated cluster must hold zeroes',
      `guest cluster ${index} holds something else`,
    );
  }
  t.equal(places.size, clusters, 'each cluster must have a place of its own');
}
