/** Image creation: what is in the file afterwards, and what is refused. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, CHAIN_SIZE, CLUSTER, makeEmpty, readImage } from '../helpers/backing-chains.ts';
import {
  checkOpens,
  createImage,
  creationRefused,
  fileCreation,
  qcow2Creation,
} from '../helpers/created-images.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { KiB, MiB, makeDirectory, makeFile, needs, newFile, nodeInfo } from '../helpers/shared-setup.ts';
import { offersDriver } from '../node-kinds.ts';

/** Those of `BlockdevCreateNotSupported`. */
const UNSUPPORTED =
  'blkdebug blkverify bochs cloop dmg ftp ftps host_cdrom host_device http https iscsi luks nbd null-aio null-co nvme \
parallels qcow qed quorum raw replication throttle vdi vhdx vmdk vpc vvfat vxhs'.split(' ');

export const imageCreation: readonly CaseDefinition[] = [
  {
    id: 'image-creation/file',
    title: 'A file of zeroes of the given size, also where something was, be it less, as much or more',
    requirements: ['x-blockdev-create/makes-file'],
    needs: fileCreation,
    async run(t: CaseContext) {
      for (const preallocation of ['off', 'full'])
        for (const size of [4096, 0, 100 * KiB])
          for (const old of [null, 0, 512, 4096, 100 * KiB, 128 * KiB]) {
            const { path, local } = old === null ? newFile(t) : await makeFile(t, Buffer.alloc(old, 0x5a));
            const image = { driver: 'file', filename: path, size, preallocation };
            await createImage(t, image);
            t.check(
              (await bytesOf(t, local)).equals(Buffer.alloc(size)),
              `the file must be ${size} bytes of zeroes`,
              'it is not',
            );
            await checkOpens(t, image);
          }
    },
  },
  {
    id: 'image-creation/qcow2',
    title: 'An empty image with the properties that were given, in a file that is there or a node',
    requirements: ['x-blockdev-create/makes-qcow2'],
    needs: qcow2Creation,
    async run(t: CaseContext) {
      const base = await makeEmpty(t);
      const file = await makeFile(t, Buffer.alloc(CLUSTER, 0x5a));
      const inline = { driver: 'file', filename: file.path };
      const size = 2 * CHAIN_SIZE;
      await createImage(t, {
        driver: 'qcow2',
        file: inline,
        size,
        'cluster-size': CLUSTER,
        'backing-file': base.path,
        'backing-fmt': 'qcow2',
      });
      const { cluster: _, ...image } = await readImage(t, file);
      t.equal(
        image,
        {
          size,
          clusterSize: CLUSTER,
          backing: base.path,
          backingFormat: 'qcow2',
          dirty: false,
          corrupt: false,
        },
        'the header must hold what was given',
      );
      const overlay = await addQcow2(t, file);
      t.contains(
        await nodeInfo(t, overlay),
        { backing_file_depth: 1 },
        'the new image must open with its backing file',
      );
      await t.execute('blockdev-del', { 'node-name': overlay });

      const node = t.name('file');
      await t.execute('blockdev-add', { ...inline, 'node-name': node });
      await createImage(t, { driver: 'qcow2', file: node, size });
      const renewed = await readImage(t, file);
      t.equal(renewed.backing, null, 'the image that was made without backing-file must name none');
      t.equal(renewed.clusterSize, 64 * KiB, 'the clusters must have the default size');
    },
  },
  {
    id: 'image-creation/refused',
    title:
      'Sizes and options that the format cannot have, places where no file can be, and drivers that make none',
    requirements: ['x-blockdev-create/refuses'],
    needs: qcow2Creation,
    async run(t: CaseContext) {
      const file = await makeFile(t, Buffer.alloc(CLUSTER, 0x5a));
      const image = { driver: 'qcow2', file: { driver: 'file', filename: file.path }, size: CHAIN_SIZE };
      for (const wrong of [
        { size: 1000 },
        { 'cluster-size': 1000 },
        { 'cluster-size': 256 },
        { 'refcount-bits': 3 },
        { 'backing-fmt': 'qcow2' },
        { file: t.name('nothing') },
      ])
        await creationRefused(t, { ...image, ...wrong });
      const { path } = await makeDirectory(t);
      await creationRefused(t, { driver: 'file', filename: path, size: 4096 });
      await creationRefused(t, { driver: 'file', filename: `${path}/none/file`, size: 4096 });
      if (!offersDriver(t.schema, 'null-co')) return;
      const node = t.name('null');
      await t.execute('blockdev-add', { driver: 'null-co', 'node-name': node, size: MiB });
      await creationRefused(t, { ...image, file: node });
      await creationRefused(t, { driver: 'null-co' });
    },
  },
  {
    id: 'image-creation/unsupported-drivers',
    title: 'Each driver that makes no images refuses to make one, and one that does makes it',
    requirements: ['x-blockdev-create/unsupported'],
    needs: needs(fileCreation, { commands: ['x-blockdev-create'] }),
    async run(t: CaseContext) {
      for (const driver of UNSUPPORTED) {
        if (!offersDriver(t.endpointSchema, driver)) continue;
        await creationRefused(t, { driver });
      }
      const image = { driver: 'file', filename: newFile(t).path, size: 512 };
      await createImage(t, image);
      await checkOpens(t, image);
    },
  },
];
