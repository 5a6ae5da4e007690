/** What requests of each kind meet in a node: its latency, the end of its window, its threshold. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, chainNodes, release } from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { attempt, nodeBytes, nodeIo, openIo, perform, readNode } from '../helpers/node-io.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import {
  addNode,
  addRaw,
  dataNodes,
  fileNodes,
  KiB,
  MiB,
  makeFile,
  needs,
  nodeCommands,
  nodeInfo,
} from '../helpers/shared-setup.ts';

const LATENCY_MS = 50;
const CLUSTER = 64 * KiB;

export const kindsOfRequest: readonly CaseDefinition[] = [
  {
    id: 'null/latency-of-each-request',
    title: 'latency-ns of a null node holds reads and writes alike for at least as long',
    requirements: ['null/latency'],
    needs: needs(nodeCommands, nodeBytes, { drivers: ['null-co'] }),
    async run(t: CaseContext) {
      const node = t.name('null');
      const options = { driver: 'null-co', size: MiB, 'latency-ns': LATENCY_MS * 1_000_000 };
      await t.execute('blockdev-add', { ...options, 'node-name': node });
      const io = await openIo(t, node);
      for (const kind of ['read', 'write'] as const) {
        const took = await t.timed(() => io.perform({ kind, offset: 0, length: 4 * KiB, byte: 0x61 }));
        t.check(
          took >= LATENCY_MS * 0.95,
          `a ${kind} must take at least ${LATENCY_MS} ms`,
          `it took ${Math.floor(took)} ms`,
        );
      }
      await io.close();
    },
  },
  {
    id: 'raw/size-bounds-its-parents',
    title:
      'An image in a raw window of its length cannot grow; in one that is a cluster longer it can, by that',
    requirements: ['raw/size', 'raw/size-fixed'],
    needs: needs(fileNodes, nodeIo, { drivers: ['qcow2'] }),
    async run(t: CaseContext) {
      const image = buildQcow2({ size: MiB, clusterSize: CLUSTER });
      const behind = Buffer.alloc(2 * CLUSTER, 0x5a);
      for (const room of [0, CLUSTER]) {
        const content = Buffer.concat([image, Buffer.alloc(room), behind]);
        const { name: window, file } = await addRaw(t, content, { size: image.length + room });
        const node = t.name('qcow2');
        await t.execute('blockdev-add', { driver: 'qcow2', 'node-name': node, file: window });
        const outcome = await attempt(t, node, { kind: 'write', offset: 0, length: CLUSTER, byte: 0x61 });
        if (outcome !== 'untold')
          t.equal(
            outcome === 'done',
            room > 0,
            `a write that needs a further cluster must succeed exactly where the window has room, of ${room} bytes`,
          );
        await release(t, [window, node]);
        t.check(
          (await bytesOf(t, file.local))
            .subarray(image.length + room, image.length + room + behind.length)
            .equals(behind),
          'no byte behind a raw window must change',
          'some did',
        );
      }
    },
  },
  {
    id: 'BLOCK_WRITE_THRESHOLD/zeroes',
    title: 'A write of zeroes beyond the threshold brings the event as one of data does; a read brings none',
    requirements: ['BLOCK_WRITE_THRESHOLD/emitted'],
    needs: needs(dataNodes, nodeIo, {
      commands: ['block-set-write-threshold'],
      events: ['BLOCK_WRITE_THRESHOLD'],
    }),
    async run(t: CaseContext) {
      const node = await addNode(t, { size: MiB });
      await t.execute('block-set-write-threshold', { 'node-name': node, 'write-threshold': CLUSTER });
      await perform(t, node, { kind: 'read', offset: CLUSTER, length: CLUSTER });
      t.contains(await nodeInfo(t, node), { write_threshold: CLUSTER }, 'the threshold must stay');
      await perform(t, node, { kind: 'write-zeroes', offset: CLUSTER, length: CLUSTER });
      const told = { 'node-name': node, 'amount-exceeded': CLUSTER, 'write-threshold': CLUSTER };
      await t.event('BLOCK_WRITE_THRESHOLD', told);
    },
  },
  {
    id: 'raw/zeroes-in-window',
    title:
      'Zeroes that are written to a raw node with an offset are that far into its file, and nothing else changes',
    requirements: ['raw/offset'],
    needs: needs(fileNodes, nodeIo),
    async run(t: CaseContext) {
      const content = Buffer.alloc(4 * CLUSTER, 0x5a);
      const { name: window, file } = await addRaw(t, content, { offset: 2 * CLUSTER });
      await perform(t, window, { kind: 'write-zeroes', offset: CLUSTER, length: CLUSTER });
      await release(t, [window]);
      t.check(
        (await bytesOf(t, file.local)).equals(content.fill(0, 3 * CLUSTER)),
        'the last cluster of the file must be zero, and no other',
        'the file holds something else',
      );
    },
  },
  {
    id: 'blkdebug/zeroes-off-alignment',
    title:
      'Zeroes that neither begin nor end at a multiple of align are written to their last byte, and no further',
    requirements: ['blkdebug/align'],
    needs: needs(fileNodes, nodeBytes, { drivers: ['blkdebug'] }),
    async run(t: CaseContext) {
      const content = Buffer.alloc(CLUSTER, 0x5a);
      const file = await makeFile(t, content);
      const node = t.name('aligned');
      await t.execute('blockdev-add', {
        driver: 'blkdebug',
        'node-name': node,
        image: { driver: 'file', filename: file.path },
        align: 4 * KiB,
      });
      await perform(t, node, { kind: 'write-zeroes', offset: 3 * KiB, length: 10 * KiB });
      await release(t, [node]);
      t.check(
        (await bytesOf(t, file.local)).equals(content.fill(0, 3 * KiB, 13 * KiB)),
        'the file must be zero from 3 KiB to 13 KiB, and nowhere else',
        'it holds something else',
      );
    },
  },
  {
    id: 'qcow2/zeroes-hide-backing-in-version-2',
    title:
      'Zeroes that are written to an image of version 2 are read as zeroes, whatever the backing file holds there',
    requirements: ['qcow2/shapes'],
    needs: needs(chainNodes, nodeBytes),
    async run(t: CaseContext) {
      const base = await makeFile(t, Buffer.alloc(4 * CLUSTER, 0x5a));
      const backing = { name: base.path, format: 'raw' };
      for (const version of [2, 3] as const) {
        const made = buildQcow2({ size: 4 * CLUSTER, clusterSize: CLUSTER, version, backing });
        const file = await makeFile(t, made);
        const node = await addQcow2(t, file);
        await perform(t, node, { kind: 'write-zeroes', offset: CLUSTER, length: CLUSTER });
        const bytes = await readNode(t, node, 0, 4 * CLUSTER);
        t.check(
          bytes.equals(Buffer.alloc(4 * CLUSTER, 0x5a).fill(0, CLUSTER, 2 * CLUSTER)),
          `the second cluster of an image of version ${version} must be zero, and the others as in the backing file`,
          'it reads something else',
        );
        await release(t, [node]);
      }
    },
  },
];
