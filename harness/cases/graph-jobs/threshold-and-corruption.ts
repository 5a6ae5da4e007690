/** Events that writes and reads bring about: thresholds reached, exceeded and set anew; images found to be broken. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, CHAIN_SIZE, CLUSTER, chainNodes } from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { attempt, nodeBytes, nodeIo, openIo, readNode } from '../helpers/node-io.ts';
import { buildQcow2, entryTo, refcountTableOf } from '../helpers/qcow2-image.ts';
import {
  addNode,
  type CaseFile,
  dataNodes,
  KiB,
  MiB,
  makeFile,
  needs,
  nodeInfo,
} from '../helpers/shared-setup.ts';

const thresholds = needs(dataNodes, nodeIo, {
  commands: ['block-set-write-threshold'],
  events: ['BLOCK_WRITE_THRESHOLD'],
});
const EVENT = 'BLOCK_WRITE_THRESHOLD';
const corruption = needs(chainNodes, { ...nodeBytes, events: ['BLOCK_IMAGE_CORRUPTED'] });

/** Sets the threshold of a node. */
const set = (t: CaseContext, node: string, value: number | bigint) =>
  t.execute('block-set-write-threshold', { 'node-name': node, 'write-threshold': value });

/** How many events of a threshold came and were not waited for. */
const told = (t: CaseContext): number => t.pending().filter(({ event }) => event === EVENT).length;

/** An image of which guest cluster 0 leads to byte `offset` of the file, and cluster 1 is sound and holds 0x11. */
const makeBroken = (t: CaseContext, offset: number): Promise<CaseFile> =>
  makeFile(
    t,
    buildQcow2({
      size: CHAIN_SIZE,
      clusterSize: CLUSTER,
      clusters: new Map([[1, 0x11]]),
      entries: new Map([[0, entryTo(offset)]]),
    }),
  );

const inCluster = (index: number) => ({ offset: index * CLUSTER, length: 4 * KiB });

/** The cases of thresholds and broken images. */
export const thresholdAndCorruption: readonly CaseDefinition[] = [
  {
    id: 'BLOCK_WRITE_THRESHOLD/reached',
    title:
      'A write that ends exactly at the threshold brings the event, or none; one byte more does in any case',
    requirements: ['BLOCK_WRITE_THRESHOLD/reached', 'BLOCK_WRITE_THRESHOLD/emitted'],
    needs: thresholds,
    async run(t: CaseContext) {
      const node = await addNode(t, { size: MiB });
      const io = await openIo(t, node);
      await set(t, node, 64 * KiB);
      await io.perform({ kind: 'write', offset: 0, length: 64 * KiB, byte: 1 });
      const { write_threshold: left } = await nodeInfo(t, node);
      if (told(t) === 0) {
        t.info('BLOCK_WRITE_THRESHOLD/reached: a write up to the threshold brings no event');
        t.equal(left ?? null, 64 * KiB, 'a threshold without an event must stay');
      } else {
        t.equal(left ?? null, 0, 'a threshold whose event came must be gone');
        await t.event(EVENT, { 'node-name': node, 'amount-exceeded': 0 });
        await set(t, node, 64 * KiB);
      }
      await io.perform({ kind: 'write', offset: 64 * KiB, length: 512, byte: 1 });
      await t.event(EVENT, { 'node-name': node, 'amount-exceeded': 512, 'write-threshold': 64 * KiB });
    },
  },
  {
    id: 'BLOCK_WRITE_THRESHOLD/set-anew',
    title: 'A threshold that is set anew brings its event again, at once; one that was set to 0 brings none',
    requirements: ['BLOCK_WRITE_THRESHOLD/again', 'block-set-write-threshold/zero-disables'],
    needs: thresholds,
    async run(t: CaseContext) {
      const node = await addNode(t, { size: MiB });
      const io = await openIo(t, node);
      const write = (offset: number) => io.perform({ kind: 'write', offset, length: 4 * KiB, byte: 1 });
      for (const threshold of [4 * KiB, 8 * KiB]) {
        await set(t, node, threshold);
        await write(64 * KiB);
        await nodeInfo(t, node);
        t.check(told(t) === 1, 'the event must be there before the next reply', 'it is not');
        await t.event(EVENT, { 'amount-exceeded': 68 * KiB - threshold, 'write-threshold': threshold });
      }
      await set(t, node, 4 * KiB);
      await set(t, node, 0);
      await write(64 * KiB);
      await nodeInfo(t, node);
      t.check(told(t) === 0, 'a threshold that was taken away must bring no event', 'one came');
    },
  },
  {
    id: 'BLOCK_WRITE_THRESHOLD/only-its-node',
    title: 'Reads, and writes to another node, do not exceed a threshold; the largest one is never exceeded',
    requirements: ['BLOCK_WRITE_THRESHOLD/emitted', 'block-set-write-threshold/not-negative'],
    needs: thresholds,
    async run(t: CaseContext) {
      const [node, other] = [await addNode(t, { size: MiB }), await addNode(t, { size: MiB })];
      await set(t, node, 4 * KiB);
      await attempt(t, other, { kind: 'write', offset: 64 * KiB, length: 4 * KiB, byte: 1 });
      await attempt(t, node, { kind: 'read', offset: 64 * KiB, length: 4 * KiB });
      t.contains(await nodeInfo(t, node), { write_threshold: 4 * KiB }, 'the threshold must stay');
      await set(t, node, 2n ** 64n - 1n);
      await attempt(t, node, { kind: 'write', offset: 64 * KiB, length: 4 * KiB, byte: 1 });
      await nodeInfo(t, node);
      t.check(told(t) === 0, 'a threshold that no write exceeded must bring no event', 'one came');
      await set(t, node, 4 * KiB);
      await attempt(t, node, { kind: 'write', offset: 64 * KiB, length: 4 * KiB, byte: 1 });
      await t.event(EVENT, { 'node-name': node });
    },
  },
  {
    id: 'image-corrupted/out-of-use',
    title: 'After fatal corruption every read and write of the node fails, also where the image is sound',
    requirements: ['BLOCK_IMAGE_CORRUPTED/unusable', 'BLOCK_IMAGE_CORRUPTED/emitted'],
    needs: corruption,
    async run(t: CaseContext) {
      const file = await makeBroken(t, refcountTableOf(CLUSTER));
      const node = await addQcow2(t, file);
      const sound = { kind: 'read', ...inCluster(1) } as const;
      const guest = await openIo(t, node);
      t.equal(await guest.attempt(sound), 'done', 'a sound cluster must be read before');
      const bad = await guest.attempt({ kind: 'write', ...inCluster(0), byte: 0x77 });
      t.check(bad !== 'done', 'a write into metadata must fail', 'it succeeded');
      const { data } = await t.event('BLOCK_IMAGE_CORRUPTED', { 'node-name': node, fatal: true });
      t.contains(
        data ?? null,
        { offset: refcountTableOf(CLUSTER), size: 4 * KiB },
        'the event must tell the access that was stopped',
        { requirement: 'BLOCK_IMAGE_CORRUPTED/offset-and-size' },
      );
      const bytes = await bytesOf(t, file.local);
      for (const request of [sound, { kind: 'write', ...inCluster(1), byte: 0x55 }] as const) {
        const outcome = await guest.attempt(request);
        t.check(outcome !== 'done', `a ${request.kind} of a corrupt image must fail`, 'it succeeded');
      }
      t.check(
        (await bytesOf(t, file.local)).equals(bytes),
        'a corrupt image must stay as it is',
        'it changed',
      );
    },
  },
  {
    id: 'image-corrupted/goes-on',
    title:
      'After corruption that is not fatal the sound clusters of the node are read on, and no access is told',
    requirements: ['BLOCK_IMAGE_CORRUPTED/not-fatal', 'BLOCK_IMAGE_CORRUPTED/offset-and-size'],
    needs: corruption,
    async run(t: CaseContext) {
      const node = await addQcow2(t, await makeBroken(t, 5 * CLUSTER + 512), { 'read-only': true });
      const bad = await attempt(t, node, { kind: 'read', ...inCluster(0) });
      t.check(
        !Buffer.isBuffer(bad) && bad !== 'ok',
        'a read of the broken cluster must fail',
        'it succeeded',
      );
      const { data } = await t.event('BLOCK_IMAGE_CORRUPTED', { 'node-name': node, fatal: false });
      for (const member of ['offset', 'size'])
        t.check(
          !(member in (data as JsonObject)),
          `the event must have no ${member}: no access showed it`,
          'it has',
        );
      const sound = await readNode(t, node, CLUSTER, 4 * KiB);
      t.check(
        sound.every((byte) => byte === 0x11),
        'a sound cluster must be read after corruption that is not fatal',
        'it gave something else',
      );
    },
  },
];
