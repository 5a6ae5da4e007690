/** Images that are made smaller within a cluster, and grow again: what was cut off is gone. */
import { deflateRawSync } from 'node:zlib';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, chainNodes, checkContent, release } from '../helpers/backing-chains.ts';
import { nodeBytes, readNode } from '../helpers/node-io.ts';
import { buildQcow2, type NewQcow2 } from '../helpers/qcow2-image.ts';
import { KiB, makeFile, needs, virtualSize } from '../helpers/shared-setup.ts';

const CLUSTER = 64 * KiB;
const SIZE = 4 * CLUSTER;

const resizing = needs(chainNodes, nodeBytes, { commands: ['block_resize'] });

const filled = new Map([0x41, 0x42, 0x43, 0x44].map((byte, index) => [index, byte]));

/** What a guest reads of such an image, of which only the first `kept` bytes are left. */
function left(kept: number, size: number): Buffer {
  const content = Buffer.alloc(SIZE + CLUSTER);
  for (const [index, byte] of filled) content.fill(byte, index * CLUSTER, (index + 1) * CLUSTER);
  return content.fill(0, kept).subarray(0, size);
}

/** Cuts an image to each size and has it grow back, and to a size that is no multiple either. */
async function cutAndGrow(t: CaseContext, image: Partial<NewQcow2>, cuts: readonly number[]): Promise<void> {
  const file = await makeFile(t, buildQcow2({ size: SIZE, clusterSize: CLUSTER, ...image }));
  const node = await addQcow2(t, file);
  const resize = async (size: number): Promise<void> => {
    await t.execute('block_resize', { 'node-name': node, size });
    t.equal(await virtualSize(t, node), size, 'the node must have the size that it was given');
  };
  for (const kept of cuts) {
    await resize(kept);
    t.check(
      (await readNode(t, node, 0, kept)).equals(left(kept, kept)),
      'what is left must be as it was',
      'it is not',
    );
    for (const size of [kept + 8 * KiB, SIZE + 24 * KiB]) {
      await resize(size);
      t.check(
        (await readNode(t, node, 0, size)).equals(left(kept, size)),
        `behind ${kept} bytes that were left an image of ${size} must read as zeroes`,
        'it reads something else',
      );
    }
  }
  const last = cuts.at(-1)!;
  await release(t, [node]);
  await checkContent(t, file, left(last, SIZE + 24 * KiB), 'the closed image');
}

/** Cases of images that are cut. */
export const cutImages: readonly CaseDefinition[] = [
  {
    id: 'block_resize/cut-within-cluster',
    title: 'What was cut off within a cluster is zeroes when the image grows again, at each of several cuts',
    requirements: ['block_resize/data-kept'],
    needs: resizing,
    run: (t: CaseContext) =>
      cutAndGrow(t, { clusters: filled }, [3 * CLUSTER + 4 * KiB, 2 * CLUSTER - 512, 512]),
  },
  {
    id: 'block_resize/cut-within-compressed-cluster',
    title: 'What was cut off within a compressed cluster is zeroes when the image grows again',
    requirements: ['block_resize/data-kept'],
    needs: resizing,
    run: (t: CaseContext) => {
      const packed = (byte: number) => deflateRawSync(Buffer.alloc(CLUSTER, byte), { windowBits: 12 });
      const compressed = new Map([...filled].map(([index, byte]) => [index, packed(byte)]));
      return cutAndGrow(t, { compressed }, [CLUSTER + 12 * KiB]);
    },
  },
];
