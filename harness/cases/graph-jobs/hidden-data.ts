/** Zeroes in the middle of a chain, which hide what is below: they must go on doing so when the middle is gone. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  chainNodes,
  checkContent,
  readImage,
  release,
} from '../helpers/backing-chains.ts';
import { completed } from '../helpers/job-steps.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { makeFile, needs } from '../helpers/shared-setup.ts';

/** An L2 entry without a place that says that its cluster reads as zeroes. */
const ZERO = 1n;

/** One case a job that takes the middle of a chain out. */
export const hiddenData: readonly CaseDefinition[] = (['block-stream', 'block-commit'] as const).map(
  (command) => ({
    id: `${command}/zeroes-hide-the-base`,
    title: `Zeroes that hid data of the base are read when a ${command} has taken the image that had them out of the chain`,
    requirements: [command === 'block-stream' ? 'block-stream/base-node' : 'block-commit/commits'],
    needs: needs(chainNodes, { commands: [command], events: ['BLOCK_JOB_COMPLETED'] }),
    async run(t: CaseContext) {
      const make = (image: Partial<Parameters<typeof buildQcow2>[0]>) =>
        makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, ...image }));
      const data = new Map(Array.from({ length: 8 }, (_, index) => [index, 0x11]));
      const below = await make({ clusters: data });
      const hiding = await make({
        entries: new Map([1, 2, 5].map((index) => [index, ZERO])),
        backing: { name: below.path, format: 'qcow2' },
      });
      const file = await make({ backing: { name: hiding.path, format: 'qcow2' } });
      const base = await addQcow2(t, below);
      const middle = await addQcow2(t, hiding, { backing: base });
      const top = await addQcow2(t, file, { backing: middle });
      const id = t.name('job');
      const bounds = command === 'block-stream' ? { 'base-node': base } : { top: hiding.path };
      await t.execute(command, { 'job-id': id, device: top, ...bounds });
      await completed(t, id, command === 'block-stream' ? 'stream' : 'commit');
      await release(t, [base, top, middle]);
      t.equal((await readImage(t, file)).backing, below.path, 'the top image must stand on the base');
      const content = Buffer.alloc(CHAIN_SIZE).fill(0x11, 0, 8 * CLUSTER);
      for (const index of [1, 2, 5]) content.fill(0, index * CLUSTER, (index + 1) * CLUSTER);
      await checkContent(t, file, content, 'the top image');
    },
  }),
);
