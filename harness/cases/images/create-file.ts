/** Creation of plain files: how much space they take, and what has no place in them. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { checkOpens, createImage, creationRefused, fileCreation } from '../helpers/created-images.ts';
import { bytesOf, isFile, sizesOf } from '../helpers/image-files.ts';
import { KiB, newFile } from '../helpers/shared-setup.ts';

const SIZE = 256 * KiB;

export const createFile: readonly CaseDefinition[] = [
  {
    id: 'image-creation/file-sparse',
    title: 'Without preallocation, and with off, a new file takes no space',
    requirements: ['x-blockdev-create/file-preallocation-default', 'PreallocMode/off'],
    needs: fileCreation,
    async run(t: CaseContext) {
      for (const options of [{}, { preallocation: 'off' }]) {
        const { path, local } = newFile(t);
        const image = { driver: 'file', filename: path, size: SIZE };
        await createImage(t, { ...image, ...options });
        const { size, space } = await sizesOf(t, local);
        t.equal(size, SIZE, 'the file must have the size that was given');
        t.check(space < SIZE, 'a file without preallocation must take no space', `it takes ${space} bytes`);
        await checkOpens(t, image);
      }
    },
  },
  {
    id: 'image-creation/file-preallocated',
    title: 'With preallocation falloc, and full, a new file takes its whole size and reads as zeroes',
    requirements: ['PreallocMode/falloc', 'PreallocMode/full'],
    needs: fileCreation,
    async run(t: CaseContext) {
      for (const preallocation of ['falloc', 'full']) {
        const { path, local } = newFile(t);
        const image = { driver: 'file', filename: path, size: SIZE };
        await createImage(t, { ...image, preallocation });
        const { size, space } = await sizesOf(t, local);
        t.equal(size, SIZE, 'the file must have the size that was given');
        t.check(
          space >= SIZE,
          `a file made with preallocation ${preallocation} must take all its space`,
          `it takes ${space} of ${SIZE} bytes`,
        );
        t.check(
          (await bytesOf(t, local)).equals(Buffer.alloc(SIZE)),
          'a preallocated file must read as zeroes',
          'it does not',
        );
        await checkOpens(t, image);
      }
    },
  },
  {
    id: 'image-creation/file-preallocation-metadata',
    title: 'A plain file has no metadata to preallocate: that mode is refused, and off is taken',
    requirements: ['x-blockdev-create/file-preallocation-metadata'],
    needs: fileCreation,
    async run(t: CaseContext) {
      const { path, local } = newFile(t);
      const file = { driver: 'file', filename: path, size: SIZE };
      await creationRefused(t, { ...file, preallocation: 'metadata' });
      await createImage(t, { ...file, preallocation: 'off' });
      t.equal((await sizesOf(t, local)).size, SIZE, 'the file must have the size that was given');
      await checkOpens(t, file);
    },
  },
  {
    id: 'image-creation/file-nocow',
    title: 'nocow changes neither size nor bytes of a new file, whichever file system it is on',
    requirements: ['x-blockdev-create/nocow'],
    needs: fileCreation,
    async run(t: CaseContext) {
      for (const nocow of [true, false]) {
        const { path, local } = newFile(t);
        const image = { driver: 'file', filename: path, size: 4096 };
        await createImage(t, { ...image, nocow });
        t.check(
          (await bytesOf(t, local)).equals(Buffer.alloc(4096)),
          'the file must be 4096 bytes of zeroes',
          'it is not',
        );
        await checkOpens(t, image);
      }
    },
  },
  {
    id: 'image-creation/file-too-large',
    title: 'A size beyond what a file can have is refused, and a file of an ordinary size is made there',
    requirements: ['x-blockdev-create/file-size-too-large'],
    needs: fileCreation,
    async run(t: CaseContext) {
      const { path, local } = newFile(t);
      const file = { driver: 'file', filename: path };
      await creationRefused(t, { ...file, size: 2n ** 62n });
      await createImage(t, { ...file, size: 512 });
      t.equal((await sizesOf(t, local)).size, 512, 'the file must have the size that was given');
      await checkOpens(t, { ...file, size: 512 });
    },
  },
  {
    id: 'image-creation/file-unknown-preallocation',
    title: 'An unknown mode of preallocation is refused before anything is made',
    requirements: ['schema/enum-value', 'schema/refused-before-effects'],
    needs: fileCreation,
    async run(t: CaseContext) {
      const { path, local } = newFile(t);
      const file = { driver: 'file', filename: path, size: 512 };
      await creationRefused(t, { ...file, preallocation: 'some' });
      t.check(!(await isFile(t, local)), 'a refused creation must make no file', 'there is one');
      await createImage(t, { ...file, preallocation: 'off' });
      t.check(await isFile(t, local), 'the same without the fault must make the file', 'there is none');
      await checkOpens(t, file);
    },
  },
];
