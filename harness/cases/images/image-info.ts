/** What queries tell of an image: its own header, its place on disk, its backing files. */
import { isJsonObject, type JsonObject } from '../../../spec/json.ts';
import { COMPATIBLE, INCOMPATIBLE } from '../../qcow2/qcow2-header.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { shown } from '../case-text.ts';
import {
  addChain,
  addLayers,
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  chainNodes,
  makeLayers,
} from '../helpers/backing-chains.ts';
import { sizesOf } from '../helpers/image-files.ts';
import { buildQcow2, type NewQcow2 } from '../helpers/qcow2-image.ts';
import { addRaw, fileNodes, KiB, makeFile, newFile, nodeInfo } from '../helpers/shared-setup.ts';

type Shape = Omit<NewQcow2, 'size' | 'clusterSize'>;

/** What the queries tell of an image of this shape, opened with these options. */
async function imageOf(t: CaseContext, shape: Shape, options: JsonObject = {}): Promise<JsonObject> {
  const file = await makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, ...shape }));
  return imageInfo(t, await addQcow2(t, file, options));
}

async function imageInfo(t: CaseContext, node: string): Promise<JsonObject> {
  const { image } = await nodeInfo(t, node);
  t.check(isJsonObject(image), 'a node must describe its image', `image is ${shown(image)}`);
  return image;
}

/** What is told of the format's own. */
function specific(t: CaseContext, image: JsonObject): JsonObject {
  const found = image['format-specific'];
  t.check(
    isJsonObject(found) && isJsonObject(found.data),
    'the image must have format-specific data',
    `it is ${shown(found)}`,
  );
  t.equal(found.type ?? null, 'qcow2', 'the type of the format-specific data must be the format');
  return found.data;
}

export const imageInfoCases: readonly CaseDefinition[] = [
  {
    id: 'image-info/compat',
    title: 'compat is 0.10 for an image of version 2 and 1.1 for one of version 3',
    requirements: ['ImageInfoSpecificQCow2/compat', 'ImageInfoSpecific/type'],
    needs: chainNodes,
    async run(t: CaseContext) {
      for (const [version, compat] of [
        [2, '0.10'],
        [3, '1.1'],
      ] as const)
        t.contains(
          specific(t, await imageOf(t, { version })),
          { compat },
          'compat must tell the version of the header',
        );
    },
  },
  {
    id: 'image-info/lazy-refcounts',
    title:
      'lazy-refcounts tells the feature bit of the header, however it is opened, and is absent in version 2',
    requirements: ['ImageInfoSpecificQCow2/lazy-refcounts'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const lazy = Number(COMPATIBLE.lazyRefcounts);
      // The second bit is of a feature that nobody knows.
      for (const compatible of [0, lazy, 2, lazy | 2])
        for (const options of [{}, { 'lazy-refcounts': false }, { 'lazy-refcounts': true }])
          t.contains(
            specific(t, await imageOf(t, { compatible }, options)),
            { 'lazy-refcounts': (compatible & lazy) !== 0 },
            'lazy-refcounts must be as the header has it',
          );
      const old = specific(t, await imageOf(t, { version: 2 }));
      t.equal(old['lazy-refcounts'] ?? null, null, 'an image of version 2 must have no lazy-refcounts');
    },
  },
  {
    id: 'image-info/corrupt',
    title: 'corrupt tells whether the image was marked as broken, and is absent in version 2',
    requirements: ['ImageInfoSpecificQCow2/corrupt'],
    needs: chainNodes,
    async run(t: CaseContext) {
      for (const incompatible of [0, Number(INCOMPATIBLE.corrupt)])
        t.contains(
          specific(t, await imageOf(t, { incompatible }, { 'read-only': true })),
          { corrupt: incompatible !== 0 },
          'corrupt must be as the header has it',
        );
      const old = specific(t, await imageOf(t, { version: 2 }));
      t.equal(old.corrupt ?? null, null, 'an image of version 2 must have no corrupt');
    },
  },
  {
    id: 'image-info/refcount-bits',
    title: 'refcount-bits is the width of the reference counts in the header',
    requirements: ['ImageInfoSpecificQCow2/refcount-bits'],
    needs: chainNodes,
    async run(t: CaseContext) {
      for (const bits of [1, 2, 4, 8, 16, 32, 64])
        t.contains(
          specific(t, await imageOf(t, { refcountBits: bits })),
          { 'refcount-bits': bits },
          'refcount-bits must be as the header has it',
        );
    },
  },
  {
    id: 'image-info/dirty',
    title: 'dirty-flag tells whether the image was left open, and is cleared by an open that may write',
    requirements: ['ImageInfo/dirty-flag'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const incompatible = Number(INCOMPATIBLE.dirty);
      const left = await imageOf(t, { incompatible }, { 'read-only': true });
      t.equal(left['dirty-flag'] ?? null, true, 'dirty-flag must be true of an image that was not closed');
      for (const shape of [{ incompatible }, {}])
        t.equal(
          (await imageOf(t, shape))['dirty-flag'] ?? null,
          false,
          'dirty-flag must be false of an image that was closed or repaired',
        );
    },
  },
  {
    id: 'image-info/encrypted',
    title: 'An image that is not encrypted tells of no encryption',
    requirements: ['ImageInfo/encrypted', 'ImageInfoSpecificQCow2/encrypt'],
    needs: chainNodes,
    async run(t: CaseContext) {
      for (const version of [2, 3] as const) {
        const image = await imageOf(t, { version });
        t.equal(image.encrypted ?? false, false, 'encrypted must not be true of a plain image');
        t.equal(specific(t, image).encrypt ?? null, null, 'a plain image must have no encrypt');
      }
    },
  },
  {
    id: 'image-info/actual-size',
    title: 'actual-size is the space that the file takes on disk',
    requirements: ['ImageInfo/actual-size', 'ImageInfo/virtual-size'],
    needs: fileNodes,
    async run(t: CaseContext) {
      const sparse = await addRaw(t, 256 * KiB);
      const full = await addRaw(t, Buffer.alloc(256 * KiB, 0x5a));
      for (const { name, file } of [sparse, full])
        t.contains(
          await imageInfo(t, name),
          { 'virtual-size': 256 * KiB, 'actual-size': (await sizesOf(t, file.local)).space },
          'the image must tell its size, and the space that the file takes',
        );
    },
  },
  {
    id: 'image-info/actual-size-of-format',
    title:
      'actual-size of an image in a format is the space that its own file takes, not that of the one below',
    requirements: ['ImageInfo/actual-size'],
    needs: chainNodes,
    async run(t: CaseContext) {
      for (const { node, file } of await addChain(t, 2))
        t.contains(
          await imageInfo(t, node),
          { 'actual-size': (await sizesOf(t, file.local)).space },
          'the image must tell the space that its file takes',
        );
    },
  },
  {
    id: 'image-info/backing-names',
    title:
      'The name of the backing file is as the header has it, its path is full, its format is that of the header',
    requirements: [
      'ImageInfo/backing-filename',
      'ImageInfo/full-backing-filename',
      'ImageInfo/backing-filename-format',
    ],
    needs: chainNodes,
    async run(t: CaseContext) {
      const base = await makeFile(t, CHAIN_SIZE);
      const relative = base.path.slice(base.path.lastIndexOf('/') + 1);
      for (const name of [base.path, relative]) {
        const image = await imageOf(t, { backing: { name, format: 'raw' } });
        t.contains(
          image,
          { 'full-backing-filename': base.path, 'backing-filename-format': 'raw' },
          'the image must tell the full path and the format of its backing file',
        );
        // 2.11 tells the full path of a relative name, once the backing file is open.
        t.check(
          image['backing-filename'] === name || image['backing-filename'] === base.path,
          'the image must tell the name of its backing file',
          `it is ${shown(image['backing-filename'])}`,
        );
      }
      const none = await imageOf(t, {});
      for (const member of ['backing-filename', 'full-backing-filename', 'backing-filename-format'])
        t.equal(none[member] ?? null, null, `an image without a backing file must have no ${member}`);
    },
  },
  {
    id: 'image-info/backing-format-of-header',
    title:
      'Of a backing file that nobody opened the format is what the header says, and none where it says none',
    requirements: ['ImageInfo/backing-filename-format'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const { path: name } = newFile(t);
      for (const format of ['raw', 'qcow2', undefined]) {
        const backing = format === undefined ? { name } : { name, format };
        const image = await imageOf(t, { backing }, { backing: null });
        t.equal(
          image['backing-filename-format'] ?? null,
          format ?? null,
          'the format of the backing file must be as the header has it',
        );
      }
    },
  },
  {
    id: 'image-info/format-specific-of-overlay',
    title: 'An image with a backing file tells what is specific to its format, as does that below it',
    requirements: ['ImageInfo/format-specific', 'ImageInfo/backing-image'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const base = await makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, version: 2 }));
      const image = await imageOf(t, { backing: { name: base.path, format: 'qcow2' } });
      t.contains(specific(t, image), { compat: '1.1' }, 'the overlay must tell its own version');
      const below = image['backing-image'];
      t.check(isJsonObject(below), 'the image below must be described', `it is ${shown(below)}`);
      t.contains(specific(t, below), { compat: '0.10' }, 'the image below must tell its own version');
    },
  },
  {
    id: 'image-info/relative-backing-name',
    title:
      'A relative name that nobody opened is told as it is written, and in full as a path beside the image',
    requirements: ['ImageInfo/backing-filename', 'ImageInfo/full-backing-filename'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const base = newFile(t);
      const name = base.path.slice(base.path.lastIndexOf('/') + 1);
      t.contains(
        await imageOf(t, { backing: { name, format: 'raw' } }, { backing: null }),
        { 'backing-filename': name, 'full-backing-filename': base.path },
        'the image must tell the name of its backing file, and where that leads',
      );
    },
  },
  {
    id: 'image-info/backing-image',
    title: 'backing-image describes the image below, and that the one below itself',
    requirements: ['ImageInfo/backing-image'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const sizes = [2, 4, 3].map((clusters) => clusters * CLUSTER);
      const files = await makeLayers(
        t,
        sizes.map((size) => ({ size, clusterSize: CLUSTER })),
      );
      const layers = await addLayers(t, files);
      let below: unknown = await imageInfo(t, layers[2]!.node);
      for (const { node } of layers.toReversed()) {
        t.check(
          isJsonObject(below as JsonObject),
          'each image of a chain must be described',
          `it is not: ${node}`,
        );
        t.equal(
          below as JsonObject,
          await imageInfo(t, node),
          'backing-image must be what the node below tells itself',
        );
        below = (below as JsonObject)['backing-image'] ?? null;
      }
      t.equal(below as null, null, 'the lowest image must have no backing-image');
    },
  },
  {
    id: 'image-info/format-specific-absent',
    title: 'Formats that have nothing of their own to tell have no format-specific data',
    requirements: ['ImageInfo/format-specific'],
    needs: chainNodes,
    async run(t: CaseContext) {
      specific(t, await imageOf(t, {}));
      const { name } = await addRaw(t, 64 * KiB);
      t.equal((await imageInfo(t, name))['format-specific'] ?? null, null, 'a raw image must have none');
    },
  },
];
