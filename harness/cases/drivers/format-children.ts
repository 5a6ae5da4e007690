/** What images of other formats make of the files that they lie over: their flushes, and the backing files that they name. */
import { isJsonObject, type JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { be32, be64, le32, type Patch, patched } from '../helpers/made-formats/bytes.ts';
import { buildParallels, PARALLELS_NEW } from '../helpers/made-formats/made-parallels.ts';
import { buildQed, QED_DATA } from '../helpers/made-formats/made-qed.ts';
import { buildVdi } from '../helpers/made-formats/made-vdi.ts';
import { buildVhdx, VHDX_STATE } from '../helpers/made-formats/made-vhdx.ts';
import { buildVmdk, VMDK_CID, vmdkDescriptor, vmdkShape } from '../helpers/made-formats/made-vmdk.ts';
import { buildVpc, vpcShape } from '../helpers/made-formats/made-vpc.ts';
import { buildQcow } from '../helpers/made-qcow.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { type CaseFile, fileNodes, KiB, MiB, makeFile, needs, nodeInfo } from '../helpers/shared-setup.ts';
import { checkReads, filledFile } from './driver-guest.ts';

const SIZE = 64 * KiB;

/** By driver, an image whose first cluster has a place. */
const SOUND: Readonly<Record<string, () => Buffer>> = {
  parallels: () =>
    buildParallels({
      magic: PARALLELS_NEW,
      size: SIZE,
      sectors: 8,
      entries: [1, ...Array(15).fill(0)],
      inFile: 1,
    }),
  qcow: () => buildQcow(0, Buffer.alloc(4 * KiB, 0x11), 0),
  qed: () => buildQed(SIZE, [QED_DATA]),
  vdi: () => buildVdi(MiB, [0], 1),
  vhdx: () => buildVhdx({ size: MiB, blockSize: MiB, entries: [[VHDX_STATE.present, 4]], length: 5 * MiB }),
  vpc: () => buildVpc(vpcShape({ blocks: new Map([[0, Buffer.alloc(4 * KiB, 0x11)]]) })),
};

function flushCase(driver: string): CaseDefinition {
  return {
    id: `formats/${driver}-flush`,
    title: `A flush of a ${driver} node reaches the file below, and fails with it`,
    requirements: ['formats/content', 'blkdebug/inject-error'],
    needs: needs(fileNodes, { ...nodeBytes, drivers: [driver, 'blkdebug'] }),
    async run(t: CaseContext) {
      const { path } = await makeFile(t, SOUND[driver]!());
      const node = t.name(driver);
      await t.execute('blockdev-add', {
        driver,
        'node-name': node,
        file: {
          driver: 'blkdebug',
          'inject-error': [{ event: 'flush_to_disk', errno: 5, once: false }],
          image: { driver: 'file', filename: path },
        },
      });
      const io = await openIo(t, node);
      await io.perform({ kind: 'write', offset: 0, length: 4 * KiB, byte: 0x22 });
      t.equal(await io.attempt({ kind: 'flush' }), 'EIO', 'a flush must fail with the error of the file');
      await io.close();
    },
  };
}

/** VMDK tells its file of no flush; a format in between does. */
const vmdkFlush: CaseDefinition = {
  id: 'formats/vmdk-flush',
  title: 'A flush of a vmdk node reaches the node below, and fails with it',
  requirements: ['formats/content', 'blkdebug/inject-error'],
  needs: needs(fileNodes, { ...nodeBytes, drivers: ['vmdk', 'qcow2', 'blkdebug'] }),
  async run(t: CaseContext) {
    const image = buildVmdk(vmdkShape({ grains: new Map([[0, Buffer.alloc(4 * KiB, 0x11)]]) }));
    const { path } = await makeFile(t, buildQcow2({ size: image.length, clusterSize: 4 * KiB }));
    const [below, node] = [t.name('qcow2'), t.name('vmdk')];
    await t.execute('blockdev-add', {
      driver: 'qcow2',
      'node-name': below,
      file: {
        driver: 'blkdebug',
        'inject-error': [{ event: 'flush_to_disk', errno: 5, once: false }],
        image: { driver: 'file', filename: path },
      },
    });
    const inside = await openIo(t, below);
    await inside.write(0, image);
    await inside.close();
    await t.execute('blockdev-add', { driver: 'vmdk', 'node-name': node, file: below });
    const io = await openIo(t, node);
    // a first write may flush by itself
    await io.attempt({ kind: 'write', offset: 0, length: 4 * KiB, byte: 0x22 });
    t.equal(await io.attempt({ kind: 'flush' }), 'EIO', 'a flush must fail with the error of what is below');
    await io.close();
    await t.execute('blockdev-del', { 'node-name': node });
  },
};

/** By driver, an image without data that names its backing file. */
const OVER: Readonly<Record<string, (name: string) => Buffer>> = {
  qcow: (name) =>
    patched(buildQcow(0, Buffer.alloc(0), 0), [
      [4 * KiB, be64(0)],
      ...named(be64(8 * KiB), be32(name.length), 8, 8 * KiB, name),
    ]),
  qed: (name) =>
    buildQed(SIZE, [], {
      features: 1,
      patches: named(le32(100), le32(name.length), 56, 100, name),
    }),
};

function named(offset: Buffer, length: Buffer, at: number, place: number, name: string): Patch[] {
  return [
    [at, offset],
    [at + offset.length, length],
    // what follows the name is none of it
    [place, `${name}xyz`],
  ];
}

function nameCase(driver: string): CaseDefinition {
  return {
    id: `formats/${driver}-backing-name`,
    title: `A ${driver} image finds the backing file that it names, shows it, and tells its name`,
    requirements: ['formats/content'],
    needs: needs(fileNodes, { ...nodeBytes, drivers: [driver] }),
    async run(t: CaseContext) {
      const base: CaseFile = await filledFile(t, SIZE, 0x33);
      const { path } = await makeFile(t, OVER[driver]!(base.path));
      const node = t.name(driver);
      await t.execute('blockdev-add', {
        driver,
        'node-name': node,
        file: { driver: 'file', filename: path },
      });
      const { image, backing_file_depth: depth } = await nodeInfo(t, node);
      t.equal(depth ?? null, 1, 'the image must have its backing file');
      const told = isJsonObject(image) ? image['backing-filename'] : null;
      t.equal(told ?? null, base.path, 'the image must tell the name of its backing file');
      const io = await openIo(t, node);
      await checkReads(t, io, [0, SIZE], 0x33, 'of what the backing file holds');
      await io.close();
    },
  };
}

const vmdkName: CaseDefinition = {
  id: 'formats/vmdk-backing-name',
  title: 'A VMDK image finds the parent that its descriptor names, and shows it',
  requirements: ['formats/content'],
  needs: needs(fileNodes, { ...nodeBytes, drivers: ['vmdk'] }),
  async run(t: CaseContext) {
    const parent = await makeFile(
      t,
      buildVmdk(vmdkShape({ grains: new Map([[1, Buffer.alloc(4 * KiB, 0x33)]]) })),
    );
    const descriptor = `${vmdkDescriptor(640, { parentCid: VMDK_CID })}parentFileNameHint="${parent.path}"\n`;
    const { path } = await makeFile(t, buildVmdk(vmdkShape({ descriptor })));
    const node = t.name('vmdk');
    await t.execute('blockdev-add', {
      driver: 'vmdk',
      'node-name': node,
      file: { driver: 'file', filename: path },
    });
    const told: JsonObject = await nodeInfo(t, node);
    t.equal(told.backing_file_depth ?? null, 1, 'the image must have its parent');
    const io = await openIo(t, node);
    await checkReads(t, io, [4 * KiB, 4 * KiB], 0x33, 'of what the parent holds');
    await io.close();
  },
};

/** The cases of these files. */
export const formatChildren: readonly CaseDefinition[] = [
  ...Object.keys(SOUND).map(flushCase),
  vmdkFlush,
  ...Object.keys(OVER).map(nameCase),
  vmdkName,
];
