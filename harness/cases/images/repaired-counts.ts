/** The repair of a qcow2 image that is marked as in use, where its counts are lost, too low or too high. */
import { COMPATIBLE, INCOMPATIBLE, parseQcow2Header } from '../../qcow2/qcow2-header.ts';
import { nonzeroRefcounts } from '../../qcow2/qcow2-refcounts.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, chainNodes, release } from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { nodeBytes, readNode, writeNode } from '../helpers/node-io.ts';
import { buildQcow2, dataOf, parseQcow2, refcountBlockOf, refcountTableOf } from '../helpers/qcow2-image.ts';
import { KiB, makeFile, needs } from '../helpers/shared-setup.ts';

const CLUSTER = 4 * KiB;
const SIZE = 16 * CLUSTER;
/** What the image has before: guest clusters, each with the byte that fills it. */
const HAD = new Map([
  [1, 0x11],
  [4, 0x44],
  [5, 0x55],
  [9, 0x99],
]);
/** The guest cluster that is written after the repair, and its byte. */
const NEW = [12, 0xcc] as const;

/** Does something to the image's counts, has an endpoint repair it and write, and judges what is in the file then. */
async function checkRepaired(t: CaseContext, harm: (image: Buffer) => void): Promise<void> {
  const image = buildQcow2({
    size: SIZE,
    clusterSize: CLUSTER,
    compatible: Number(COMPATIBLE.lazyRefcounts),
    incompatible: Number(INCOMPATIBLE.dirty),
    clusters: HAD,
  });
  harm(image);
  const file = await makeFile(t, image);
  const node = await addQcow2(t, file);
  await writeNode(t, node, NEW[0] * CLUSTER, CLUSTER, NEW[1]);
  const disk = await readNode(t, node, 0, SIZE);
  const content = new Map([...HAD, NEW]);
  const wrong = disk.findIndex((byte, at) => byte !== (content.get(Math.floor(at / CLUSTER)) ?? 0));
  t.check(
    wrong === -1,
    'a repaired image must hold what it held, and what was written since',
    `byte ${wrong} is something else`,
  );
  await release(t, [node]);
  const after = await bytesOf(t, file.local);
  t.check(!parseQcow2(after).dirty, 'the image must not stay marked as in use', 'it does');
  const header = parseQcow2Header(after);
  const counts = nonzeroRefcounts(after, header);
  const counted = (offset: number) => String(counts.get(offset / CLUSTER) ?? 0n);
  const block = Number(after.readBigUInt64BE(header.refcountTableOffset));
  t.equal(
    [0, header.refcountTableOffset, block, header.l1Offset].map(counted),
    ['1', '1', '1', '1'],
    'the header, the tables and the block of counts itself must be counted once',
  );
  // header, table of blocks, block, L1 and L2 table
  t.equal(counts.size, 5 + content.size, 'just the clusters that are in use must be counted');
}

const repairs = needs(chainNodes, nodeBytes);

/** The cases of counts that are put right. */
export const repairedCounts: readonly CaseDefinition[] = [
  {
    id: 'qcow2/repaired-without-counts',
    title: 'The repair of an image that has no block of counts makes one, which is counted as well',
    requirements: ['qcow2/lazy-refcounts-repaired'],
    needs: repairs,
    run: (t: CaseContext) =>
      checkRepaired(t, (image) => {
        image.fill(0, refcountTableOf(CLUSTER), refcountTableOf(CLUSTER) + 8);
        image.fill(0, refcountBlockOf(CLUSTER), refcountBlockOf(CLUSTER) + CLUSTER);
      }),
  },
  {
    id: 'qcow2/repaired-leaks',
    title: 'The repair of an image gives clusters free that nobody refers to, and takes counts back',
    requirements: ['qcow2/lazy-refcounts-repaired'],
    needs: repairs,
    run: (t: CaseContext) =>
      checkRepaired(t, (image) => {
        const first = dataOf(CLUSTER) / CLUSTER;
        // used by nobody, twice, three times, and not at all though in use
        for (const [cluster, count] of [
          [first + HAD.size, 1],
          [first + HAD.size + 2, 7],
          [first, 2],
          [first + 1, 3],
          [first + 2, 0],
        ] as const)
          image.writeUInt16BE(count, refcountBlockOf(CLUSTER) + cluster * 2);
      }),
  },
];
