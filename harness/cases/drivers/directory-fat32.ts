/** vvfat: disks of the types that directories are seldom shown as. */
import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { FatVolume } from '../helpers/fat-volume.ts';
import { openIo } from '../helpers/node-io.ts';
import { MiB } from '../helpers/shared-setup.ts';
import { checkWhole, DIRECTORIES, directoryOf, FILES, look, seen } from './directory-disks.ts';

const SECTOR = 512;

export const directoryFat32: readonly CaseDefinition[] = [
  {
    id: 'vvfat/fat32-far-clusters',
    title: 'Files of a FAT32 disk have their bytes in clusters whose numbers take more than 16 bits, too',
    requirements: ['vvfat/dir', 'vvfat/fat-type'],
    needs: seen,
    async run(t: CaseContext) {
      const names = ['one', 'two', 'three'];
      const { open, local } = await directoryOf(
        t,
        Object.fromEntries(names.map((name) => [name, Buffer.from(name)])),
      );
      const size = 150 * MiB;
      for (const name of names) await truncate(join(local, name), size);
      await look(t, { ...open, 'fat-type': 32 }, async (volume, files, io) => {
        const firsts = names.map((name) => files.get(name)!.clusters[0]!);
        t.check(Math.max(...firsts) > 0xffff, 'one must begin far behind', 'none does');
        for (const [i, name] of names.entries()) {
          const start = await io.read(volume.offsetOf(firsts[i]!), SECTOR);
          t.equal(start.toString('latin1', 0, name.length), name, 'a file must have its bytes');
        }
      });
    },
  },
  {
    id: 'vvfat/fat32',
    title: 'Disks and floppies of FAT32, and floppies of FAT16, are sound volumes with every file of dir',
    requirements: ['vvfat/dir', 'vvfat/fat-type'],
    needs: seen,
    async run(t: CaseContext) {
      const { open } = await directoryOf(t, FILES, DIRECTORIES);
      for (const options of [
        { 'fat-type': 32 },
        { floppy: true, 'fat-type': 32 },
        { floppy: true, 'fat-type': 16 },
      ])
        await look(t, { ...open, ...options }, async (volume, files) => {
          t.equal(
            [volume.isFat32, volume.isFat16],
            [options['fat-type'] === 32, options['fat-type'] === 16],
            'the number of clusters must be one of the type',
          );
          await checkWhole(t, volume, files);
        });
    },
  },
  {
    id: 'vvfat/fat32-free-clusters',
    title: 'FAT32 tells how many clusters are free and where to look for one, and has its boot sector twice',
    requirements: ['vvfat/fat-type'],
    needs: seen,
    async run(t: CaseContext) {
      const { open } = await directoryOf(t, FILES, DIRECTORIES);
      for (const options of [{ 'fat-type': 32 }, { floppy: true, 'fat-type': 32 }]) {
        const node = t.name('fat');
        await t.execute('blockdev-add', { ...open, ...options, 'node-name': node });
        const io = await openIo(t, node, { writable: false });
        const { boot, table, clusters } = await FatVolume.open(t, io);
        const sectors = await io.read(boot, 8 * SECTOR);
        await io.close();
        await t.execute('blockdev-del', { 'node-name': node });
        t.equal(
          [sectors.readUInt16LE(48), sectors.readUInt16LE(50), sectors.readUInt16LE(42)],
          [1, 6, 0],
          'the boot sector must tell where the others are, and version 0',
        );
        t.check(
          sectors.subarray(0, 2 * SECTOR).equals(sectors.subarray(6 * SECTOR)),
          'there must be a copy of both',
          'there is another one',
        );
        const entries = Array.from(
          { length: clusters },
          (_, i) => table.readUInt32LE((i + 2) * 4) & 0x0fffffff,
        );
        const info = sectors.subarray(SECTOR);
        t.equal(
          [0, 484, 508].map((at) => info.readUInt32LE(at)),
          [0x41615252, 0x61417272, 0xaa550000],
          'the sector of free clusters must have its signatures',
        );
        t.equal(
          info.readUInt32LE(488),
          entries.filter((entry) => entry === 0).length,
          'it must tell how many clusters are free',
        );
        t.equal(entries[info.readUInt32LE(492) - 2]!, 0, 'the cluster that it tells must be free');
      }
    },
  },
];
