/**
 * detect-zeroes, discard, no-flush and latency by what becomes of requests. A qcow2 image is below: its tables tell what
 * reached it, on any file system.
 */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  chainNodes,
  checkContent,
  guestContent,
  makeEmpty,
  readImage,
  release,
  stairClusters,
} from '../helpers/backing-chains.ts';
import { failingFile } from '../helpers/failing-files.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { attempt, nodeBytes, nodeIo, perform, readNode, writeNode } from '../helpers/node-io.ts';
import { buildQcow2, placeOf } from '../helpers/qcow2-image.ts';
import { addRaw, addRawOver, type CaseFile, KiB, makeFile, needs } from '../helpers/shared-setup.ts';

/** What requests to a node are widened to, bytes. */
const UNIT = 4 * KiB;
/** Bytes of a cluster below: what can be discarded by itself. */
const SECTOR = 512;

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

/** States that discards that begin or end within units of a node leave what else is in these. `format`: of what is below. */
async function checkOutsideKept(t: CaseContext, format: 'qcow2' | 'raw'): Promise<void> {
  for (const [offset, length] of [
    [SECTOR, 2 * UNIT],
    [UNIT + SECTOR, SECTOR],
    [UNIT - SECTOR, UNIT + 2 * SECTOR],
  ] as const) {
    const size = 4 * UNIT;
    const clusters = new Map([...Array(size / SECTOR).keys()].map((index) => [index, 0x77]));
    const isRaw = format === 'raw';
    const bytes = isRaw ? Buffer.alloc(size, 0x77) : buildQcow2({ size, clusterSize: SECTOR, clusters });
    const file = await makeFile(t, bytes);
    const image = await (isRaw ? addRawOver : addQcow2)(t, file, { discard: 'unmap' });
    const node = t.name('aligned');
    await t.execute('blockdev-add', {
      driver: 'blkdebug',
      'node-name': node,
      image,
      align: UNIT,
      discard: 'unmap',
    });
    await attempt(t, node, { kind: 'discard', offset, length });
    await release(t, [image, node]);
    const left = await guestContent(t, file.local);
    const outside = [left.subarray(0, offset), left.subarray(offset + length)];
    t.check(
      outside.every((part) => part.every((byte) => byte === 0x77)),
      'what lies outside of the discarded range must be as before',
      `after a discard of ${length} bytes at ${offset} it is not`,
    );
  }
}

const units = needs(io, nodeBytes, { drivers: ['blkdebug'] });

export const zeroesAndDiscard: readonly CaseDefinition[] = [
  {
    id: 'node-options/discard-within-units',
    title: 'A discard that begins and ends within units of its node leaves what else is in these',
    requirements: ['BlockdevDiscardOptions/unmap', 'blkdebug/align'],
    needs: units,
    run: (t: CaseContext) => checkOutsideKept(t, 'qcow2'),
  },
  {
    id: 'node-options/discard-within-units-of-raw',
    title: 'A discard above a raw image that begins and ends within units leaves what else is in these',
    requirements: ['BlockdevDiscardOptions/unmap', 'blkdebug/align'],
    needs: units,
    run: (t: CaseContext) => checkOutsideKept(t, 'raw'),
  },
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
      const file = await makeOne(t);
      const node = await addQcow2(t, file, { 'detect-zeroes': 'on' });
      await writeNode(t, node, 0, CHAIN_SIZE, 0);
      await release(t, [node]);
      const image = await readImage(t, file);
      t.check(
        [...Array(CHAIN_SIZE / CLUSTER).keys()].every((index) => image.cluster(index) === 'zero'),
        'a write of zeroes to the whole disk must mark each cluster',
        'it does not',
      );
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
          file: failingFile(file, { event: 'flush_to_disk', errno: 5 }),
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
  {
    id: 'node-options/detect-zeroes-partly',
    title: 'detect-zeroes stores a write of which all but its first or its last sector is zeroes',
    requirements: ['BlockdevDetectZeroesOptions/on'],
    needs: needs(chainNodes, { commands: ['blockdev-backup'], events: ['BLOCK_JOB_COMPLETED'] }),
    async run(t: CaseContext) {
      const content = Buffer.alloc(CHAIN_SIZE);
      // A backup writes 64 KiB at a time.
      for (let at = 0; at < CHAIN_SIZE; at += 128 * KiB)
        content.fill(0x33, at, at + 512).fill(0x44, at + 128 * KiB - 512, at + 128 * KiB);
      const { name: device } = await addRaw(t, content);
      const file = await makeEmpty(t);
      const target = await addQcow2(t, file, { 'detect-zeroes': 'on' });
      const id = t.name('job');
      await t.execute('blockdev-backup', { 'job-id': id, device, target, sync: 'full' });
      await t.event('BLOCK_JOB_COMPLETED', { device: id });
      await release(t, [target]);
      await checkContent(t, file, content, 'the image that was written with detect-zeroes');
    },
  },
  {
    id: 'node-options/discard-inside-clusters',
    title: 'A discard that begins and ends within clusters leaves what these hold outside of it',
    requirements: ['BlockdevDiscardOptions/unmap', 'qcow2/discard-reads-zeroes'],
    needs: needs(chainNodes, nodeBytes),
    async run(t: CaseContext) {
      const clusters = stairClusters(0);
      const file = await makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, clusters }));
      const node = await addQcow2(t, file, { discard: 'unmap' });
      const [start, length] = [CLUSTER * 2.5, CLUSTER * 2];
      await perform(t, node, { kind: 'discard', offset: start, length });
      const bytes = await readNode(t, node, 0, CHAIN_SIZE);
      const holds = (byte: number, from: number, to: number) =>
        bytes.subarray(from, to).every((value) => value === byte);
      t.check(
        holds(0x11, 0, start) && holds(0x11, start + length, CHAIN_SIZE),
        'no byte outside of what was discarded must change',
        'some did',
      );
      t.check(
        holds(0, 3 * CLUSTER, 4 * CLUSTER),
        'the cluster that was discarded whole must read as zeroes',
        'it does not',
      );
    },
  },
  {
    id: 'node-options/ends-within-clusters',
    title:
      'Zeroes and discards that end with an image within a cluster treat that as a whole one, and no other',
    requirements: ['BlockdevDetectZeroesOptions/on', 'BlockdevDiscardOptions/unmap'],
    needs: needs(chainNodes, nodeBytes),
    async run(t: CaseContext) {
      const size = 3 * CLUSTER + 1024;
      const last = { offset: 2 * CLUSTER + 512, length: CLUSTER + 512 };
      const clusters = new Map([0, 1, 2, 3].map((index) => [index, 0x11]));
      for (const request of [
        { kind: 'discard', ...last },
        { kind: 'write-zeroes', ...last, unmap: true },
        { kind: 'write', ...last, byte: 0 },
        { kind: 'write-zeroes', offset: CLUSTER, length: CLUSTER + 512, unmap: true },
      ] as const) {
        const file = await makeFile(t, buildQcow2({ size, clusterSize: CLUSTER, clusters }));
        const node = await addQcow2(t, file, { discard: 'unmap', 'detect-zeroes': 'unmap' });
        const expected = Buffer.alloc(size, 0x11);
        // What is discarded in parts of clusters may stay.
        const start = request.kind === 'discard' ? 3 * CLUSTER : request.offset;
        expected.fill(0, start, request.offset + request.length);
        await perform(t, node, request);
        const bytes = await readNode(t, node, 0, size);
        if (request.kind === 'discard') bytes.fill(0x11, 2 * CLUSTER, 3 * CLUSTER);
        t.check(bytes.equals(expected), `a ${request.kind} must change what it covers`, 'it does otherwise');
        await release(t, [node]);
        const places = await bytesOf(t, file.local);
        const gone = request.offset === last.offset ? 3 : 1;
        t.equal(
          [0, 1, 2, 3].filter((index) => placeOf(places, index) === null),
          [gone],
          `a ${request.kind} must take its place from the cluster that it covers to its end or the image's`,
        );
      }
    },
  },
];
