/** qcow2 images whose tables are too small for what is written: more of them, and every one counted. */
import { writeFile } from 'node:fs/promises';
import { INCOMPATIBLE, parseQcow2Header } from '../../qcow2/qcow2-header.ts';
import { nonzeroRefcounts } from '../../qcow2/qcow2-refcounts.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, release } from '../helpers/backing-chains.ts';
import { createQcow2, qcow2Creation } from '../helpers/created-images.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { nodeIo, openIo, writeNode } from '../helpers/node-io.ts';
import { parseQcow2 } from '../helpers/qcow2-image.ts';
import { type CaseFile, KiB, MiB, needs } from '../helpers/shared-setup.ts';

/** The smallest that there are: a block of counts of 64 bits is good for 32 KiB, and so is a table of entries. */
const CLUSTER = 512;
const SIZE = 4 * MiB;
/** Clusters that a block of counts of 64 bits is good for. */
const COUNTED = CLUSTER / 8;

/** An empty image in clusters of 512 bytes, with those options. */
function smallClusters(t: CaseContext, options: object): Promise<CaseFile> {
  return createQcow2(t, { size: SIZE, 'cluster-size': CLUSTER, ...options });
}

/** Writes 16 KiB at each place of an image, and gives the file when it is closed. */
async function written(t: CaseContext, file: CaseFile, places: readonly number[]): Promise<Buffer> {
  const node = await addQcow2(t, file);
  for (const place of places) await writeNode(t, node, place, 16 * KiB, 0x3c);
  await release(t, [node]);
  return bytesOf(t, file.local);
}

/** States that as many clusters are counted as the file has, each once: there are no snapshots. */
function checkCounts(t: CaseContext, bytes: Buffer): void {
  const counts = nonzeroRefcounts(bytes, parseQcow2Header(bytes));
  const wrong = [...counts.values()].filter((count) => count !== 1n).length;
  t.equal(wrong, 0, 'no cluster may be counted more than once');
}

/** The cases of tables that grow. What they leave is judged by the check of images as well. */
export const outgrownTables: readonly CaseDefinition[] = [
  {
    id: 'qcow2/counts-outgrown',
    title: 'Where an image outgrows its block of counts, the new ones are counted too, each once',
    requirements: ['x-blockdev-create/qcow2-refcount-bits', 'x-blockdev-create/qcow2-cluster-size'],
    needs: needs(qcow2Creation, nodeIo),
    async run(t: CaseContext) {
      const file = await smallClusters(t, { 'refcount-bits': 64 });
      const node = await addQcow2(t, file);
      const io = await openIo(t, node);
      // cluster by cluster, so that a block is full when the next is made
      for (let cluster = 0; cluster < COUNTED + 8; cluster += 1)
        await io.perform({ kind: 'write', offset: cluster * CLUSTER, length: CLUSTER, byte: 0x3d });
      await io.close();
      await release(t, [node]);
      const bytes = await written(t, file, [64 * KiB]);
      checkCounts(t, bytes);
    },
  },
  {
    id: 'qcow2/table-of-counts-outgrown',
    title: 'Where an image outgrows its table of counts, the longer one is counted too, each cluster once',
    requirements: ['x-blockdev-create/qcow2-refcount-bits', 'x-blockdev-create/qcow2-cluster-size'],
    needs: needs(qcow2Creation, nodeIo),
    async run(t: CaseContext) {
      const file = await smallClusters(t, { 'refcount-bits': 64 });
      const node = await addQcow2(t, file);
      await writeNode(t, node, 0, COUNTED * COUNTED * CLUSTER, 0x3d);
      await release(t, [node]);
      const bytes = await bytesOf(t, file.local);
      t.check(
        parseQcow2Header(bytes).refcountTableClusters > 1,
        'the table of counts must be longer than a cluster',
        'it is not',
      );
      checkCounts(t, bytes);
    },
  },
  {
    id: 'qcow2/repaired-in-small-clusters',
    title:
      'The repair of an image that is marked as in use counts all of a table that takes several clusters',
    requirements: ['qcow2/lazy-refcounts-repaired'],
    needs: needs(qcow2Creation, nodeIo),
    async run(t: CaseContext) {
      const file = await smallClusters(t, { 'lazy-refcounts': true });
      const bytes = Buffer.from(await written(t, file, [0, 3 * MiB]));
      const { l1Offset, l1Size, refcountTableOffset } = parseQcow2Header(bytes);
      t.check(l1Size * 8 > CLUSTER, 'the L1 table must take several clusters', `it has ${l1Size} entries`);
      // as after a crash: marked, and the counts of the table are not written
      bytes.writeBigUInt64BE(INCOMPATIBLE.dirty, INCOMPATIBLE.at);
      const block = Number(bytes.readBigUInt64BE(refcountTableOffset));
      for (let index = 0; index < (l1Size * 8) / CLUSTER; index += 1)
        bytes.writeUInt16BE(0, block + (l1Offset / CLUSTER + index) * 2);
      await writeFile(file.local, bytes);
      const after = await written(t, file, [MiB]);
      t.check(!parseQcow2(after).dirty, 'the image must not stay marked as in use', 'it does');
      const counts = nonzeroRefcounts(after, parseQcow2Header(after));
      const table = Array.from({ length: (l1Size * 8) / CLUSTER }, (_, index) =>
        String(counts.get(l1Offset / CLUSTER + index) ?? 0n),
      );
      t.equal(
        table,
        table.map(() => '1'),
        'each cluster of the table must be counted once',
      );
      checkCounts(t, after);
    },
  },
];
