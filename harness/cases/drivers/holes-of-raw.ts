/** What raw with an offset takes for data and for holes. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  CLUSTERS,
  chainNodes,
  checkContent,
  release,
} from '../helpers/backing-chains.ts';
import { endedReady, mirrorJobs } from '../helpers/job-steps.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { addRaw, makeFile, needs } from '../helpers/shared-setup.ts';

const HALF = CHAIN_SIZE / 2;

/** Data in the upper half alone, in the lower half alone, and crosswise. */
const IMAGES = [
  [CLUSTERS / 2, CLUSTERS - 1],
  [0, 3],
  [1, CLUSTERS / 2, CLUSTERS / 2 + 3],
];

export const holesOfRaw: readonly CaseDefinition[] = [
  {
    id: 'qcow2/holes-below-raw',
    title: 'A mirror of raw with an offset copies what is there, wherever the node below has data and holes',
    requirements: ['raw/offset'],
    needs: needs(chainNodes, mirrorJobs),
    async run(t: CaseContext) {
      for (const indices of IMAGES) {
        const clusters = new Map(indices.map((index) => [index, 0x40 + index]));
        const content = Buffer.alloc(CHAIN_SIZE);
        for (const [index, byte] of clusters) content.fill(byte, index * CLUSTER, (index + 1) * CLUSTER);
        const image = await makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, clusters }));
        const below = await addQcow2(t, image);
        const device = t.name('window');
        await t.execute('blockdev-add', { driver: 'raw', 'node-name': device, offset: HALF, file: below });
        const { name: target, file } = await addRaw(t, HALF);
        const id = t.name('job');
        await t.execute('blockdev-mirror', { 'job-id': id, device, target, sync: 'full' });
        await t.event('BLOCK_JOB_READY', { device: id });
        await endedReady(t, id);
        await release(t, [below, device, target]);
        await checkContent(t, file, content.subarray(HALF), 'what is behind the offset');
      }
    },
  },
];
