/** New images as a whole: all that their headers say, whose file they are made in, and who must not have it open. */
import type { Json, JsonObject } from '../../../spec/json.ts';
import { EXTENSION, parseQcow2Header } from '../../qcow2/qcow2-header.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { CHAIN_SIZE, checkContent, release } from '../helpers/backing-chains.ts';
import {
  type CreateOptions,
  createImage,
  createQcow2,
  creationRefused,
  fileCreation,
  qcow2Creation,
} from '../helpers/created-images.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { addRaw, KiB, MiB, makeFile, needs, nodeNames } from '../helpers/shared-setup.ts';

/** Options of a new image, and what its header says but for what is the same of all. */
const HEADERS: readonly (readonly [options: JsonObject, header: JsonObject])[] = [
  [{ size: 96 * KiB }, { size: 96 * KiB, l1Size: 1 }],
  [
    { size: 96 * KiB + 512, 'cluster-size': 512, 'refcount-bits': 64, 'lazy-refcounts': true },
    { size: 96 * KiB + 512, clusterSize: 512, refcountBits: 64, compatible: 1n, l1Size: 4 },
  ],
  [
    { size: 64 * KiB, 'cluster-size': 512, 'refcount-bits': 1 },
    { size: 64 * KiB, clusterSize: 512, refcountBits: 1, l1Size: 2 },
  ],
  [
    { size: 5 * MiB, 'cluster-size': 4096, version: 'v2' },
    { size: 5 * MiB, clusterSize: 4096, version: 2, l1Size: 3 },
  ],
  [
    { size: 3 * MiB, 'cluster-size': 2 * MiB, 'refcount-bits': 8, version: 'v3' },
    { size: 3 * MiB, clusterSize: 2 * MiB, refcountBits: 8, l1Size: 1 },
  ],
  [
    { size: 2 * MiB, 'cluster-size': 4096, 'backing-file': 'below.img', 'backing-fmt': 'raw' },
    { size: 2 * MiB, clusterSize: 4096, backing: 'below.img', backingFormat: 'raw', l1Size: 1 },
  ],
];

/** Type, bit and name of the features that an image of version 3 names. */
const FEATURES = [
  [0, 0, 'dirty bit'],
  [0, 1, 'corrupt bit'],
  [1, 0, 'lazy refcounts'],
] as const;

/** What the header says, in JSON; where it ends is whose it is. */
function headerOf(bytes: Buffer): JsonObject {
  const { extensions: _, headerLength: __, ...header } = parseQcow2Header(bytes);
  return header;
}

function featuresOf(bytes: Buffer): Json[][] {
  const names = parseQcow2Header(bytes).extensions.get(EXTENSION.featureNames) ?? Buffer.alloc(0);
  return Array.from({ length: names.length / 48 }, (_, index) => {
    const entry = names.subarray(index * 48, (index + 1) * 48);
    return [entry[0]!, entry[1]!, entry.toString('latin1', 2).replace(/\0+$/, '')];
  });
}

const sameOfAll = (clusterSize: number): JsonObject => ({
  version: 3,
  clusterSize,
  encryption: 0,
  l1Offset: 3 * clusterSize,
  refcountTableOffset: clusterSize,
  refcountTableClusters: 1,
  refcountBits: 16,
  snapshots: 0,
  snapshotsOffset: 0,
  incompatible: 0n,
  compatible: 0n,
  autoclear: 0n,
  backing: null,
  backingFormat: null,
});

export const newImagesWhole: readonly CaseDefinition[] = [
  {
    id: 'image-creation/qcow2-whole-header',
    title: 'A new image says in its header what was asked for, defaults for the rest, and nothing else',
    requirements: [
      'x-blockdev-create/makes-qcow2',
      'x-blockdev-create/qcow2-version-default',
      'x-blockdev-create/qcow2-cluster-size',
    ],
    needs: qcow2Creation,
    async run(t: CaseContext) {
      for (const [options, header] of HEADERS) {
        const { local } = await createQcow2(t, options);
        const bytes = await bytesOf(t, local);
        const clusterSize = Number(header.clusterSize ?? 64 * KiB);
        t.equal(
          headerOf(bytes),
          { ...sameOfAll(clusterSize), ...header },
          'the header of a new image must say what was asked for',
        );
        // elsewhere they need not be
        const namesFeatures = header.version !== 2 && clusterSize > 512 && header.backing === undefined;
        const named = featuresOf(bytes);
        for (const feature of namesFeatures ? FEATURES : [])
          t.check(
            named.some((one) => String(one) === String(feature)),
            'an image of version 3 must name its features',
            `${feature[2]} is not named`,
          );
      }
    },
  },
  {
    id: 'image-creation/into-a-node',
    title:
      'An image is made in the file of a node that is there, which stays; one that is defined for it goes',
    requirements: ['x-blockdev-create/makes-qcow2'],
    needs: qcow2Creation,
    async run(t: CaseContext) {
      const { name: node, file } = await addRaw(t, Buffer.alloc(300 * KiB, 0xee));
      const before = await nodeNames(t);
      const image: CreateOptions = { driver: 'qcow2', file: node, size: CHAIN_SIZE, 'cluster-size': 4096 };
      await createImage(t, image);
      t.equal(await nodeNames(t), before, 'the node must stay');
      await release(t, [node]);
      const bytes = await bytesOf(t, file.local);
      t.equal(parseQcow2Header(bytes).size, CHAIN_SIZE, 'the image must be in the file of the node');
      await checkContent(t, file, Buffer.alloc(CHAIN_SIZE), 'a new image over old bytes');
      const definition = { driver: 'raw', file: { driver: 'file', filename: file.path } };
      const none = await nodeNames(t);
      await createImage(t, { ...image, file: definition });
      t.equal(await nodeNames(t), none, 'what was defined for it must be gone');
      await creationRefused(t, { ...image, file: t.name('nothing') });
      t.equal(await nodeNames(t), none, 'what was refused must leave nothing');
    },
  },
  {
    id: 'image-creation/file-in-use',
    title: 'A file that a node writes is not made anew under it, and it is once the node is gone',
    requirements: ['x-blockdev-create/makes-file', 'x-blockdev-create/refuses'],
    needs: needs(fileCreation, { drivers: ['qcow2'] }),
    async run(t: CaseContext) {
      const file = await makeFile(t, 0);
      const user = t.name('user');
      const options: CreateOptions = { driver: 'file', filename: file.path, size: 8 * KiB };
      const image: CreateOptions = { driver: 'qcow2', file: { driver: 'file', filename: file.path } };
      await createImage(t, { ...image, size: CHAIN_SIZE });
      const before = await bytesOf(t, file.local);
      await t.execute('blockdev-add', { ...image, 'node-name': user });
      await creationRefused(t, options);
      t.check((await bytesOf(t, file.local)).equals(before), 'the file must stay as it was', 'it changed');
      await release(t, [user]);
      await createImage(t, options);
      t.check(
        (await bytesOf(t, file.local)).equals(Buffer.alloc(8 * KiB)),
        'the file must be made anew once nobody has it open',
        'it is not',
      );
    },
  },
];
