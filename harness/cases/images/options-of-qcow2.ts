/** qcow2's own options of blockdev-add: sizes of caches, lazy reference counts. */
import type { JsonObject } from '../../../spec/json.ts';
import { COMPATIBLE } from '../../qcow2/qcow2-header.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  chainNodes,
  makeEmpty,
  readImage,
  release,
} from '../helpers/backing-chains.ts';
import { hmpIo, qemuIo } from '../helpers/human-monitor-io.ts';
import { nodeBytes, nodeIo, readNode, writeNode } from '../helpers/node-io.ts';
import { NbdCommand } from '../helpers/peers/nbd-numbers.ts';
import { startNbdPeer } from '../helpers/peers/nbd-peer.ts';
import { buildQcow2, l2TableOf } from '../helpers/qcow2-image.ts';
import { checkAbsent, KiB, MiB, makeFile, needs } from '../helpers/shared-setup.ts';

/** States that an image opens with each of the first and with none of the second, which leave no node. */
async function takesAndRefuses(
  t: CaseContext,
  taken: readonly JsonObject[],
  refused: readonly JsonObject[],
): Promise<void> {
  const file = await makeEmpty(t);
  for (const options of taken) await release(t, [await addQcow2(t, file, options)]);
  const node = t.name('refused');
  for (const options of refused)
    await t.refused('blockdev-add', {
      driver: 'qcow2',
      'node-name': node,
      file: { driver: 'file', filename: file.path },
      ...options,
    });
  await checkAbsent(t, node);
}

/** Whether the header says that the image is in use, after a write and after the node has gone. */
async function dirtyWhileOpen(t: CaseContext, compatible: number, options: JsonObject) {
  const file = await makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, compatible }));
  const node = await addQcow2(t, file, options);
  await writeNode(t, node, 0, CLUSTER, 0x33);
  const { dirty: open } = await readImage(t, file);
  await release(t, [node]);
  return { open, closed: (await readImage(t, file)).dirty };
}

/** What the human monitor may say beside lazy-refcounts of an open image, and what it may not. */
const BESIDE_LAZY: readonly (readonly [options: string, isTaken: boolean])[] = [
  ['lazy-refcounts=on', true],
  ['lazy-refcounts=x', false],
  ['lazy-refcounts=on,cache-size=1M', true],
  ['lazy-refcounts=on,cache-size=', false],
  ['lazy-refcounts=on,cache-size=1M,l2-cache-size=2M', false],
  ['lazy-refcounts=on,l2-cache-size=2M', true],
  ['lazy-refcounts=on,l2-cache-size=1M,refcount-cache-size=1M', true],
  ['lazy-refcounts=on,cache-size=1M,l2-cache-size=1M,refcount-cache-size=1M', false],
  ['lazy-refcounts=on,refcount-cache-size=512k', true],
  ['lazy-refcounts=on,cache-clean-interval=5', true],
  ['lazy-refcounts=on,cache-clean-interval=-1', false],
  ['lazy-refcounts=on,cache-clean-interval=x', false],
  ['lazy-refcounts=on,pass-discard-snapshot=x', false],
  ['lazy-refcounts=on,nothing=1', false],
];

/** No cache holds more. */
const MOST_TABLES = 2 ** 31 - 1;

const LAZY = Number(COMPATIBLE.lazyRefcounts);

export const qcow2Options: readonly CaseDefinition[] = [
  {
    id: 'qcow2/cache-sizes',
    title: 'Sizes of the caches are taken alone and in pairs, and refused all at once or beyond their sum',
    requirements: ['qcow2/cache-size', 'qcow2/l2-cache-size', 'qcow2/refcount-cache-size'],
    needs: chainNodes,
    run: (t: CaseContext) =>
      takesAndRefuses(
        t,
        [
          { 'cache-size': MiB },
          { 'cache-size': 0 },
          { 'l2-cache-size': MiB },
          { 'refcount-cache-size': 256 * KiB },
          { 'cache-size': MiB, 'l2-cache-size': 512 * KiB },
          { 'cache-size': MiB, 'refcount-cache-size': 512 * KiB },
          { 'cache-size': MiB, 'l2-cache-size': MiB },
          { 'cache-size': MiB, 'refcount-cache-size': MiB },
          { 'l2-cache-size': MiB, 'refcount-cache-size': MiB },
        ],
        [
          { 'cache-size': MiB, 'l2-cache-size': MiB, 'refcount-cache-size': 256 * KiB },
          { 'cache-size': MiB, 'l2-cache-size': 2 * MiB },
          { 'cache-size': MiB, 'refcount-cache-size': 2 * MiB },
          { 'refcount-cache-size': MOST_TABLES * CLUSTER + CLUSTER },
        ],
      ),
  },
  {
    id: 'qcow2/l2-cache-entry-size',
    title: 'An entry of the L2 cache is a power of two from 512 bytes to a cluster; others are refused',
    requirements: ['qcow2/l2-cache-entry-size'],
    needs: needs(chainNodes, { members: ['blockdev-add.l2-cache-entry-size'] }),
    run: (t: CaseContext) =>
      takesAndRefuses(
        t,
        [512, 4096, CLUSTER].map((bytes) => ({ 'l2-cache-entry-size': bytes })),
        [0, 256, 511, 768, 2 * CLUSTER].map((bytes) => ({ 'l2-cache-entry-size': bytes })),
      ),
  },
  {
    id: 'qcow2/l2-cache-entry-size-read',
    title: 'An L2 table is read in entries of l2-cache-entry-size, of a whole cluster without that',
    requirements: ['qcow2/l2-cache-entry-size-default'],
    needs: needs(chainNodes, {
      ...nodeBytes,
      drivers: ['nbd'],
      members: ['blockdev-add.l2-cache-entry-size'],
    }),
    async run(t: CaseContext) {
      const clusters = new Map([[0, 0x11]]);
      const data = buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, clusters });
      for (const [options, length] of [
        [{ 'l2-cache-entry-size': 1024 }, 1024],
        [{}, CLUSTER],
      ] as const) {
        const peer = await startNbdPeer(t, { image: { data } });
        const node = t.name('qcow2');
        const file = { driver: 'nbd', server: peer.address, export: 'image' };
        await t.execute('blockdev-add', {
          driver: 'qcow2',
          'node-name': node,
          file,
          'read-only': true,
          ...options,
        });
        await readNode(t, node, 0, 512);
        const table = l2TableOf(CLUSTER);
        const lengths = peer.requests
          .filter(({ type, offset }) => type === NbdCommand.read && offset === table)
          .map((request) => request.length);
        await t.execute('blockdev-del', { 'node-name': node });
        t.equal(lengths, [length], 'the table must be read once, in one entry of the cache');
      }
    },
  },
  {
    id: 'qcow2/cache-clean-interval',
    title:
      'An interval of 0 and of up to 4294967295 seconds is taken, a longer one and a negative one refused',
    requirements: ['qcow2/cache-clean-interval'],
    needs: chainNodes,
    run: (t: CaseContext) =>
      takesAndRefuses(
        t,
        [0, 1, 2 ** 32 - 1].map((seconds) => ({ 'cache-clean-interval': seconds })),
        [2 ** 32, 2 ** 33, -1, -(2 ** 32)].map((seconds) => ({ 'cache-clean-interval': seconds })),
      ),
  },
  {
    id: 'qcow2/lazy-refcounts-on',
    title: 'With lazy-refcounts an image that was written is marked as in use until it is closed',
    requirements: ['qcow2/lazy-refcounts'],
    needs: needs(chainNodes, nodeIo),
    async run(t: CaseContext) {
      t.equal(
        await dirtyWhileOpen(t, 0, { 'lazy-refcounts': true }),
        { open: true, closed: false },
        'the header must mark the image while it is open, and not after',
      );
      t.equal(
        await dirtyWhileOpen(t, LAZY, { 'lazy-refcounts': false }),
        { open: false, closed: false },
        'without lazy reference counts the header must never mark the image',
      );
    },
  },
  {
    id: 'qcow2/lazy-refcounts-reopened',
    title:
      'What the human monitor says of lazy-refcounts holds from then on, unless something beside it is refused',
    requirements: ['qcow2/lazy-refcounts'],
    needs: needs(chainNodes, nodeBytes, hmpIo),
    async run(t: CaseContext) {
      for (const version of [3, 2] as const) {
        const file = await makeFile(t, buildQcow2({ size: 2 * CHAIN_SIZE, clusterSize: CLUSTER, version }));
        const node = await addQcow2(t, file);
        const isDirty = async () => (await readImage(t, file)).dirty;
        for (const [index, [line, isTaken]] of BESIDE_LAZY.entries()) {
          await qemuIo(t, node, `reopen -o ${line}`);
          await writeNode(t, node, index * CLUSTER, CLUSTER, 0x33);
          t.equal(
            await isDirty(),
            isTaken && version === 3,
            `after ${line} a write must mark the image or not`,
          );
          await qemuIo(t, node, 'reopen -o pass-discard-other=off');
          await writeNode(t, node, CHAIN_SIZE + index * CLUSTER, CLUSTER, 0x44);
          t.equal(await isDirty(), isTaken && version === 3, `after ${line} other options must leave it so`);
          await qemuIo(t, node, 'reopen -o lazy-refcounts=off');
          t.equal(
            await isDirty(),
            false,
            'an image must not stay marked that has no lazy-refcounts any more',
          );
        }
        await release(t, [node]);
      }
    },
  },
  {
    id: 'qcow2/lazy-refcounts-default',
    title: 'Without lazy-refcounts the feature of the image decides',
    requirements: ['qcow2/lazy-refcounts-default'],
    needs: needs(chainNodes, nodeIo),
    async run(t: CaseContext) {
      for (const compatible of [0, LAZY])
        t.equal(
          await dirtyWhileOpen(t, compatible, {}),
          { open: compatible !== 0, closed: false },
          'the header must mark the image while it is open exactly where it has the feature',
        );
    },
  },
  {
    id: 'qcow2/lazy-refcounts-version-2',
    title: 'lazy-refcounts is refused on an image of version 2, which has no such feature',
    requirements: ['qcow2/lazy-refcounts'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const file = await makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, version: 2 }));
      const node = {
        driver: 'qcow2',
        'node-name': t.name('old'),
        file: { driver: 'file', filename: file.path },
      };
      await t.refused('blockdev-add', { ...node, 'lazy-refcounts': true });
      await t.execute('blockdev-add', { ...node, 'lazy-refcounts': false });
    },
  },
];
