/** Clusters of a qcow2 image that become free: whether their space is given back to the file below, by what freed them. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  chainNodes,
  checkContent,
  release,
} from '../helpers/backing-chains.ts';
import { hmpIo, qemuIo } from '../helpers/human-monitor-io.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { nodeBytes, nodeIo, perform, readNode, writeNode } from '../helpers/node-io.ts';
import { buildQcow2, dataOf, l1TableOf, l2TableOf, placeOf } from '../helpers/qcow2-image.ts';
import { type CaseFile, MiB, makeFile, needs } from '../helpers/shared-setup.ts';
import { BITMAP_FLAG, withBitmap } from '../helpers/stored-bitmaps.ts';

const TAKE = 'blockdev-snapshot-internal-sync';
const DELETE = 'blockdev-snapshot-delete-internal-sync';

/** A qcow2 image inside a qcow2 image: the lower one shows which clusters of the upper one's file have their space. */
interface Stack {
  readonly upper: string;
  readonly nodes: readonly string[];
  readonly lower: CaseFile;
}

/** An image with its first cluster in use. */
const ONE_CLUSTER = buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, clusters: new Map([[0, 0x11]]) });

/** Such images, the upper one with these bytes, and opened with these options. */
async function stack(t: CaseContext, options: JsonObject, inner = ONE_CLUSTER): Promise<Stack> {
  const lower = await makeFile(t, buildQcow2({ size: 64 * CLUSTER, clusterSize: CLUSTER }));
  const below = await addQcow2(t, lower, { discard: 'unmap' });
  await fill(t, below, inner);
  const upper = t.name('above');
  const image = { driver: 'qcow2', 'node-name': upper, file: below, discard: 'unmap' };
  await t.execute('blockdev-add', { ...image, ...options });
  return { upper, lower, nodes: [below, upper] };
}

/** Copies bytes to the beginning of a node. */
async function fill(t: CaseContext, target: string, bytes: Buffer): Promise<void> {
  const { path } = await makeFile(t, bytes);
  const [source, window, id] = [t.name('source'), t.name('window'), t.name('job')];
  const file = { driver: 'file', filename: path };
  await t.execute('blockdev-add', { driver: 'raw', 'node-name': source, file, 'read-only': true });
  await t.execute('blockdev-add', { driver: 'raw', 'node-name': window, file: target, size: bytes.length });
  await t.execute('blockdev-backup', { 'job-id': id, device: source, target: window, sync: 'full' });
  await t.event('BLOCK_JOB_COMPLETED', { device: id });
  await release(t, [source, window]);
}

/** Whether byte `offset` of the upper image's file has its space, once both are closed. */
async function keeps(t: CaseContext, { lower, nodes }: Stack, offset: number): Promise<boolean> {
  await release(t, nodes);
  return placeOf(await bytesOf(t, lower.local), offset / CLUSTER) !== null;
}

/** The same of the first cluster's data, after that was discarded. */
async function keepsDiscarded(t: CaseContext, options: JsonObject, reopened?: string): Promise<boolean> {
  const images = await stack(t, options);
  if (reopened !== undefined) await qemuIo(t, images.upper, `reopen -o ${reopened}`);
  await perform(t, images.upper, { kind: 'discard', offset: 0, length: CLUSTER });
  return keeps(t, images, dataOf(CLUSTER));
}

/** pass-discard-other on, off, and not given. */
const SWITCHED: readonly JsonObject[] = [
  { 'pass-discard-other': true },
  { 'pass-discard-other': false },
  {},
  { 'pass-discard-request': true, 'pass-discard-snapshot': true },
];

const stacked = needs(chainNodes, { commands: ['blockdev-backup'] });
const withIo = { ...stacked, ...nodeIo };

/** The cases of freed clusters. */
export const discardsPassedOn: readonly CaseDefinition[] = [
  {
    id: 'qcow2/pass-discard-request-off',
    title: 'With pass-discard-request false a discard keeps the space of the cluster in the file below',
    requirements: ['qcow2/pass-discard-request'],
    needs: withIo,
    async run(t: CaseContext) {
      t.check(
        await keepsDiscarded(t, { 'pass-discard-request': false }),
        'a discard must not go on to the data source',
        'the space below is gone',
      );
    },
  },
  {
    id: 'qcow2/pass-discard-request-on',
    title: 'With pass-discard-request true a discard gives back the space of the cluster in the file below',
    requirements: ['qcow2/pass-discard-request'],
    needs: withIo,
    async run(t: CaseContext) {
      t.check(
        !(await keepsDiscarded(t, { 'pass-discard-request': true })),
        'a discard must go on to the data source',
        'the space below is still there',
      );
    },
  },
  {
    id: 'qcow2/pass-discard-request-reopened',
    title:
      'What the human monitor says of pass-discard-request holds from then on, and what others say does not',
    requirements: ['qcow2/pass-discard-request'],
    needs: needs(withIo, hmpIo),
    async run(t: CaseContext) {
      for (const [given, line, isKept] of [
        [true, 'pass-discard-request=off', true],
        [false, 'pass-discard-request=on', false],
        [false, 'cache-size=1M', true],
        [true, 'pass-discard-snapshot=off,pass-discard-other=off', false],
        [true, 'pass-discard-request=off,pass-discard-other=x', false],
      ] as const)
        t.equal(
          await keepsDiscarded(t, { 'pass-discard-request': given }, line),
          isKept,
          `the space of a discarded cluster must stay or go as it is said after ${line}`,
        );
    },
  },
  {
    id: 'qcow2/pass-discard-request-default',
    title: 'Without pass-discard-request a discard goes on to the file below exactly where discard is unmap',
    requirements: ['qcow2/pass-discard-request-default'],
    needs: withIo,
    async run(t: CaseContext) {
      for (const discard of ['unmap', 'ignore'])
        t.equal(
          await keepsDiscarded(t, { discard }),
          discard === 'ignore',
          'the space below must be kept exactly where discards are ignored',
        );
    },
  },
  {
    id: 'qcow2/pass-discard-snapshot',
    title: 'pass-discard-snapshot tells whether a deleted snapshot gives back its space in the file below',
    requirements: ['qcow2/pass-discard-snapshot'],
    needs: needs(withIo, { commands: [TAKE, DELETE] }),
    async run(t: CaseContext) {
      for (const pass of [true, false]) {
        const images = await stack(t, { 'pass-discard-snapshot': pass });
        const snapshot = { device: images.upper, name: 'one' };
        await t.execute(TAKE, snapshot);
        await writeNode(t, images.upper, 0, CLUSTER, 0x22);
        await t.execute(DELETE, snapshot);
        t.equal(
          await keeps(t, images, dataOf(CLUSTER)),
          !pass,
          'the space of what only the snapshot used must be kept exactly where discards are not passed on',
        );
      }
    },
  },
  {
    id: 'qcow2/pass-discard-other',
    title: 'pass-discard-other, off by default, tells whether a table that moved gives back its old space',
    requirements: ['qcow2/pass-discard-other', 'qcow2/pass-discard-other-default'],
    needs: needs(stacked, { commands: ['block_resize'] }),
    async run(t: CaseContext) {
      for (const options of SWITCHED) {
        const images = await stack(t, options);
        // One entry of the L1 table is enough for 32 MiB.
        await t.execute('block_resize', { 'node-name': images.upper, size: 64 * MiB });
        t.equal(
          await keeps(t, images, l1TableOf(CLUSTER)),
          options['pass-discard-other'] !== true,
          'the space of the old L1 table must be kept exactly where discards are not passed on',
        );
      }
    },
  },
  {
    id: 'qcow2/pass-discard-other-at-shrinking',
    title:
      'pass-discard-other, off by default, tells whether a table that a smaller disk lacks gives back its space',
    requirements: ['qcow2/pass-discard-other', 'qcow2/pass-discard-other-default'],
    needs: needs(stacked, { commands: ['block_resize'] }),
    async run(t: CaseContext) {
      for (const options of SWITCHED) {
        const images = await stack(t, options);
        await t.execute('block_resize', { 'node-name': images.upper, size: 0 });
        t.equal(
          await keeps(t, images, l2TableOf(CLUSTER)),
          options['pass-discard-other'] !== true,
          'the space of a table without use must be kept exactly where discards are not passed on',
        );
      }
    },
  },
  {
    id: 'qcow2/pass-discard-other-of-bitmaps',
    title: 'pass-discard-other, off by default, tells whether a removed bitmap gives back its space',
    requirements: ['qcow2/pass-discard-other', 'qcow2/pass-discard-other-default'],
    needs: needs(stacked, { commands: ['block-dirty-bitmap-remove'] }),
    async run(t: CaseContext) {
      const bitmap = { name: 'bits', flags: BITMAP_FLAG.auto, granularity: CLUSTER, dirty: [1] };
      for (const options of SWITCHED) {
        const images = await stack(t, options, withBitmap(ONE_CLUSTER, bitmap));
        await t.execute('block-dirty-bitmap-remove', { node: images.upper, name: bitmap.name });
        // Behind the image are directory, table and map.
        t.equal(
          await keeps(t, images, ONE_CLUSTER.length + 2 * CLUSTER),
          options['pass-discard-other'] !== true,
          'the space of what the bitmap marked must be kept exactly where discards are not passed on',
        );
      }
    },
  },
  {
    id: 'qcow2/discard-hides-backing',
    title: 'A discarded cluster reads as zeroes, and what the backing file has there does not show again',
    requirements: ['qcow2/discard-reads-zeroes'],
    needs: { ...chainNodes, ...nodeBytes },
    async run(t: CaseContext) {
      const base = await makeFile(
        t,
        buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, clusters: new Map([[0, 0x11]]) }),
      );
      const clusters = new Map([[0, 0x22]]);
      const backing = { name: base.path, format: 'qcow2' };
      const file = await makeFile(
        t,
        buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, clusters, backing }),
      );
      const node = await addQcow2(t, file, { discard: 'unmap' });
      await perform(t, node, { kind: 'discard', offset: 0, length: CLUSTER });
      t.check(
        (await readNode(t, node, 0, CLUSTER)).equals(Buffer.alloc(CLUSTER)),
        'a discarded cluster must read as zeroes',
        'it reads as something else',
      );
      await release(t, [node]);
      t.equal(placeOf(await bytesOf(t, file.local), 0), null, 'a discarded cluster must have no place');
      await checkContent(t, file, Buffer.alloc(CHAIN_SIZE), 'the image');
    },
  },
];
