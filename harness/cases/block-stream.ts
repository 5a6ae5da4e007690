/** block-stream: chains that become shorter, from below into the top image. */
import type { JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition, Needs } from './case.ts';
import { shown } from './case-text.ts';
import {
  addChain,
  addImage,
  addQcow2,
  chainNodes,
  checkContent,
  makeChain,
  readImage,
  release,
  stairs,
} from './helpers/backing-chains.ts';
import { CRAWL, cancelled, checkNoJob, completed, jobInfo } from './helpers/job-steps.ts';
import { fileNodes, needs, nodeInfo, refusedAsNotFound } from './helpers/shared-setup.ts';

const streamJobs: Needs = {
  commands: ['block-stream', 'query-block-jobs', 'block-job-cancel'],
  events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED'],
};
const streams = needs(chainNodes, streamJobs);

/** Starts a stream into a node and gives the id of the job. */
async function stream(t: CaseContext, device: string, options: JsonObject = {}): Promise<string> {
  const id = t.name('job');
  t.equal(
    await t.execute('block-stream', { 'job-id': id, device, ...options }),
    {},
    'block-stream must return an empty object',
  );
  return id;
}

export const blockStream: readonly CaseDefinition[] = [
  {
    id: 'block-stream/whole-chain',
    title: 'A stream without base copies the whole chain: the image stands alone, in the graph and on disk',
    requirements: [
      'block-stream/completes',
      'BLOCK_JOB_COMPLETED/emitted',
      'BLOCK_JOB_COMPLETED/error',
      'BLOCK_JOB_COMPLETED/progress',
      'query-named-block-nodes/backing-file',
    ],
    needs: streams,
    async run(t: CaseContext) {
      const [base, middle, top] = await addChain(t, 3);
      await completed(t, await stream(t, top!.node), 'stream');
      const info = await nodeInfo(t, top!.node);
      t.equal(info.backing_file_depth ?? null, 0, 'the image must have no backing node');
      t.check(
        !('backing_file' in info),
        'the node must name no backing file',
        `backing_file is ${shown(info.backing_file)}`,
      );
      await release(t, [base!.node, middle!.node, top!.node]);
      t.equal(
        (await readImage(t, top!.file)).backing,
        null,
        'the header of the image must name no backing file',
      );
      await checkContent(t, top!.file, stairs(3), 'the image');
    },
  },
  {
    id: 'block-stream/other-images-unchanged',
    title: 'A stream leaves the images that it reads as they were',
    requirements: ['block-stream/completes'],
    needs: streams,
    async run(t: CaseContext) {
      const [base, middle, top] = await addChain(t, 3);
      await completed(t, await stream(t, top!.node), 'stream');
      t.contains(
        await nodeInfo(t, top!.node),
        { backing_file_depth: 0 },
        'the image must have no backing node',
      );
      await release(t, [base!.node, middle!.node, top!.node]);
      await checkContent(t, middle!.file, stairs(2), 'the middle image');
      await checkContent(t, base!.file, stairs(1), 'the base');
    },
  },
  {
    id: 'block-stream/base-node',
    title: 'A stream down to base-node copies what is between, and base-node is the backing node then',
    requirements: [
      'query-named-block-nodes/backing-file-name',
      'block-stream/backing-file-automatic',
      'block-stream/base-node',
    ],
    needs: needs(streams, {}),
    async run(t: CaseContext) {
      const [base, middle, top] = await addChain(t, 3);
      await completed(t, await stream(t, top!.node, { 'base-node': base!.node }), 'stream');
      t.contains(
        await nodeInfo(t, top!.node),
        { backing_file: base!.file.path, backing_file_depth: 1 },
        'the base must be the backing node of the image',
      );
      await release(t, [base!.node, top!.node, middle!.node]);
      const image = await readImage(t, top!.file);
      t.equal(image.backing, base!.file.path, 'the header of the image must name the base');
      t.check(
        image.cluster(1) !== null && image.cluster(15) === null,
        'clusters that only the base has must not be copied, all others must be there',
        `${image.cluster(1) === null ? 'a cluster of the middle image is missing' : 'a cluster of the base was copied'}`,
      );
      await checkContent(t, top!.file, stairs(3), 'the image');
    },
  },
  {
    id: 'block-stream/base-by-file-name',
    title: 'A stream down to base, a file name, ends above that image',
    requirements: ['block-stream/base'],
    needs: streams,
    async run(t: CaseContext) {
      const [base, middle, top] = await addChain(t, 3);
      await completed(t, await stream(t, top!.node, { base: base!.file.path }), 'stream');
      t.contains(
        await nodeInfo(t, top!.node),
        { backing_file: base!.file.path },
        'the base must be the backing node of the image',
      );
      await release(t, [base!.node, top!.node, middle!.node]);
      await checkContent(t, top!.file, stairs(3), 'the image');
    },
  },
  {
    id: 'block-stream/into-the-middle',
    title: 'A stream into an image in the middle leaves the one above it on top of that',
    requirements: ['block-stream/intermediate', 'block-stream/completes'],
    needs: streams,
    async run(t: CaseContext) {
      const [base, middle, top] = await addChain(t, 3);
      await completed(t, await stream(t, middle!.node), 'stream');
      t.contains(
        await nodeInfo(t, top!.node),
        { backing_file_depth: 1 },
        'the chain must be two images long',
      );
      await release(t, [base!.node, middle!.node, top!.node]);
      t.equal(
        (await readImage(t, middle!.file)).backing,
        null,
        'the header of the middle image must name no backing file',
      );
      await checkContent(t, top!.file, stairs(3), 'the top image');
    },
  },
  {
    id: 'block-stream/backing-file',
    title: 'backing-file is written into the header as given, also where base is the backing file already',
    requirements: ['block-stream/backing-file'],
    needs: streams,
    async run(t: CaseContext) {
      for (const index of [0, 1])
        for (const byNode of [true, false]) {
          const layers = await addChain(t, 3);
          const [base, top] = [layers[index]!, layers[2]!];
          const written = `${t.dir}/unseen.img`;
          const options = {
            ...(byNode ? { 'base-node': base.node } : { base: base.file.path }),
            'backing-file': written,
          };
          await completed(t, await stream(t, top.node, options), 'stream');
          const nodes = layers.map(({ node }) => node);
          // Without a user the node between goes after the image that used it.
          await release(t, index === 0 ? [nodes[0]!, nodes[2]!, nodes[1]!] : nodes);
          t.equal(
            (await readImage(t, top.file)).backing,
            written,
            'the header of the image must hold the backing-file that was given',
          );
        }
    },
  },
  {
    id: 'block-stream/backing-of-the-header',
    title: 'A backing file that was opened because the header names it is copied, and its node goes',
    requirements: ['block-stream/completes', 'blockdev-add/backing-default'],
    needs: streams,
    async run(t: CaseContext) {
      const files = await makeChain(t, 2);
      const node = await addQcow2(t, files[1]!);
      t.contains(await nodeInfo(t, node), { backing_file_depth: 1 }, 'the backing file must be open');
      await completed(t, await stream(t, node), 'stream');
      t.contains(
        await nodeInfo(t, node),
        { backing_file_depth: 0 },
        'the backing file must be out of the chain',
      );
      await release(t, [node]);
      await checkContent(t, files[1]!, stairs(2), 'the image');
    },
  },
  {
    id: 'block-stream/no-backing',
    title: 'A stream into an image without backing file completes and changes nothing',
    requirements: ['block-stream/completes'],
    needs: needs(fileNodes, streamJobs),
    async run(t: CaseContext) {
      const base = await addImage(t);
      await completed(t, await stream(t, base.node), 'stream');
      t.contains(
        await nodeInfo(t, base.node),
        { backing_file_depth: 0 },
        'an image without backing file must stay as it was',
      );
      await release(t, [base.node]);
      await checkContent(t, base.file, stairs(1), 'the image');
    },
  },
  {
    id: 'block-stream/running',
    title: 'A stream that crawls is listed with its type and speed, and cancelling keeps the backing file',
    requirements: [
      'block-stream/returns-at-once',
      'block-stream/speed',
      'block-stream/cancel-keeps-backing',
      'BLOCK_JOB_CANCELLED/emitted',
      'BLOCK_JOB_CANCELLED/progress',
    ],
    needs: streams,
    async run(t: CaseContext) {
      const [base, middle, top] = await addChain(t, 3);
      const id = await stream(t, top!.node, { speed: CRAWL });
      t.contains(
        await jobInfo(t, id),
        { type: 'stream', speed: CRAWL, ready: false },
        'the stream must be listed with its speed, and not be ready',
      );
      const { data } = await cancelled(t, id);
      t.contains(
        data ?? null,
        { type: 'stream', device: id, speed: CRAWL },
        'BLOCK_JOB_CANCELLED must name the job with type, id and speed',
      );
      const { offset, len } = data as JsonObject;
      t.check(
        Number(offset) < Number(len),
        'the offset of a job that was cancelled at work must be smaller than its len',
        `it is ${shown(offset)} of ${shown(len)}`,
        { requirement: 'BLOCK_JOB_CANCELLED/progress' },
      );
      await checkNoJob(t, id);
      t.contains(
        await nodeInfo(t, top!.node),
        { backing_file_depth: 2 },
        'the chain must be as long as before',
      );
      await release(t, [base!.node, middle!.node, top!.node]);
      t.equal(
        (await readImage(t, top!.file)).backing,
        middle!.file.path,
        'the header of the image must name its backing file as before',
      );
      await checkContent(t, top!.file, stairs(3), 'the image');
    },
  },
  {
    id: 'block-stream/again-after-cancel',
    title: 'A stream that was cancelled can be started again and completes',
    requirements: [
      'block-stream/again-after-cancel',
      'block-stream/cancel-keeps-backing',
      'block-stream/completes',
    ],
    needs: streams,
    async run(t: CaseContext) {
      const [base, middle, top] = await addChain(t, 3);
      await cancelled(t, await stream(t, top!.node, { speed: CRAWL }));
      await completed(t, await stream(t, top!.node), 'stream');
      await release(t, [base!.node, middle!.node, top!.node]);
      await checkContent(t, top!.file, stairs(3), 'the image');
    },
  },
  {
    id: 'block-stream/twice',
    title: 'A second stream into the same image is refused, and the first goes on',
    requirements: ['block-stream/twice', 'jobs/blocks-deletion'],
    needs: streams,
    async run(t: CaseContext) {
      const [base, , top] = await addChain(t, 3);
      const id = await stream(t, top!.node, { speed: CRAWL });
      const second = { 'job-id': t.name('job'), device: top!.node };
      await t.refused('block-stream', second, { text: /busy|in use|root/ });
      for (const { node } of [base!, top!]) await t.refused('blockdev-del', { 'node-name': node });
      t.contains(
        await jobInfo(t, id),
        { speed: CRAWL },
        'the first stream must still be there, with its speed',
      );
      await cancelled(t, id);
    },
  },
  {
    id: 'block-stream/read-only',
    title: 'A stream into a read-only node is refused',
    requirements: ['block-stream/read-only'],
    needs: streams,
    async run(t: CaseContext) {
      const files = await makeChain(t, 2);
      const node = await addQcow2(t, files[1]!, { 'read-only': true });
      const id = t.name('job');
      const { error } = await t.request({
        execute: 'block-stream',
        arguments: { 'job-id': id, device: node },
      });
      if (error === undefined) {
        t.info('block-stream/read-only: the node is made writable for the job');
        await completed(t, id, 'stream');
      } else
        t.contains(await nodeInfo(t, node), { backing_file_depth: 1 }, 'the chain must be as long as before');
      t.contains(await nodeInfo(t, node), { ro: true }, 'the node must still be read-only');
    },
  },
  {
    id: 'block-stream/refused',
    title: 'Bases outside the chain, two bases at once and negative speeds are refused; no job starts',
    requirements: ['block-stream/base-unknown', 'block-stream/base-and-base-node', 'block-stream/speed'],
    needs: streams,
    async run(t: CaseContext) {
      const [base, , top] = await addChain(t, 3);
      const [other] = await addChain(t, 1);
      const id = t.name('job');
      for (const options of [
        { base: `${t.dir}/nothing` },
        { base: '' },
        { base: base!.node },
        { 'base-node': t.name('nothing') },
        { 'base-node': other!.node },
        { 'base-node': top!.node },
        { base: base!.file.path, 'base-node': base!.node },
        { base: '', 'base-node': base!.node },
        { base: base!.file.path, 'base-node': t.name('nothing') },
        { speed: -1 },
      ])
        await t.refused('block-stream', { 'job-id': id, device: top!.node, ...options });
      await checkNoJob(t, id);
    },
  },
  {
    id: 'block-stream/on-error-needs-io-status',
    title:
      'on-error stop and enospc on a node without a device are refused, or mean nothing without an error',
    requirements: ['block-stream/on-error-needs-io-status', 'block-stream/completes'],
    needs: streams,
    async run(t: CaseContext) {
      for (const policy of ['stop', 'enospc']) {
        const [, top] = await addChain(t, 2);
        const id = t.name('job');
        const args = { 'job-id': id, device: top!.node, 'on-error': policy };
        const { error } = await t.request({ execute: 'block-stream', arguments: args });
        if (error !== undefined) continue;
        t.info(`block-stream/on-error-needs-io-status: ${policy} is accepted`);
        await completed(t, id, 'stream');
        t.contains(
          await nodeInfo(t, top!.node),
          { backing_file_depth: 0 },
          'a stream whose policy was accepted must leave the node without a backing node',
        );
      }
    },
  },
  {
    id: 'block-stream/device-unknown',
    title: 'A stream into a device that does not exist is refused',
    requirements: ['block-stream/device-unknown', 'block-stream/device-unknown-refused'],
    needs: streams,
    async run(t: CaseContext) {
      const id = t.name('job');
      const missing = { 'job-id': id, device: t.name('nothing') };
      await refusedAsNotFound(t, 'block-stream/device-unknown', 'block-stream', missing);
      const [, top] = await addChain(t, 2);
      await t.execute('block-stream', { 'job-id': id, device: top!.node });
      await completed(t, id, 'stream');
    },
  },
];
