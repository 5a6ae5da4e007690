/** What qcow2 images of every shape hold: what the endpoint reads of ours, and leaves in them when it writes. */
import { deflateRawSync } from 'node:zlib';
import { parseQcow2Header } from '../../qcow2/qcow2-header.ts';
import { refcountOf } from '../../qcow2/qcow2-refcounts.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, CHAIN_SIZE, CLUSTER, chainNodes, readImage, release } from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { nodeBytes, nodeIo, readNode, writeNode } from '../helpers/node-io.ts';
import { buildQcow2, isCompressed, parseQcow2, placeOf } from '../helpers/qcow2-image.ts';
import { addRawOver, KiB, makeFile, needs, nodeInfo } from '../helpers/shared-setup.ts';

const TAKE = 'blockdev-snapshot-internal-sync';
const io = needs(chainNodes, nodeIo);
const bytesIo = needs(chainNodes, nodeBytes);

export const formatsOnDisk: readonly CaseDefinition[] = [
  {
    id: 'qcow2/compressed-read',
    title:
      'A cluster that is stored compressed is read as what was compressed, and written over as plain data',
    requirements: ['qcow2/compressed'],
    needs: bytesIo,
    async run(t: CaseContext) {
      const content = Buffer.from(Array.from({ length: CLUSTER }, (_, index) => (index >> 5) & 255));
      const stream = deflateRawSync(content, { windowBits: 12 });
      const compressed = new Map([[2, stream]]);
      const file = await makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, compressed }));
      const node = await addQcow2(t, file);
      t.check(
        (await readNode(t, node, 2 * CLUSTER, CLUSTER)).equals(content),
        'a compressed cluster must read as what was compressed',
        'it reads as something else',
      );
      await writeNode(t, node, 2 * CLUSTER, 512, 0x77);
      await release(t, [node]);
      t.check(
        !isCompressed(await bytesOf(t, file.local), 2),
        'a written cluster must be plain',
        'it is compressed',
      );
      const expected = Buffer.concat([Buffer.alloc(512, 0x77), content.subarray(512)]);
      t.check(
        expected.equals((await readImage(t, file)).cluster(2) as Buffer),
        'the rest of the cluster must stay as it was',
        'it changed',
      );
    },
  },
  {
    id: 'qcow2/shapes-written',
    title:
      'Images of both versions and of every cluster size hold what is written to them, and are read again',
    requirements: ['qcow2/shapes'],
    needs: bytesIo,
    async run(t: CaseContext) {
      for (const [version, clusterSize] of [
        [2, 64 * KiB],
        [3, 512],
        [3, 2048],
        [3, 2048 * KiB],
      ] as const) {
        const size = Math.min(clusterSize * 4, 4096 * KiB);
        const file = await makeFile(t, buildQcow2({ size, clusterSize, version }));
        const node = await addQcow2(t, file);
        t.contains(
          await nodeInfo(t, node),
          { image: { 'cluster-size': clusterSize } },
          'the cluster size must be told',
        );
        await writeNode(t, node, clusterSize, 512, 0x44);
        await release(t, [node]);
        const bytes = await bytesOf(t, file.local);
        t.equal(parseQcow2Header(bytes).version, version, 'the image must keep its version');
        const cluster = parseQcow2(bytes).cluster(1);
        t.check(
          Buffer.isBuffer(cluster) && cluster.equals(Buffer.concat([Buffer.alloc(512, 0x44)], clusterSize)),
          'the image must hold what was written, and zeroes in the rest of the cluster',
          `an image of version ${version} with clusters of ${clusterSize} does not`,
        );
        const again = await addQcow2(t, file);
        t.check(
          (await readNode(t, again, clusterSize, 512)).equals(Buffer.alloc(512, 0x44)),
          'the image must be read again as it was written',
          'it is not',
        );
      }
    },
  },
  {
    id: 'qcow2/refcount-widths',
    title: 'A cluster that is written is counted once in counts of every width, and a snapshot makes it two',
    requirements: ['qcow2/refcount-widths'],
    needs: needs(io, { oneOf: nodeIo.oneOf!, commands: [TAKE] }),
    async run(t: CaseContext) {
      for (const refcountBits of [1, 2, 4, 8, 16, 32, 64]) {
        const file = await makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, refcountBits }));
        const node = await addQcow2(t, file);
        await writeNode(t, node, 0, CLUSTER, 0x44);
        const snapshot = { device: node, name: 'one' };
        if (refcountBits === 1) await t.refused(TAKE, snapshot);
        else await t.execute(TAKE, snapshot);
        await release(t, [node]);
        const bytes = await bytesOf(t, file.local);
        t.equal(
          Number(refcountOf(bytes, placeOf(bytes, 0)! / CLUSTER)),
          refcountBits === 1 ? 1 : 2,
          'a cluster must be counted once for the disk, and once for its snapshot',
        );
      }
    },
  },
  {
    id: 'qcow2/backing-inline',
    title: 'A backing file that is defined within the image is a node of its own, and goes with it',
    requirements: ['BlockdevRefOrNull/definition', 'blockdev-add/inline-child'],
    needs: bytesIo,
    async run(t: CaseContext) {
      const base = await makeFile(t, Buffer.alloc(CHAIN_SIZE, 0x66));
      const file = await makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER }));
      const backing = t.name('base');
      const node = await addQcow2(t, file, {
        backing: { driver: 'raw', 'node-name': backing, file: { driver: 'file', filename: base.path } },
      });
      t.contains(await nodeInfo(t, node), { backing_file_depth: 1 }, 'the image must have the backing file');
      t.contains(await nodeInfo(t, backing), { drv: 'raw' }, 'the definition must be a node of its name');
      t.check(
        (await readNode(t, node, 0, CLUSTER)).equals(Buffer.alloc(CLUSTER, 0x66)),
        'the image must show what its backing file holds',
        'it shows something else',
      );
      await release(t, [node]);
      await addRawOver(t, base, { 'node-name': backing });
    },
  },
];
