/** Drives whose node is told by a file name and by options beside it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { hmpIo, typed } from '../helpers/human-monitor-io.ts';
import { KiB, MiB, makeDirectory, makeFile, needs, queryList } from '../helpers/shared-setup.ts';

const naming = needs(hmpIo, {
  commands: ['query-named-block-nodes'],
  capabilities: ['drives', 'sharedFiles'],
});

/** Of nodes of 8 KiB. */
const JSON_NAMES = [
  "file=json:{'driver':'null-co',,'size':4096},size=8192",
  "file=json:{'driver':'raw',,'file':{'driver':'null-co',,'size':4096}},file.size=8192",
  "file=json:{'driver':'raw',,'file':{'driver':'null-co'}},file.size=8192",
  "file=json:{'driver':'raw',,'file.driver':'null-co',,'file.size':8192},file.latency-ns=1",
];

/** What nodes of this driver are while there is a drive with these options. */
async function nodesOf(t: CaseContext, driver: string, options: string): Promise<JsonObject[]> {
  const drive = t.name('drive');
  await typed(t, `drive_add 0 if=none,id=${drive},readonly=on,${options}`);
  const nodes = (await queryList(t, 'query-named-block-nodes')).filter(({ drv }) => drv === driver);
  await typed(t, `drive_del ${drive}`);
  return nodes;
}

/** A new directory for disks over it. */
async function disk(t: CaseContext): Promise<string> {
  const { path, local } = await makeDirectory(t);
  await writeFile(join(local, 'file'), 'bytes');
  return path;
}

export const namesBesideOptions: readonly CaseDefinition[] = [
  {
    id: 'vvfat/names-win',
    title:
      'What the name of a disk over a directory says counts, whatever options beside it say; others are taken',
    requirements: ['vvfat/names'],
    needs: needs(naming, { drivers: ['vvfat', 'raw'] }),
    fresh: true,
    async run(t: CaseContext) {
      const dir = await disk(t);
      for (const [options, size] of [
        [`file=fat:12:${dir},format=raw,file.fat-type=16`, 31.5 * MiB],
        [`file=fat:${dir},format=raw,file.driver=vvfat,file.fat-type=12`, 504 * MiB],
        [`file=fat:${dir},format=raw,file.floppy=on`, 504 * MiB],
        [`file=fat:${dir},format=raw,file.dir=${dir}-none`, 504 * MiB],
        [`file=fat:${dir},format=raw,file.rw=on`, 504 * MiB],
        [`driver=vvfat,file=fat:floppy:${dir},floppy=off,label=LAB`, 2880 * KiB],
        [`driver=vvfat,file=fat:floppy:12:${dir},fat-type=13`, 1440 * KiB],
      ] as const)
        t.contains(
          await nodesOf(t, 'vvfat', options),
          [{ image: { 'virtual-size': size } }],
          `a disk of ${options.replaceAll(dir, 'DIR')} must be what its name says`,
        );
      t.equal(
        await nodesOf(t, 'vvfat', `file=fat:${dir}-none,format=raw,file.dir=${dir}`),
        [],
        'no option may stand in for the directory that a name tells',
      );
    },
  },
  {
    id: 'drive-options/names-of-children',
    title:
      'A file name is that of the child where the driver says so, and counts beside options of the child',
    requirements: ['blkdebug/image', 'vvfat/names'],
    needs: needs(naming, { drivers: ['blkdebug', 'blkverify', 'file', 'raw', 'vvfat'] }),
    fresh: true,
    async run(t: CaseContext) {
      const { path } = await makeFile(t, new Uint8Array(64 * KiB));
      const dir = await disk(t);
      const aligned = await nodesOf(t, 'blkdebug', `file=blkdebug::${path},format=raw,file.align=4096`);
      t.contains(aligned, [{ image: { 'virtual-size': 64 * KiB } }], 'the name must be that of the image');
      t.check(
        String(aligned[0]?.file).includes('"align"'),
        'the option beside the name must be taken',
        'it is not',
      );
      for (const options of [
        `driver=blkdebug,file=fat:12:${dir},image.fat-type=16`,
        `file=blkdebug::fat:12:${dir},format=raw,file.image.fat-type=16`,
      ])
        t.contains(
          await nodesOf(t, 'vvfat', options),
          [{ image: { 'virtual-size': 31.5 * MiB } }],
          'the image must be what the name says',
        );
      t.equal(
        (await nodesOf(t, 'file', `driver=blkverify,file=blkverify:${path}:${path}`)).length,
        2,
        'both images that a name tells must be opened',
      );
      for (const options of [
        `file=blkdebug::${path},format=raw,file.image.driver=null-co`,
        `file=blkdebug::${path},format=raw,file.image=other`,
      ])
        t.equal(
          await nodesOf(t, 'blkdebug', options),
          [],
          'a child must not be another node than the one that a name tells',
        );
    },
  },
  {
    id: 'drive-options/json-names',
    title:
      'Options beside a json: name are added to those in it, at any depth, and count where both say something',
    requirements: ['query-named-block-nodes/json-name'],
    needs: needs(naming, { drivers: ['null-co', 'raw'] }),
    fresh: true,
    async run(t: CaseContext) {
      for (const options of JSON_NAMES)
        t.contains(
          await nodesOf(t, 'null-co', options),
          [{ image: { 'virtual-size': 8 * KiB } }],
          `a node of ${options} must be what both say together`,
        );
    },
  },
];
