/** block-commit: chains that become shorter, from the top into an image below. */
import type { JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import {
  addChain,
  addLayers,
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  chainNodes,
  checkContent,
  guestContent,
  makeLayers,
  readImage,
  release,
  stairs,
} from './helpers/backing-chains.ts';
import { CRAWL, cancelled, checkNoJob, completed, jobInfo, pendingJobEvents } from './helpers/job-steps.ts';
import { buildQcow2 } from './helpers/qcow2-image.ts';
import {
  addNode,
  checkAbsent,
  dataNodes,
  makeFile,
  needs,
  nodeInfo,
  refusedWith,
} from './helpers/shared-setup.ts';

const commits = needs(chainNodes, {
  commands: ['block-commit', 'query-block-jobs', 'block-job-cancel', 'block-job-complete'],
  events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED', 'BLOCK_JOB_READY'],
});

/** Starts a commit of a chain and gives the id of the job. */
async function commit(t: CaseContext, device: string, options: JsonObject = {}): Promise<string> {
  const id = t.name('job');
  t.equal(
    await t.execute('block-commit', { 'job-id': id, device, ...options }),
    {},
    'block-commit must return an empty object',
  );
  return id;
}

/** Waits until an active commit is ready. */
async function ready(t: CaseContext, id: string): Promise<void> {
  const { data } = await t.event('BLOCK_JOB_READY', { device: id });
  const { len, offset, type } = data as JsonObject;
  t.equal(type ?? null, 'commit', 'BLOCK_JOB_READY must name the type of the job');
  t.equal(offset ?? null, len ?? null, 'the offset in BLOCK_JOB_READY must be its len', {
    requirement: 'BLOCK_JOB_READY/progress',
  });
}

export const blockCommit: readonly CaseDefinition[] = [
  {
    id: 'block-commit/middle-into-base',
    title: 'A commit of the middle image writes it into the base and takes it out of the chain, by itself',
    requirements: ['block-commit/commits', 'BLOCK_JOB_COMPLETED/emitted'],
    needs: commits,
    async run(t: CaseContext) {
      const [base, middle, top] = await addChain(t, 3);
      const options = { top: middle!.file.path, base: base!.file.path };
      const id = await commit(t, top!.node, options);
      await completed(t, id, 'commit');
      t.equal(pendingJobEvents(t, id), [], 'the job must bring no other event');
      t.contains(
        await nodeInfo(t, top!.node),
        { backing_file: base!.file.path, backing_file_depth: 1 },
        'the base must be the backing node of the top image',
      );
      await release(t, [base!.node, top!.node, middle!.node]);
      t.equal(
        (await readImage(t, top!.file)).backing,
        base!.file.path,
        'the header of the top image must name the base',
      );
      await checkContent(t, base!.file, stairs(2), 'the base');
      await checkContent(t, top!.file, stairs(3), 'the top image');
    },
  },
  {
    id: 'block-commit/base-default',
    title: 'Without base a commit goes into the deepest image',
    requirements: ['block-commit/base-default', 'block-commit/commits'],
    needs: commits,
    async run(t: CaseContext) {
      const [base, middle, top] = await addChain(t, 3);
      await completed(t, await commit(t, top!.node, { top: middle!.file.path }), 'commit');
      await release(t, [base!.node, top!.node, middle!.node]);
      await checkContent(t, base!.file, stairs(2), 'the base');
    },
  },
  {
    id: 'block-commit/active-layer-waits-for-complete',
    title: 'A commit of the active layer becomes ready, waits, and completes when told to',
    requirements: [
      'block-job-dismiss/not-needed',
      'block-commit/top-default',
      'block-commit/active-waits',
      'BLOCK_JOB_READY/emitted',
      'BLOCK_JOB_READY/progress',
    ],
    needs: commits,
    async run(t: CaseContext) {
      const [base, middle, top] = await addChain(t, 3);
      const id = await commit(t, top!.node);
      await ready(t, id);
      t.contains(await jobInfo(t, id), { type: 'commit', ready: true }, 'the commit must be ready');
      t.equal(pendingJobEvents(t, id), [], 'the job must bring no other event');
      await t.execute('block-job-complete', { device: id });
      await completed(t, id, 'commit');
      await checkNoJob(t, id);
      await release(t, [base!.node, middle!.node, top!.node]);
      await checkContent(t, base!.file, stairs(3), 'the base');
    },
  },
  {
    id: 'block-commit/active-cancelled-when-ready',
    title: 'A ready commit of the active layer that is cancelled leaves the chain as it was',
    requirements: ['block-commit/active-waits', 'block-job-cancel/ready-completes'],
    needs: commits,
    async run(t: CaseContext) {
      const [base, middle, top] = await addChain(t, 3);
      const id = await commit(t, top!.node);
      await ready(t, id);
      await t.execute('block-job-cancel', { device: id });
      await completed(t, id, 'commit');
      t.contains(
        await nodeInfo(t, top!.node),
        { backing_file_depth: 2 },
        'the chain must be as long as before',
      );
      await release(t, [base!.node, middle!.node, top!.node]);
      await checkContent(t, top!.file, stairs(3), 'the top image');
    },
  },
  {
    id: 'block-commit/active-into-the-middle',
    title: 'A commit of the active layer into the middle image leaves the base alone',
    requirements: ['block-commit/commits'],
    needs: commits,
    async run(t: CaseContext) {
      const [base, middle, top] = await addChain(t, 3);
      const id = await commit(t, top!.node, { base: middle!.file.path });
      await ready(t, id);
      await t.execute('block-job-complete', { device: id });
      await completed(t, id, 'commit');
      await release(t, [base!.node, middle!.node, top!.node]);
      await checkContent(t, base!.file, stairs(1), 'the base');
      await checkContent(t, middle!.file, stairs(3), 'the middle image');
    },
  },
  {
    id: 'block-commit/backing-file',
    title: 'backing-file is written into the image above top as given, whatever top and base are',
    requirements: ['block-commit/backing-file'],
    needs: commits,
    async run(t: CaseContext) {
      const image = { size: CHAIN_SIZE, clusterSize: CLUSTER };
      for (const [top, base] of [
        [1, 0],
        [2, 0],
        [2, 1],
      ] as const) {
        const layers = await addLayers(t, await makeLayers(t, [image, image, image, image]));
        const written = `${t.dir}/unseen.img`;
        const ends = { top: layers[top]!.file.path, base: layers[base]!.file.path };
        const options = { ...ends, 'backing-file': written };
        await completed(t, await commit(t, layers[3]!.node, options), 'commit');
        const between = layers.slice(base + 1, top + 1);
        const left = layers.filter((layer) => !between.includes(layer));
        await release(
          t,
          [...left, ...between].map(({ node }) => node),
        );
        t.equal(
          (await readImage(t, layers[top + 1]!.file)).backing,
          written,
          'the header of the image above top must hold the backing-file that was given',
        );
      }
    },
  },
  {
    id: 'block-commit/active-backing-file',
    title: 'backing-file is refused in a commit of the active layer',
    requirements: ['block-commit/active-backing-file'],
    needs: commits,
    async run(t: CaseContext) {
      const [, top] = await addChain(t, 2);
      const id = t.name('job');
      const args = { 'job-id': id, device: top!.node, 'backing-file': `${t.dir}/x` };
      for (const named of [{}, { top: top!.file.path }]) {
        await t.refused('block-commit', { ...args, ...named }, { text: /'backing-file' specified/ });
        await checkNoJob(t, id);
      }
    },
  },
  {
    id: 'block-commit/base-smaller',
    title: 'A base that is smaller than top grows to its size; a larger one keeps its own',
    requirements: ['block-commit/base-grows'],
    needs: commits,
    async run(t: CaseContext) {
      for (const [size, after] of [
        [CHAIN_SIZE / 2, CHAIN_SIZE],
        [CHAIN_SIZE * 2, CHAIN_SIZE * 2],
      ] as const) {
        const baseFile = await makeFile(t, buildQcow2({ size, clusterSize: CLUSTER }));
        const backing = { name: baseFile.path, format: 'qcow2' };
        const clusters = new Map([[15, 0x44]]);
        const image = buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, backing, clusters });
        const base = await addQcow2(t, baseFile);
        const top = await addQcow2(t, await makeFile(t, image), { backing: base });
        const id = await commit(t, top);
        await ready(t, id);
        await t.execute('block-job-complete', { device: id });
        await completed(t, id, 'commit');
        await release(t, [base, top]);
        const content = await guestContent(t, baseFile.local);
        t.equal(content.length, after, `a base of ${size} bytes must have its size after the commit`);
        t.equal(content[15 * CLUSTER] ?? null, 0x44, 'the base must hold what was committed');
      }
    },
  },
  {
    id: 'block-commit/cancel',
    title: 'A crawling commit is listed with its type and speed; cancelling keeps the chain',
    requirements: ['block-commit/speed', 'BLOCK_JOB_CANCELLED/emitted'],
    needs: commits,
    async run(t: CaseContext) {
      const [base, middle, top] = await addChain(t, 3);
      const id = await commit(t, top!.node, { top: middle!.file.path, speed: 1 });
      t.contains(
        await jobInfo(t, id),
        { type: 'commit', speed: 1, ready: false },
        'the commit must be listed with its speed, and not be ready',
      );
      await cancelled(t, id);
      t.contains(
        await nodeInfo(t, top!.node),
        { backing_file_depth: 2 },
        'the chain must be as long as before',
      );
      await release(t, [base!.node, middle!.node, top!.node]);
      await checkContent(t, top!.file, stairs(3), 'the top image');
    },
  },
  {
    id: 'block-commit/filter-node-name',
    title: 'filter-node-name names a node as long as the commit exists',
    requirements: ['block-commit/filter-node-name', 'block-commit/filter-node-driver'],
    needs: commits,
    async run(t: CaseContext) {
      const [, middle, top] = await addChain(t, 3);
      const filter = t.name('filter');
      const options = { top: middle!.file.path, speed: CRAWL, 'filter-node-name': filter };
      const id = await commit(t, top!.node, options);
      const { drv } = await nodeInfo(t, filter);
      await t.refused('blockdev-del', { 'node-name': filter });
      await cancelled(t, id);
      await checkAbsent(t, filter);
      t.equal(drv ?? null, 'commit_top', 'the filter node should have the driver commit_top', {
        severity: 'should',
        requirement: 'block-commit/filter-node-driver',
      });
    },
  },
  {
    id: 'block-commit/refused',
    title:
      'Images outside the chain, node names as images, a chain the wrong way round and negative speeds are refused',
    requirements: [
      'block-commit/base-unknown',
      'block-commit/top-unknown',
      'block-commit/into-itself',
      'block-commit/speed',
      'block-commit/speed-class',
    ],
    needs: commits,
    async run(t: CaseContext) {
      const [base, middle, top] = await addChain(t, 3);
      const id = t.name('job');
      for (const options of [
        { top: `${t.dir}/nothing` },
        { top: '' },
        { base: `${t.dir}/nothing` },
        { base: '' },
        { top: middle!.node },
        { base: base!.node },
        { base: top!.file.path },
        { top: base!.file.path },
        { top: middle!.file.path, base: middle!.file.path },
        { top: base!.file.path, base: middle!.file.path },
      ])
        await t.refused('block-commit', { 'job-id': id, device: top!.node, ...options });
      const negative = { 'job-id': id, device: top!.node, speed: -1 };
      const error = await refusedWith(t, 'block-commit', negative, ['InvalidParameter', 'GenericError']);
      if (error.class !== 'InvalidParameter')
        t.info(`block-commit/speed-class: the class is ${String(error.class)}`);
      await checkNoJob(t, id);
    },
  },
  {
    id: 'block-commit/no-backing',
    title: 'An image without backing file cannot be committed',
    requirements: ['block-commit/into-itself'],
    needs: needs(dataNodes, { commands: ['block-commit'] }),
    async run(t: CaseContext) {
      await t.refused('block-commit', { 'job-id': t.name('job'), device: await addNode(t) });
    },
  },
  {
    id: 'block-commit/device-unknown',
    title:
      'A commit of a device that does not exist is refused as DeviceNotFound, and so is one of a file name',
    requirements: ['block-commit/device-unknown'],
    needs: commits,
    async run(t: CaseContext) {
      const [base, top] = await addChain(t, 2);
      for (const device of [t.name('nothing'), '', top!.file.path])
        await t.refused(
          'block-commit',
          { 'job-id': t.name('job'), device },
          { class: 'DeviceNotFound', text: `Device '${device}' not found` },
        );
      t.contains(await nodeInfo(t, top!.node), { backing_file_depth: 1 }, 'the chain must be as it was');
      const id = await commit(t, top!.node);
      await ready(t, id);
      await t.execute('block-job-complete', { device: id });
      await completed(t, id, 'commit');
      await nodeInfo(t, base!.node);
    },
  },
  {
    id: 'block-commit/twice',
    title: 'A second job on a chain that is being committed is refused',
    requirements: ['block-commit/twice', 'block-commit/twice-class', 'jobs/blocks-deletion'],
    needs: commits,
    async run(t: CaseContext) {
      const [base, , top] = await addChain(t, 3);
      const id = await commit(t, top!.node);
      await ready(t, id);
      const again = { 'job-id': t.name('job'), device: top!.node };
      const error = await refusedWith(t, 'block-commit', again, ['DeviceInUse', 'GenericError']);
      if (error.class !== 'DeviceInUse')
        t.info(`block-commit/twice-class: the class is ${String(error.class)}`);
      for (const { node } of [base!, top!]) await t.refused('blockdev-del', { 'node-name': node });
      t.contains(await jobInfo(t, id), { ready: true }, 'the first commit must still be there, and ready');
      await t.execute('block-job-cancel', { device: id });
      await completed(t, id, 'commit');
    },
  },
];
