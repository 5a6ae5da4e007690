/** Jobs over chains whose images have unlike clusters: what each image holds at the end, by itself and for a guest. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  addLayers,
  chainNodes,
  checkContent,
  type Layer,
  makeLayers,
  release,
} from '../helpers/backing-chains.ts';
import { completed } from '../helpers/job-steps.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { KiB, needs } from '../helpers/shared-setup.ts';

/** No multiple of any cluster. */
const SIZE = 320 * KiB + 1536;

/** By layer, bottom first: bytes of a cluster, and the clusters that it has, the last one among them. */
const LAYERS = [
  { clusterSize: 64 * KiB, byte: 0x11, has: [0, 1, 3, 5] },
  { clusterSize: 4 * KiB, byte: 0x22, has: [1, 18, 19, 40, 80] },
  { clusterSize: 16 * KiB, byte: 0x33, has: [1, 9, 15] },
  { clusterSize: 32 * KiB, byte: 0x44, has: [6] },
] as const;

const jobs = (...commands: string[]) =>
  needs(chainNodes, nodeBytes, {
    commands: ['query-block-jobs', ...commands],
    events: ['BLOCK_JOB_COMPLETED'],
  });

/** What a guest reads of these layers above each other. */
function shown(from: number, to: number): Buffer {
  const content = Buffer.alloc(SIZE);
  for (const { clusterSize, byte, has } of LAYERS.slice(from, to))
    for (const index of has)
      content.fill(byte, index * clusterSize, Math.min(SIZE, (index + 1) * clusterSize));
  return content;
}

/** The chain of all layers, bottom first. */
async function chain(t: CaseContext): Promise<Layer[]> {
  const files = await makeLayers(
    t,
    LAYERS.map(({ clusterSize, byte, has }) => ({
      size: SIZE,
      clusterSize,
      clusters: new Map(has.map((index) => [index, byte])),
    })),
  );
  return addLayers(t, files);
}

/** Small writes of a guest across the borders of all clusters, also in what is read. */
async function writeAround(t: CaseContext, node: string, content: Buffer): Promise<void> {
  const guest = await openIo(t, node);
  for (const [index, offset] of [64 * KiB - 512, 84 * KiB, 160 * KiB - 512, SIZE - 512].entries()) {
    const length = Math.min(1024, SIZE - offset);
    await guest.perform({ kind: 'write', offset, length, byte: 0x90 + index });
    content.fill(0x90 + index, offset, offset + length);
  }
  t.check(
    (await guest.read(0, SIZE)).equals(content),
    'a guest must read what the layers hold, and what it wrote',
    'it reads something else',
  );
  await guest.close();
}

/** Cases of chains with unlike clusters. */
export const clustersOfChains: readonly CaseDefinition[] = [
  {
    id: 'block-stream/unlike-clusters',
    title:
      'A stream into an image of other clusters than those below leaves a guest all that it read, and the base out',
    requirements: ['block-stream/base-node', 'block-stream/keeps-writes'],
    needs: jobs('block-stream'),
    async run(t: CaseContext) {
      const layers = await chain(t);
      const [base, , , top] = layers;
      const id = t.name('job');
      await t.execute('block-stream', { 'job-id': id, device: top!.node, 'base-node': base!.node });
      await completed(t, id, 'stream');
      const content = shown(0, 4);
      await writeAround(t, top!.node, content);
      await release(
        t,
        layers.map(({ node }) => node),
      );
      await checkContent(t, top!.file, content, 'the chain of two');
      await checkContent(t, base!.file, shown(0, 1), 'the base');
    },
  },
  {
    id: 'block-commit/unlike-clusters',
    title: 'A commit of two images of other clusters into the lowest leaves a guest all that it read',
    requirements: ['block-commit/commits'],
    needs: jobs('block-commit'),
    async run(t: CaseContext) {
      const layers = await chain(t);
      const [base, , upper, top] = layers;
      const id = t.name('job');
      await t.execute('block-commit', { 'job-id': id, device: top!.node, top: upper!.file.path });
      await completed(t, id, 'commit');
      const content = shown(0, 4);
      await writeAround(t, top!.node, content);
      await release(
        t,
        layers.map(({ node }) => node),
      );
      await checkContent(t, top!.file, content, 'the chain of two');
      await checkContent(t, base!.file, shown(0, 3), 'the base');
    },
  },
];
