/** What a qcow2 image holds when its endpoint crashed: what was flushed, and a structure that is sound again. */

import { COMPATIBLE } from '../../qcow2/qcow2-header.ts';
import { refcountOf } from '../../qcow2/qcow2-refcounts.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  CLUSTERS,
  chainNodes,
  readImage,
  release,
} from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { buildQcow2, parseQcow2, placeOf } from '../helpers/qcow2-image.ts';
import { type CaseFile, makeFile, needs } from '../helpers/shared-setup.ts';

const crashes = needs(chainNodes, nodeBytes, { capabilities: ['owned'] });

/** The clusters that are written before the flush, and those after it. */
const FLUSHED = [0, 3, 9];
const LATER = [5, 9];

/** An endpoint writes to the image, flushes, writes more, and dies. */
async function crashedImage(t: CaseContext, compatible: number): Promise<CaseFile> {
  const image = { size: CHAIN_SIZE, clusterSize: CLUSTER, compatible };
  const file = await makeFile(t, buildQcow2({ ...image, clusters: new Map([[0, 0x11]]) }));
  const node = await addQcow2(t, file);
  const io = await openIo(t, node);
  const write = (index: number, byte: number) =>
    io.perform({ kind: 'write', offset: index * CLUSTER, length: CLUSTER, byte });
  for (const index of FLUSHED) await write(index, 0x22);
  await io.perform({ kind: 'flush' });
  for (const index of LATER) await write(index, 0x33);
  await io.close();
  await t.restart('kill');
  return file;
}

/** States that the image, opened anew, has what was flushed, or what was written later in its place. */
async function checkFlushed(t: CaseContext, node: string): Promise<void> {
  const io = await openIo(t, node, { writable: false });
  for (let index = 0; index < CLUSTERS; index += 1) {
    const bytes = await io.read(index * CLUSTER, CLUSTER);
    const possible = [FLUSHED.includes(index) ? 0x22 : 0, ...(LATER.includes(index) ? [0x33] : [])];
    t.check(
      bytes.every((byte) => possible.includes(byte)),
      'what was flushed must be there after a crash, and nothing that was not written',
      `cluster ${index} holds something else`,
    );
  }
  await io.close();
}

/** The cases whose endpoint dies. */
export const crashCases: readonly CaseDefinition[] = [
  {
    id: 'qcow2/flushed-before-a-crash',
    title: 'What was written to a qcow2 image and flushed is read from it after a crash of the endpoint',
    requirements: ['BlockdevCacheOptions/flush-is-carried-out'],
    needs: crashes,
    fresh: true,
    async run(t: CaseContext) {
      const file = await crashedImage(t, 0);
      await checkFlushed(t, await addQcow2(t, file));
    },
  },
  {
    id: 'qcow2/lazy-refcounts-after-a-crash',
    title:
      'An image with lazy refcounts is repaired when it is opened after a crash: its clusters are counted',
    requirements: ['qcow2/lazy-refcounts-repaired', 'BlockdevCacheOptions/flush-is-carried-out'],
    needs: crashes,
    fresh: true,
    async run(t: CaseContext) {
      const file = await crashedImage(t, Number(COMPATIBLE.lazyRefcounts));
      t.check((await readImage(t, file)).dirty, 'the image must be marked as in use', 'it is not');
      const node = await addQcow2(t, file);
      await checkFlushed(t, node);
      await release(t, [node]);
      const bytes = await bytesOf(t, file.local);
      t.check(!parseQcow2(bytes).dirty, 'the image must not be marked as in use when it is closed', 'it is');
      const counts = FLUSHED.map((index) => {
        const place = placeOf(bytes, index);
        return place === null ? null : refcountOf(bytes, place / CLUSTER);
      });
      t.equal(
        counts.map(String),
        FLUSHED.map(() => '1'),
        'each cluster must be counted once',
      );
    },
  },
];
