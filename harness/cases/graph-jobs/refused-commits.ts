/** A commit that is refused changes nothing: neither what may be written nor how long an image is. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  addLayers,
  CHAIN_SIZE,
  CLUSTER,
  chainNodes,
  makeChain,
  makeLayers,
} from '../helpers/backing-chains.ts';
import { completed, endedReady } from '../helpers/job-steps.ts';
import { needs, nodeInfo, nodeNames, virtualSize } from '../helpers/shared-setup.ts';

const commits = needs(chainNodes, {
  commands: ['block-commit', 'block-job-cancel', 'query-block-jobs'],
  events: ['BLOCK_JOB_READY', 'BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED'],
});

/** The cases of refused commits. */
export const refusedCommits: readonly CaseDefinition[] = [
  {
    id: 'block-commit/refused-filter-changes-nothing',
    title:
      'A commit that is refused for the name of its filter leaves the images read-only, and no node behind',
    requirements: ['block-commit/filter-name-refused', 'block-commit/reopens-base'],
    needs: needs(commits, { members: ['block-commit.filter-node-name'] }),
    async run(t: CaseContext) {
      const layers = await addLayers(t, await makeChain(t, 3), { 'read-only': true });
      const [base, middle, device] = layers;
      const before = (await nodeNames(t)).toSorted();
      const id = t.name('job');
      const below = { top: middle!.file.path };
      const args = { 'job-id': id, device: device!.node };
      for (const which of [below, {}])
        for (const name of [base!.node, '1-no-name']) {
          await t.refused('block-commit', { ...args, ...which, 'filter-node-name': name });
          for (const { node } of layers)
            t.contains(await nodeInfo(t, node), { ro: true }, 'each image must be read-only after a refusal');
          t.equal((await nodeNames(t)).toSorted(), before, 'a refused commit must leave no node');
        }
      await t.execute('block-commit', { ...args, ...below, 'filter-node-name': t.name('filter') });
      await completed(t, id, 'commit');
      t.contains(await nodeInfo(t, base!.node), { ro: true }, 'the base must be read-only after the commit');
    },
  },
  {
    id: 'block-commit/refused-keeps-size',
    title: 'The base of a commit that is refused keeps its size; it grows with one that is not',
    requirements: ['block-commit/base-grows', 'block-commit/speed'],
    needs: commits,
    async run(t: CaseContext) {
      const image = { clusterSize: CLUSTER, clusters: new Map([[0, 0x11]]) };
      const files = await makeLayers(t, [
        { ...image, size: CHAIN_SIZE / 2 },
        { ...image, size: CHAIN_SIZE },
        { ...image, size: CHAIN_SIZE },
      ]);
      const [base, middle, device] = await addLayers(t, files);
      const [id, other] = [t.name('job'), t.name('other')];
      const keeps = async (): Promise<void> =>
        t.equal(await virtualSize(t, base!.node), CHAIN_SIZE / 2, 'a refused commit must not change a size');
      const below = { top: middle!.file.path };
      for (const which of [below, {}])
        for (const fault of [{ speed: -1 }, { 'job-id': '1-no-id' }]) {
          await t.refused('block-commit', { 'job-id': id, device: device!.node, ...which, ...fault });
          await keeps();
        }
      await t.execute('block-commit', { 'job-id': other, device: device!.node });
      await t.event('BLOCK_JOB_READY', { device: other });
      t.equal(await virtualSize(t, base!.node), CHAIN_SIZE, 'the base must grow with a commit');
      await endedReady(t, other);
    },
  },
];
