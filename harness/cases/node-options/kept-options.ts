/** Options of a node after it was read-only for a while, and those of nodes that are opened with or above it. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  chainNodes,
  makeChain,
  makeEmpty,
  readImage,
  release,
} from '../helpers/backing-chains.ts';
import { addBitmap, checkDirty } from '../helpers/bitmaps.ts';
import { failingFile } from '../helpers/failing-files.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { completed } from '../helpers/job-steps.ts';
import { attempt, nodeBytes, openIo, perform, writeNode } from '../helpers/node-io.ts';
import { placeOf } from '../helpers/qcow2-image.ts';
import { findNode, isTaken, KiB, needs, newFile, nodeInfo } from '../helpers/shared-setup.ts';

/** A cluster of any image that is made without more being said, bytes. */
const BIG = 64 * KiB;

/** Puts an overlay on a node and commits it: meanwhile the node is read-only. */
async function coveredForAWhile(t: CaseContext, node: string): Promise<void> {
  const overlay = await addQcow2(t, await makeEmpty(t), { backing: null });
  await t.execute('blockdev-snapshot', { node, overlay });
  t.contains(await nodeInfo(t, node), { ro: true }, 'a node below an overlay must be read-only');
  const id = t.name('job');
  await t.execute('block-commit', { 'job-id': id, device: overlay });
  await t.event('BLOCK_JOB_READY', { device: id });
  await t.execute('block-job-complete', { device: id });
  await completed(t, id, 'commit');
  await t.execute('blockdev-del', { 'node-name': overlay });
}

/** What a node tells of its options. */
async function optionsOf(t: CaseContext, node: string): Promise<JsonObject> {
  const { ro = null, cache = null, detect_zeroes = null, write_threshold = null } = await nodeInfo(t, node);
  return { ro, cache, detect_zeroes, write_threshold };
}

/** Cases of options that must outlive a change, and of those that are nobody else's. */
export const keptOptions: readonly CaseDefinition[] = [
  {
    id: 'node-options/kept-when-writable-again',
    title: 'A node that was covered and is written again keeps its options, its threshold and its bitmaps',
    requirements: [
      'blockdev-add/discard',
      'blockdev-add/detect-zeroes',
      'BlockdevCacheOptions/no-flush',
      'block-set-write-threshold/sets',
      'block-dirty-bitmap-add/tracks-writes',
    ],
    needs: needs(chainNodes, nodeBytes, {
      commands: [
        'blockdev-snapshot',
        'block-commit',
        'block-job-complete',
        'query-block-jobs',
        'block-set-write-threshold',
        'block-dirty-bitmap-add',
        'x-debug-block-dirty-bitmap-sha256',
      ],
      events: ['BLOCK_JOB_READY', 'BLOCK_JOB_COMPLETED', 'BLOCK_WRITE_THRESHOLD'],
      drivers: ['blkdebug'],
    }),
    async run(t: CaseContext) {
      const [file] = await makeChain(t, 1);
      const node = await addQcow2(t, file!, {
        discard: 'unmap',
        'detect-zeroes': 'unmap',
        cache: { 'no-flush': true },
        file: failingFile(file!, { event: 'flush_to_disk', errno: 5 }),
      });
      await addBitmap(t, node, 'kept', { granularity: CLUSTER });
      await writeNode(t, node, CLUSTER, CLUSTER, 1);
      const threshold = 12 * CLUSTER;
      await t.execute('block-set-write-threshold', { 'node-name': node, 'write-threshold': threshold });
      const before = await optionsOf(t, node);
      await coveredForAWhile(t, node);
      t.equal(await optionsOf(t, node), before, 'the node must tell the options that it told before');
      await writeNode(t, node, 4 * CLUSTER, CLUSTER, 0);
      await perform(t, node, { kind: 'discard', offset: 8 * CLUSTER, length: CLUSTER });
      t.equal(await attempt(t, node, { kind: 'flush' }), 'done', 'a flush must not be carried out');
      await checkDirty(t, { node, name: 'kept', size: CHAIN_SIZE, granularity: CLUSTER }, [1, 4, 8], 'again');
      await writeNode(t, node, threshold, CLUSTER, 1);
      const { data = null } = await t.event('BLOCK_WRITE_THRESHOLD', { 'node-name': node });
      t.contains(data, { 'amount-exceeded': CLUSTER }, 'the threshold must be where it was set');
      await release(t, [node]);
      const bytes = await bytesOf(t, file!.local);
      t.equal(
        [4, 8].filter((index) => placeOf(bytes, index) !== null),
        [],
        'a write of zeroes and a discard must take its place from a cluster',
      );
    },
  },
  {
    id: 'node-options/detect-zeroes-not-inherited',
    title: 'A file and a backing file that are defined within a node detect no zeroes because that does',
    requirements: ['blockdev-add/detect-zeroes', 'BlockdevDetectZeroesOptions/off'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const [below, above] = await makeChain(t, 2);
      const [file, backing] = [t.name('file'), t.name('backing')];
      const node = await addQcow2(t, above!, {
        'detect-zeroes': 'on',
        file: { driver: 'file', filename: above!.path, 'node-name': file },
        backing: {
          driver: 'qcow2',
          'node-name': backing,
          file: { driver: 'file', filename: below!.path },
        },
      });
      t.contains(await nodeInfo(t, node), { detect_zeroes: 'on' }, 'the node must detect zeroes');
      for (const child of [file, backing])
        t.contains(await nodeInfo(t, child), { detect_zeroes: 'off' }, 'a child must not detect zeroes');
    },
  },
  {
    id: 'node-options/force-share-of-a-chain',
    title: 'With force-share a chain opens beside a writer of its backing file, which it does not without',
    requirements: ['blockdev-add/force-share'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const [below, above] = await makeChain(t, 2);
      await addQcow2(t, below!);
      const open = (forceShare: boolean) =>
        isTaken(t, {
          driver: 'qcow2',
          'node-name': t.name('above'),
          'read-only': true,
          'force-share': forceShare,
          file: { driver: 'file', filename: above!.path },
          backing: { driver: 'qcow2', file: { driver: 'file', filename: below!.path } },
        });
      t.check(!(await open(false)), 'without force-share the chain must be refused', 'it opens');
      t.check(await open(true), 'with force-share the chain must open', 'it is refused');
    },
  },
  {
    id: 'drive-mirror/options-of-target',
    title: 'The image that drive-mirror puts in the place of another flushes and discards as that does',
    requirements: ['drive-mirror/creates-target'],
    needs: needs(chainNodes, nodeBytes, {
      commands: ['drive-mirror', 'block-job-complete', 'query-block-jobs'],
      events: ['BLOCK_JOB_READY', 'BLOCK_JOB_COMPLETED'],
    }),
    async run(t: CaseContext) {
      for (const [discard, noFlush] of [
        ['unmap', true],
        ['ignore', false],
      ] as const) {
        const options = { discard, cache: { 'no-flush': noFlush } };
        const source = await addQcow2(t, await makeEmpty(t), options);
        const guest = await openIo(t, source);
        const [id, file, node] = [t.name('job'), newFile(t), t.name('node')];
        const target = { target: file.path, 'node-name': node };
        await t.execute('drive-mirror', { 'job-id': id, device: source, ...target, sync: 'full' });
        await t.event('BLOCK_JOB_READY', { device: id });
        await t.execute('block-job-complete', { device: id });
        await completed(t, id, 'mirror');
        t.contains(
          await nodeInfo(t, node),
          { cache: { 'no-flush': noFlush } },
          'the image must be cached as the one that it stands for',
        );
        await guest.perform({ kind: 'write', offset: 0, length: BIG, byte: 0x61 });
        await guest.perform({ kind: 'discard', offset: 0, length: BIG });
        await guest.close();
        t.check((await findNode(t, node)) === undefined, 'the image must go with its user', 'it stays');
        t.equal(
          (await readImage(t, file)).cluster(0) instanceof Buffer,
          discard === 'ignore',
          `with discard ${discard} of the source a cluster that is discarded must have data, or not`,
        );
      }
    },
  },
  {
    id: 'blockdev-snapshot-sync/options-of-overlay',
    title:
      'An overlay that is made is writable, cached and discards as the image below, and detects no zeroes for that',
    requirements: ['blockdev-snapshot-sync/creates-overlay'],
    needs: needs(chainNodes, nodeBytes, { commands: ['blockdev-snapshot-sync'] }),
    async run(t: CaseContext) {
      const [file] = await makeChain(t, 1);
      for (const [noFlush, readOnly, discard] of [
        [true, false, 'unmap'],
        [false, false, 'ignore'],
        [false, true, 'unmap'],
      ] as const) {
        const node = await addQcow2(t, file!, {
          cache: { 'no-flush': noFlush },
          'detect-zeroes': 'on',
          'read-only': readOnly,
          discard,
        });
        const user = t.name('user');
        await t.execute('blockdev-add', { driver: 'raw', 'node-name': user, file: node, 'read-only': true });
        const overlay = t.name('overlay');
        const made = newFile(t);
        await t.execute('blockdev-snapshot-sync', {
          'node-name': node,
          'snapshot-file': made.path,
          'snapshot-node-name': overlay,
        });
        t.contains(
          await nodeInfo(t, overlay),
          { ro: readOnly, cache: { 'no-flush': noFlush }, detect_zeroes: 'off' },
          'the overlay must have the mode of the image below, and detect no zeroes',
        );
        if (!readOnly) {
          await writeNode(t, overlay, 0, 64 * KiB, 1);
          await perform(t, overlay, { kind: 'discard', offset: 0, length: 64 * KiB });
        }
        await t.execute('blockdev-del', { 'node-name': user });
        t.check((await findNode(t, overlay)) === undefined, 'the overlay must go with its user', 'it stays');
        await t.execute('blockdev-del', { 'node-name': node });
        if (!readOnly)
          t.equal(
            placeOf(await bytesOf(t, made.local), 0) === null,
            discard === 'unmap',
            'a discard must take its place from a cluster of the overlay if the image below lets it',
          );
      }
    },
  },
];
