/** What a commit keeps everybody from, on each image of its chain, while it works. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addLayers, chainNodes, type Layer } from '../helpers/backing-chains.ts';
import { cancelled } from '../helpers/job-steps.ts';
import { buildQcow2, dataOf } from '../helpers/qcow2-image.ts';
import { type CaseFile, KiB, MiB, makeFile, needs } from '../helpers/shared-setup.ts';

const CLUSTER = 64 * KiB;
const SIZE = 12 * MiB;
/**
 * Some of every stretch that is copied as one, so that a limit holds the job. A job that is drained by another command may
 * copy one more stretch when it goes on.
 */
const clustersFrom = (first: number) =>
  new Map(Array.from({ length: SIZE / (8 * CLUSTER) }, (_, index) => [first + 8 * index, 0x31]));

/** Five images, bottom first; a guest of the second finds an image in its first cluster. */
async function makeChain(t: CaseContext): Promise<Layer[]> {
  const files: CaseFile[] = [];
  for (let index = 0; index < 5; index += 1) {
    const below = files.at(-1);
    const backing = below && { backing: { name: below.path, format: 'qcow2' } };
    const clusters = clustersFrom(index === 0 ? 1 : 0);
    const bytes = buildQcow2({ size: SIZE, clusterSize: CLUSTER, clusters, ...backing });
    if (index === 1) bytes.set(buildQcow2({ size: 4 * KiB, clusterSize: 4 * KiB }), dataOf(CLUSTER));
    files.push(await makeFile(t, bytes));
  }
  return addLayers(t, files);
}

export const claimedChains: readonly CaseDefinition[] = [
  {
    id: 'block-commit/claims-its-chain',
    title: 'While a commit works nobody streams into an image of its chain or grows one; afterwards they can',
    requirements: ['blockdev-add/users-agree'],
    needs: needs(chainNodes, {
      commands: ['block-commit', 'block-stream', 'block-job-cancel'],
      events: ['BLOCK_JOB_CANCELLED', 'BLOCK_JOB_COMPLETED'],
    }),
    async run(t: CaseContext) {
      const layers = await makeChain(t);
      const [base, low, middle, overlay, top] = layers;
      const id = t.name('job');
      const commit = { device: top!.node, top: middle!.file.path, base: base!.file.path, speed: 1 };
      await t.execute('block-commit', { 'job-id': id, ...commit });
      /** Into one image alone. */
      const stream = ({ node: device }: Layer, below?: Layer): JsonObject => ({
        'job-id': t.name('job'),
        device,
        ...(below && { base: below.file.path }),
        speed: 1,
      });
      const format = () => ({ driver: 'qcow2', 'node-name': t.name('format'), file: low!.node });
      for (const [index, layer] of layers.entries()) {
        const args = stream(layer, layers[index - 1]);
        if (layer !== overlay) {
          await t.refused('block-stream', args);
          continue;
        }
        // The job is done with the images below it, and newer versions let others work on that one.
        const { error } = await t.request({ execute: 'block-stream', arguments: args });
        if (error !== undefined) continue;
        t.info('the image above those of a commit takes a stream while the commit works');
        // There is nothing to copy for it.
        await t.event('BLOCK_JOB_COMPLETED', { device: args['job-id']! });
      }
      await t.refused('blockdev-add', format());
      await cancelled(t, id);
      for (const layer of layers.slice(1)) {
        const args = stream(layer);
        await t.execute('block-stream', args);
        await cancelled(t, String(args['job-id']));
      }
      await t.execute('blockdev-add', format());
    },
  },
];
