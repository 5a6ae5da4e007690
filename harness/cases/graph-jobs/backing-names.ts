/** Names of backing files as images and nodes hold them: written by jobs and commands, and looked up by others. */
import type { JsonObject } from '../../../spec/json.ts';
import { parseQcow2Header } from '../../qcow2/qcow2-header.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  addChain,
  addQcow2,
  chainNodes,
  makeChain,
  readImage,
  release,
  stairClusters,
} from '../helpers/backing-chains.ts';
import { ownClusters } from '../helpers/drive-chain.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { CRAWL, cancelled, checkNoJob, completed } from '../helpers/job-steps.ts';
import { needs, nodeInfo } from '../helpers/shared-setup.ts';

const jobs = needs(chainNodes, {
  commands: ['query-block-jobs', 'block-job-cancel'],
  events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED'],
});

/** The cases of backing-file strings. */
export const backingNames: readonly CaseDefinition[] = [
  {
    id: 'block-stream/unresolvable-backing-file',
    title:
      'After a stream wrote a name that leads nowhere the base is found by node, and no longer by that name',
    requirements: ['block-stream/backing-file-look-up'],
    needs: needs(jobs, { commands: ['block-stream'] }),
    async run(t: CaseContext) {
      const [base, , top] = await addChain(t, 3);
      const unseen = `${t.dir}/unseen.img`;
      const id = t.name('job');
      const start: JsonObject = { 'job-id': id, device: top!.node, speed: CRAWL };
      await t.execute('block-stream', {
        ...start,
        speed: 0,
        'base-node': base!.node,
        'backing-file': unseen,
      });
      await completed(t, id, 'stream');
      t.contains(
        await nodeInfo(t, top!.node),
        { backing_file_depth: 1 },
        'the base must be the backing node',
      );
      await t.refused('block-stream', { ...start, base: unseen });
      await checkNoJob(t, id);
      await t.execute('block-stream', { ...start, 'base-node': base!.node });
    },
  },
  {
    id: 'block-commit/unresolvable-backing-file',
    title: 'After a commit wrote a name that leads nowhere, that name finds no image to commit into',
    requirements: ['block-commit/backing-file-look-up'],
    needs: needs(jobs, { commands: ['block-commit'] }),
    async run(t: CaseContext) {
      const [, middle, top] = await addChain(t, 3);
      const unseen = `${t.dir}/unseen.img`;
      const id = t.name('job');
      const start: JsonObject = { 'job-id': id, device: top!.node };
      await t.execute('block-commit', { ...start, top: middle!.file.path, 'backing-file': unseen });
      await completed(t, id, 'commit');
      t.contains(
        await nodeInfo(t, top!.node),
        { backing_file_depth: 1 },
        'the base must be the backing node',
      );
      await t.refused('block-commit', { ...start, base: unseen });
      await checkNoJob(t, id);
      // Without a name the deepest image is taken.
      await t.execute('block-commit', { ...start, speed: 1 });
      await cancelled(t, id);
    },
  },
  {
    id: 'block-commit/automatic-backing-file',
    title:
      'Without backing-file the image above top names the base, in its header and in what is told of the node',
    requirements: ['block-commit/backing-file-automatic'],
    needs: needs(jobs, { commands: ['block-commit'] }),
    async run(t: CaseContext) {
      const [base, middle, top] = await addChain(t, 3);
      const id = t.name('job');
      await t.execute('block-commit', { 'job-id': id, device: top!.node, top: middle!.file.path });
      await completed(t, id, 'commit');
      t.contains(
        await nodeInfo(t, top!.node),
        { backing_file: base!.file.path, image: { 'backing-image': { filename: base!.file.path } } },
        'the node above top must tell the base as its backing file',
      );
      await release(t, [base!.node, top!.node, middle!.node]);
      t.equal(
        (await readImage(t, top!.file)).backing,
        base!.file.path,
        'the header of the image above top must name the base',
      );
    },
  },
  {
    id: 'block-stream/copies-only-above-base',
    title: 'Down to base, a file name, the image gets clusters of its own from between, and none of the base',
    requirements: ['block-stream/base'],
    needs: needs(jobs, { commands: ['block-stream'] }),
    async run(t: CaseContext) {
      const [base, middle, top] = await addChain(t, 3);
      const id = t.name('job');
      await t.execute('block-stream', { 'job-id': id, device: top!.node, base: base!.file.path });
      await completed(t, id, 'stream');
      await release(t, [base!.node, top!.node, middle!.node]);
      t.equal(
        await ownClusters(t, top!),
        Object.fromEntries([...stairClusters(1), ...stairClusters(2)].toSorted(([a], [b]) => a - b)),
        'the image must have of its own what it had and what the middle image had, and no more',
      );
    },
  },
  {
    id: 'block-stream/header-chain-copied',
    title: 'A stream of a chain that was opened from headers makes every cluster the own one of the image',
    requirements: ['block-stream/completes'],
    needs: needs(jobs, { commands: ['block-stream'] }),
    async run(t: CaseContext) {
      const file = (await makeChain(t, 3)).at(-1)!;
      const node = await addQcow2(t, file);
      const id = t.name('job');
      // One that is cancelled first must not count.
      await t.execute('block-stream', { 'job-id': id, device: node, speed: CRAWL });
      await cancelled(t, id);
      await t.execute('block-stream', { 'job-id': id, device: node });
      await completed(t, id, 'stream');
      await release(t, [node]);
      t.equal(
        await ownClusters(t, { node, file }),
        Object.fromEntries(
          [...stairClusters(0), ...stairClusters(1), ...stairClusters(2)].toSorted(([a], [b]) => a - b),
        ),
        'the image must have every cluster of its own',
      );
    },
  },
  {
    id: 'change-backing-file/told-at-once',
    title: 'The new name is what the queries tell of the image at once, and what its header says',
    requirements: ['change-backing-file/internal-strings', 'change-backing-file/writes-header'],
    needs: needs(chainNodes, { commands: ['change-backing-file'] }),
    async run(t: CaseContext) {
      const [base, top] = await addChain(t, 2);
      const unseen = `${t.dir}/unseen.img`;
      await t.execute('change-backing-file', {
        device: top!.node,
        'image-node-name': top!.node,
        'backing-file': unseen,
      });
      t.contains(
        await nodeInfo(t, top!.node),
        {
          backing_file: unseen,
          image: { 'backing-filename': unseen, 'backing-image': { filename: base!.file.path } },
        },
        'the node must tell the new name, and the same image behind it',
      );
      t.equal((await readImage(t, top!.file)).backing, unseen, 'the header must name the new backing file');
    },
  },
  {
    id: 'change-backing-file/read-only',
    title: 'A read-only image gets the new name in its header, and is read-only as before',
    requirements: ['change-backing-file/reopens'],
    needs: needs(chainNodes, { commands: ['change-backing-file'] }),
    async run(t: CaseContext) {
      const file = (await makeChain(t, 2)).at(-1)!;
      const node = await addQcow2(t, file, { 'read-only': true });
      const unseen = `${t.dir}/unseen.img`;
      await t.execute('change-backing-file', {
        device: node,
        'image-node-name': node,
        'backing-file': unseen,
      });
      t.contains(
        await nodeInfo(t, node),
        { ro: true, backing_file_depth: 1 },
        'the node must be read-only, over the same image',
      );
      await release(t, [node]);
      t.equal((await readImage(t, file)).backing, unseen, 'the header must name the new backing file');
    },
  },
  ...(['block-stream', 'block-commit'] as const).map(
    (command): CaseDefinition => ({
      id: `${command}/format-of-the-base`,
      title: `With the name of the base a ${command} writes the format of that into the header of the image`,
      requirements: [`${command}/backing-file-automatic`],
      needs: needs(jobs, { commands: [command] }),
      async run(t: CaseContext) {
        const [base, middle, top] = await addChain(t, 3);
        const bounds = command === 'block-stream' ? { 'base-node': base!.node } : { top: middle!.file.path };
        const id = t.name('job');
        await t.execute(command, { 'job-id': id, device: top!.node, ...bounds });
        await completed(t, id, command === 'block-stream' ? 'stream' : 'commit');
        await release(t, [base!.node, top!.node, middle!.node]);
        const { backing, backingFormat } = parseQcow2Header(await bytesOf(t, top!.file.local));
        t.equal(
          [backing, backingFormat],
          [base!.file.path, 'qcow2'],
          'the header of the image must name the base and its format',
        );
      },
    }),
  ),
];
