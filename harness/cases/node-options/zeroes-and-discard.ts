/**
 * detect-zeroes, discard, no-flush and latency by what becomes of requests. A qcow2 image is below: its tables tell what
 * reached it, on any file system.
 */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, CHAIN_SIZE, CLUSTER, chainNodes, readImage, release } from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { attempt, nodeBytes, nodeIo, perform, writeNode } from '../helpers/node-io.ts';
import { buildQcow2, placeOf } from '../helpers/qcow2-image.ts';
import { type CaseFile, makeFile, needs } from '../helpers/shared-setup.ts';

/** An image whose first cluster is 0x11. */
const makeOne = (t: CaseContext): Promise<CaseFile> =>
  makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, clusters: new Map([[0, 0x11]]) }));

/** Whether the first cluster still has its place after a discard through a raw node with these options. */
async function keptByDiscard(t: CaseContext, options: JsonObject): Promise<boolean> {
  const file = await makeOne(t);
  const below = await addQcow2(t, file, { discard: 'unmap' });
  const node = t.name('raw');
  await t.execute('blockdev-add', { driver: 'raw', 'node-name': node, file: below, ...options });
  await perform(t, node, { kind: 'discard', offset: 0, length: CLUSTER });
  await release(t, [below, node]);
  return placeOf(await bytesOf(t, file.local), 0) !== null;
}

/** The first cluster of an image after a write of zeroes, as data, through a node with these options. */
async function afterZeroes(t: CaseContext, index: number, options: JsonObject) {
  const file = await makeOne(t);
  const node = await addQcow2(t, file, options);
  await writeNode(t, node, index * CLUSTER, CLUSTER, 0);
  await release(t, [node]);
  return {
    cluster: (await readImage(t, file)).cluster(index),
    place: placeOf(await bytesOf(t, file.local), index),
  };
}

const io = needs(chainNodes, nodeIo);

export const zeroesAndDiscard: readonly CaseDefinition[] = [
  {
    id: 'node-options/detect-zeroes-off-writes',
    title: 'With detect-zeroes off, and without it, zeroes are written like other data',
    requirements: ['BlockdevDetectZeroesOptions/off'],
    needs: io,
    async run(t: CaseContext) {
      for (const options of [{}, { 'detect-zeroes': 'off' }]) {
        const { cluster } = await afterZeroes(t, 3, options);
        t.check(
          Buffer.isBuffer(cluster) && cluster.every((byte) => byte === 0),
          'a write of zeroes must be stored as data',
          `the cluster is ${cluster === 'zero' ? 'marked as zero' : 'not there'}`,
        );
      }
    },
  },
  {
    id: 'node-options/detect-zeroes-on-marks',
    title: 'With detect-zeroes on a write of zeroes only marks its cluster',
    requirements: ['BlockdevDetectZeroesOptions/on'],
    needs: io,
    async run(t: CaseContext) {
      for (const index of [0, 3]) {
        const { cluster } = await afterZeroes(t, index, { 'detect-zeroes': 'on' });
        t.check(
          cluster === 'zero',
          'a write of zeroes must mark its cluster',
          `cluster ${index} is not marked`,
        );
      }
    },
  },
  {
    id: 'node-options/detect-zeroes-unmap-frees',
    title: 'With detect-zeroes unmap a write of zeroes takes the place of its cluster from it',
    requirements: ['BlockdevDetectZeroesOptions/unmap'],
    needs: io,
    async run(t: CaseContext) {
      const { cluster, place } = await afterZeroes(t, 0, { 'detect-zeroes': 'unmap', discard: 'unmap' });
      t.check(cluster === 'zero', 'a write of zeroes must mark its cluster', 'it is not marked');
      t.equal(place, null, 'the cluster must have lost its place');
      const kept = await afterZeroes(t, 0, { 'detect-zeroes': 'on', discard: 'unmap' });
      t.check(kept.place !== null, 'with detect-zeroes on the cluster must keep its place', 'it lost it');
    },
  },
  {
    id: 'node-options/detect-zeroes-other-data',
    title: 'detect-zeroes leaves alone a write that is not all zeroes',
    requirements: ['BlockdevDetectZeroesOptions/on'],
    needs: io,
    async run(t: CaseContext) {
      const file = await makeOne(t);
      const node = await addQcow2(t, file, { 'detect-zeroes': 'on' });
      await writeNode(t, node, 2 * CLUSTER, CLUSTER, 1);
      await release(t, [node]);
      const cluster = (await readImage(t, file)).cluster(2);
      t.check(
        Buffer.isBuffer(cluster) && cluster.every((byte) => byte === 1),
        'what is not zero must be stored',
        'it is not',
      );
    },
  },
  {
    id: 'node-options/discard-ignored',
    title: 'With discard ignore, and without discard, a discard does not reach the node below',
    requirements: ['BlockdevDiscardOptions/ignore', 'blockdev-add/discard'],
    needs: io,
    async run(t: CaseContext) {
      for (const options of [{ discard: 'ignore' }, {}])
        t.check(await keptByDiscard(t, options), 'a discard must be dropped', 'the cluster below is gone');
    },
  },
  {
    id: 'node-options/discard-handed-on',
    title: 'With discard unmap a discard takes its place from the cluster below',
    requirements: ['BlockdevDiscardOptions/unmap', 'blockdev-add/discard'],
    needs: io,
    async run(t: CaseContext) {
      const kept = await keptByDiscard(t, { discard: 'unmap' });
      t.check(!kept, 'a discard must be handed on', 'the cluster below is still there');
    },
  },
  {
    id: 'node-options/no-flush-ignores',
    title: 'A flush that would fail succeeds with no-flush, which does not carry it out',
    requirements: ['BlockdevCacheOptions/no-flush'],
    needs: needs(chainNodes, { ...nodeBytes, drivers: ['blkdebug'] }),
    async run(t: CaseContext) {
      for (const noFlush of [false, true]) {
        const file = await makeOne(t);
        const node = t.name('qcow2');
        await t.execute('blockdev-add', {
          driver: 'qcow2',
          'node-name': node,
          cache: { 'no-flush': noFlush },
          file: {
            driver: 'blkdebug',
            image: { driver: 'file', filename: file.path },
            'inject-error': [{ event: 'flush_to_disk', errno: 5 }],
          },
        });
        await writeNode(t, node, 0, CLUSTER, 0x22);
        t.equal(
          await attempt(t, node, { kind: 'flush' }),
          noFlush ? 'done' : 'EIO',
          'a flush must fail below exactly where it is carried out',
        );
        await release(t, [node]);
      }
    },
  },
];
