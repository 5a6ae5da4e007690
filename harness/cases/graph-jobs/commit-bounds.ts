/** Commits at their bounds: bases of another size or that are read-only, and other jobs on the same chain. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  addChain,
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  chainNodes,
  checkContent,
  guestContent,
  makeChain,
  release,
  stairs,
} from '../helpers/backing-chains.ts';
import { CRAWL, cancelled, checkNoJob, completed, jobInfo } from '../helpers/job-steps.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { makeFile, needs, nodeInfo } from '../helpers/shared-setup.ts';

const commits = needs(chainNodes, {
  commands: ['block-commit', 'query-block-jobs', 'block-job-cancel'],
  events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED'],
});

/** The cases of commits at their bounds. */
export const commitBounds: readonly CaseDefinition[] = [
  {
    id: 'block-commit/base-smaller-below-middle',
    title: 'A base that is smaller than an image in the middle takes its size; a larger one keeps its own',
    requirements: ['block-commit/base-grows'],
    needs: commits,
    async run(t: CaseContext) {
      for (const [size, after] of [
        [CHAIN_SIZE / 2, CHAIN_SIZE],
        [CHAIN_SIZE * 2, CHAIN_SIZE * 2],
      ] as const) {
        const files = [await makeFile(t, buildQcow2({ size, clusterSize: CLUSTER }))];
        const nodes = [await addQcow2(t, files[0]!)];
        for (const clusters of [new Map([[15, 0x44]]), new Map([[0, 0x55]])]) {
          const backing = { name: files.at(-1)!.path, format: 'qcow2' };
          const image = buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, backing, clusters });
          files.push(await makeFile(t, image));
          nodes.push(await addQcow2(t, files.at(-1)!, { backing: nodes.at(-1)! }));
        }
        const id = t.name('job');
        await t.execute('block-commit', { 'job-id': id, device: nodes[2]!, top: files[1]!.path });
        await completed(t, id, 'commit');
        t.contains(
          await nodeInfo(t, nodes[0]!),
          { image: { 'virtual-size': after } },
          'the base must have its size',
        );
        await release(t, [nodes[0]!, nodes[2]!, nodes[1]!]);
        const content = await guestContent(t, files[0]!.local);
        t.equal(content.length, after, `a base of ${size} bytes must have its size in its header`);
        t.equal(
          [content[15 * CLUSTER]!, content[0]!],
          [0x44, 0],
          'the base must hold what was committed, and no more',
        );
      }
    },
  },
  {
    id: 'block-commit/top-names-the-active',
    title: 'A top that is the file of the active image is committed as without top: the job gets ready',
    requirements: ['block-commit/active-waits', 'block-commit/top-default'],
    needs: needs(commits, { commands: ['block-job-complete'], events: ['BLOCK_JOB_READY'] }),
    async run(t: CaseContext) {
      const [base, middle, top] = await addChain(t, 3);
      const [id, device] = [t.name('job'), top!.node];
      await t.execute('block-commit', { 'job-id': id, device, top: top!.file.path, base: base!.file.path });
      await t.event('BLOCK_JOB_READY', { device: id });
      await t.execute('block-job-complete', { device: id });
      await completed(t, id, 'commit');
      await release(t, [base!.node, middle!.node, device]);
      await checkContent(t, base!.file, stairs(3), 'the base');
    },
  },
  {
    id: 'block-commit/read-only-base',
    title: 'A base that is read-only is made writable for a commit, cancelled or not, and is read-only again',
    requirements: ['block-commit/reopens-base'],
    needs: commits,
    async run(t: CaseContext) {
      const files = await makeChain(t, 3);
      const base = await addQcow2(t, files[0]!, { 'read-only': true });
      const middle = await addQcow2(t, files[1]!, { 'read-only': true, backing: base });
      const top = await addQcow2(t, files[2]!, { backing: middle });
      const id = t.name('job');
      const args = { 'job-id': id, device: top, top: files[1]!.path };
      await t.execute('block-commit', { ...args, speed: 1 });
      t.contains(await nodeInfo(t, base), { ro: false }, 'the base must be writable while the commit runs');
      await cancelled(t, id);
      t.contains(
        await nodeInfo(t, base),
        { ro: true },
        'the base must be read-only when the commit was cancelled',
      );
      await t.execute('block-commit', args);
      await completed(t, id, 'commit');
      t.contains(
        await nodeInfo(t, base),
        { ro: true },
        'the base must be read-only when the commit has completed',
      );
      await release(t, [base, top, middle]);
      t.check(
        (await guestContent(t, files[0]!.local)).equals(stairs(2)),
        'the base must hold what was committed',
        'it does not',
      );
    },
  },
  {
    id: 'block-commit/and-stream',
    title:
      'A chain that a stream works on takes no commit, and one that a commit works on no stream, until it has ended',
    requirements: ['block-commit/twice', 'block-stream/twice'],
    needs: needs(commits, { commands: ['block-stream'] }),
    async run(t: CaseContext) {
      const [, middle, top] = await addChain(t, 3);
      const [first, second] = [t.name('job'), t.name('job')];
      const commit = { device: top!.node, top: middle!.file.path, speed: CRAWL };
      const stream = { device: top!.node, speed: CRAWL };
      const jobs = [
        ['block-stream', stream],
        ['block-commit', commit],
      ] as const;
      for (const [[running, args], [other, refused]] of [jobs, [jobs[1], jobs[0]] as const]) {
        await t.execute(running, { ...args, 'job-id': first });
        await t.refused(other, { ...refused, 'job-id': second });
        await checkNoJob(t, second);
        t.contains(await jobInfo(t, first), { speed: CRAWL }, 'the first job must go on');
        await cancelled(t, first);
        await t.execute(other, { ...refused, 'job-id': second });
        await cancelled(t, second);
      }
    },
  },
];
