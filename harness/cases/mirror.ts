/** blockdev-mirror and drive-mirror: copies that follow the source until told to end. */
import type { Json, JsonObject } from '../../spec/json.ts';
import type { Topology } from '../targets/target.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import {
  addChain,
  addImage,
  CHAIN_SIZE,
  checkContent,
  makeEmpty,
  release,
  stairs,
} from './helpers/backing-chains.ts';
import { addBitmap, digestOf } from './helpers/bitmaps.ts';
import { cancelled, checkNoJob, completed, jobInfo, mirrorJobs, readyMirror } from './helpers/job-steps.ts';
import { nodeIo, openIo } from './helpers/node-io.ts';
import {
  addNode,
  addRaw,
  checkAbsent,
  fileNodes,
  KiB,
  MiB,
  needs,
  newFile,
  nodeInfo,
  queryList,
} from './helpers/shared-setup.ts';

const DRIVE = 'mirror.img';

/** Device `d0` with a raw image: what uses the source, and changes over to the target. */
const drive: Topology = {
  name: 'mirror-drive',
  images: [{ path: DRIVE, format: 'raw', size: MiB, fill: [{ offset: 0, length: MiB, byte: 0x11 }] }],
  options: ['-drive', `if=none,id=d0,file=@DIR@/${DRIVE},format=raw`],
  monitors: 1,
};

/** Name of the node that d0 uses. */
async function inserted(t: CaseContext): Promise<Json> {
  const device = (await queryList(t, 'query-block')).find((entry) => entry.device === 'd0');
  return (device?.inserted as JsonObject | undefined)?.['node-name'] ?? null;
}

const more = {
  commands: ['block-job-cancel', 'block-job-complete', 'query-block-jobs'],
  events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED', 'BLOCK_JOB_READY'],
};
const mirrors = needs(fileNodes, { ...more, commands: [...more.commands, 'blockdev-mirror'] });
const drives = needs(fileNodes, { ...more, commands: [...more.commands, 'drive-mirror'] });

/** Starts a mirror and waits until it is ready; gives the id of the job. */
async function ready(t: CaseContext, command: string, args: JsonObject): Promise<string> {
  const id = t.name('job');
  t.equal(await t.execute(command, { 'job-id': id, ...args }), {}, `${command} must return an empty object`);
  const { data } = await t.event('BLOCK_JOB_READY', { device: id });
  const { len, offset, type } = data as JsonObject;
  t.equal(type ?? null, 'mirror', 'BLOCK_JOB_READY must name the type of the job');
  t.equal(offset ?? null, len ?? null, 'the offset in BLOCK_JOB_READY must be its len', {
    requirement: 'BLOCK_JOB_READY/progress',
  });
  return id;
}

async function end(t: CaseContext, verb: 'cancel' | 'complete', id: string): Promise<void> {
  await t.execute(`block-job-${verb}`, { device: id });
  await completed(t, id, 'mirror');
}

export const mirror: readonly CaseDefinition[] = [
  {
    id: 'blockdev-mirror/full',
    title: 'A full mirror becomes ready with the whole chain on its target',
    requirements: [
      'blockdev-mirror/copies',
      'BLOCK_JOB_READY/emitted',
      'BLOCK_JOB_READY/progress',
      'query-block-jobs/ready',
    ],
    needs: mirrors,
    async run(t: CaseContext) {
      const { node: device, nodes } = await addImage(t, 3);
      const target = await addRaw(t, CHAIN_SIZE);
      const id = await ready(t, 'blockdev-mirror', { device, target: target.name, sync: 'full' });
      t.contains(await jobInfo(t, id), { type: 'mirror', ready: true }, 'the mirror must be ready');
      await end(t, 'cancel', id);
      await checkNoJob(t, id);
      await release(t, [target.name, ...nodes]);
      await checkContent(t, target.file, stairs(3), 'the target');
    },
  },
  {
    id: 'blockdev-mirror/top',
    title: 'A mirror with sync top copies what the topmost image has and nothing else',
    requirements: ['blockdev-mirror/sync-top'],
    needs: needs(mirrors, { drivers: ['qcow2'] }),
    async run(t: CaseContext) {
      const chain = await addChain(t, 3);
      const target = await addRaw(t, CHAIN_SIZE);
      const args = { device: chain[2]!.node, target: target.name, sync: 'top', granularity: 16 * KiB };
      await end(t, 'cancel', await ready(t, 'blockdev-mirror', args));
      await release(t, [target.name, ...chain.map(({ node }) => node)]);
      await checkContent(t, target.file, stairs(3, 2), 'the target');
    },
  },
  {
    id: 'blockdev-mirror/none',
    title: 'A mirror with sync none is ready at once and copies nothing that was there',
    requirements: ['blockdev-mirror/sync-none'],
    needs: mirrors,
    async run(t: CaseContext) {
      const { node: device } = await addImage(t);
      const target = await addRaw(t, CHAIN_SIZE);
      const args = { device, target: target.name, sync: 'none' };
      const id = await ready(t, 'blockdev-mirror', args);
      t.contains(await jobInfo(t, id), { type: 'mirror', ready: true }, 'the mirror must be ready');
      await end(t, 'cancel', id);
      await release(t, [target.name, device]);
      await checkContent(t, target.file, Buffer.alloc(CHAIN_SIZE), 'the target');
    },
  },
  {
    id: 'blockdev-mirror/writes-follow',
    title: 'What a guest writes to the source of a ready mirror is on the target when that has completed',
    requirements: ['blockdev-mirror/mirrors-writes'],
    needs: needs(mirrors, nodeIo),
    async run(t: CaseContext) {
      const { node: device } = await addImage(t);
      const target = await addRaw(t, CHAIN_SIZE);
      // Who comes later may write below the filter of the job.
      const guest = await openIo(t, device);
      const id = await ready(t, 'blockdev-mirror', { device, target: target.name, sync: 'full' });
      await guest.perform({ kind: 'write', offset: 0, length: 64 * KiB, byte: 0x77 });
      await end(t, 'complete', id);
      await guest.close();
      await release(t, [target.name, device]);
      const expected = stairs(1);
      expected.fill(0x77, 0, 64 * KiB);
      await checkContent(t, target.file, expected, 'the target');
    },
  },
  {
    id: 'blockdev-mirror/complete-switches',
    title: 'After completion the device uses the target in the place of the source',
    requirements: ['blockdev-mirror/complete-switches', 'block-job-complete/completes'],
    needs: needs(mirrors, { commands: ['query-block'] }),
    topology: drive,
    async run(t: CaseContext) {
      const target = await addRaw(t, MiB);
      const id = await ready(t, 'blockdev-mirror', { device: 'd0', target: target.name, sync: 'full' });
      const before = await inserted(t);
      t.check(
        before !== target.name,
        'the device must use the source until the job completes',
        'it uses the target',
      );
      await end(t, 'complete', id);
      t.equal(await inserted(t), target.name, 'the device must use the target after the job has completed');
      await checkContent(t, target.file, Buffer.alloc(MiB, 0x11), 'the target');
    },
  },
  {
    id: 'blockdev-mirror/complete-leaves-bitmaps',
    title: 'After completion source and target have the bitmaps that each of them had',
    requirements: ['blockdev-mirror/complete-switches'],
    needs: needs(mirrors, {
      commands: ['block-dirty-bitmap-add', 'block-dirty-bitmap-remove', 'x-debug-block-dirty-bitmap-sha256'],
    }),
    async run(t: CaseContext) {
      const [source, target] = [(await addRaw(t, MiB)).name, (await addRaw(t, MiB)).name];
      await addBitmap(t, source, 'above');
      await addBitmap(t, target, 'copy');
      const id = await ready(t, 'blockdev-mirror', { device: source, target, sync: 'full' });
      await end(t, 'complete', id);
      for (const [node, name, other] of [
        [source, 'above', 'copy'],
        [target, 'copy', 'above'],
      ] as const) {
        await digestOf(t, node, name);
        await t.refused('x-debug-block-dirty-bitmap-sha256', { node, name: other });
      }
    },
  },
  {
    id: 'blockdev-mirror/complete-keeps-mode',
    title: 'After completion the target is read-only if the source was, and else writable',
    requirements: ['blockdev-mirror/complete-switches'],
    needs: mirrors,
    async run(t: CaseContext) {
      for (const readOnly of [true, false]) {
        const { name: device } = await addRaw(t, MiB, { 'read-only': readOnly });
        const { name: target } = await addRaw(t, MiB);
        const id = await ready(t, 'blockdev-mirror', { device, target, sync: 'full' });
        t.contains(await nodeInfo(t, target), { ro: false }, 'the target of a mirror must be writable');
        await end(t, 'complete', id);
        t.contains(await nodeInfo(t, target), { ro: readOnly }, 'the target must be as the source was');
      }
    },
  },
  {
    id: 'blockdev-mirror/crawling',
    title: 'A mirror that crawls is not ready; cancelling it brings BLOCK_JOB_CANCELLED',
    requirements: ['blockdev-mirror/speed', 'BLOCK_JOB_CANCELLED/emitted', 'query-block-jobs/ready'],
    needs: mirrors,
    async run(t: CaseContext) {
      const { node: device } = await addImage(t);
      const target = await addRaw(t, CHAIN_SIZE);
      const args = { device, target: target.name, sync: 'full' };
      const id = t.name('job');
      const slowly = { speed: 1, granularity: 16 * KiB, 'buf-size': 16 * KiB };
      await t.execute('blockdev-mirror', { 'job-id': id, ...args, ...slowly });
      t.contains(
        await jobInfo(t, id),
        { speed: 1, ready: false },
        'the mirror must be listed with its speed, and not be ready',
      );
      const { data } = await cancelled(t, id);
      t.contains(
        data ?? null,
        { type: 'mirror', device: id, speed: 1 },
        'BLOCK_JOB_CANCELLED must name the job with type, id and speed',
      );
      const wrong = { ...args, 'job-id': t.name('job'), speed: -1 };
      await t.refused('blockdev-mirror', wrong, { text: /speed/ });
    },
  },
  {
    id: 'blockdev-mirror/granularity',
    title: 'Powers of two from 512 to 64 MiB are granularities; others are refused',
    requirements: ['blockdev-mirror/granularity'],
    needs: mirrorJobs,
    async run(t: CaseContext) {
      const { name: device } = await addRaw(t, MiB);
      const { name: target } = await addRaw(t, MiB);
      const args = { 'job-id': t.name('job'), device, target, sync: 'none' };
      for (const granularity of [1, 256, 511, 513, 1000, 2 ** 27, 2 ** 31, 2 ** 32, -1])
        await t.refused('blockdev-mirror', { ...args, granularity }, { text: /granularity/ });
      for (const granularity of [512, 4096, 2 ** 26])
        await t.execute('block-job-cancel', { device: (await readyMirror(t, { granularity })).id });
    },
  },
  {
    id: 'blockdev-mirror/filter-node-name',
    title: 'filter-node-name names a node as long as the mirror exists',
    requirements: ['blockdev-mirror/filter-node-name', 'blockdev-mirror/filter-node-driver'],
    needs: mirrorJobs,
    async run(t: CaseContext) {
      const filter = t.name('filter');
      const { id } = await readyMirror(t, { 'filter-node-name': filter });
      const { drv } = await nodeInfo(t, filter);
      await end(t, 'cancel', id);
      await checkAbsent(t, filter);
      t.equal(drv ?? null, 'mirror_top', 'the filter node should have the driver mirror_top', {
        severity: 'should',
        requirement: 'blockdev-mirror/filter-node-driver',
      });
    },
  },
  {
    id: 'blockdev-mirror/refused',
    title: 'Unknown nodes and a busy target are refused',
    requirements: ['blockdev-mirror/device-unknown', 'blockdev-mirror/target-in-use'],
    needs: mirrorJobs,
    async run(t: CaseContext) {
      const { id: first, target: busy } = await readyMirror(t);
      const [device, target] = [await addNode(t), await addNode(t)];
      const args = { 'job-id': t.name('job'), device, target, sync: 'full' };
      for (const fault of [{ device: t.name('nothing') }, { target: t.name('nothing') }, { target: busy }])
        await t.refused('blockdev-mirror', { ...args, ...fault });
      await checkNoJob(t, args['job-id']);
      t.contains(await jobInfo(t, first), { ready: true }, 'the first mirror must still be there, and ready');
    },
  },
  {
    id: 'blockdev-mirror/replaces-unknown',
    title: 'A replaces that names no node is refused, at the latest on completion',
    requirements: ['blockdev-mirror/replaces'],
    needs: mirrorJobs,
    async run(t: CaseContext) {
      const [device, target] = [await addRaw(t, MiB), await addRaw(t, MiB)];
      const id = t.name('job');
      const args = { 'job-id': id, device: device.name, target: target.name, sync: 'full' };
      const { error } = await t.request({
        execute: 'blockdev-mirror',
        arguments: { ...args, replaces: t.name('nothing') },
      });
      if (error !== undefined) return checkNoJob(t, id);
      await t.event('BLOCK_JOB_READY', { device: id });
      await t.refused('block-job-complete', { device: id });
      t.contains(await jobInfo(t, id), { ready: true }, 'the mirror must still be ready after a refusal');
    },
  },
  {
    id: 'drive-mirror/full',
    title: 'drive-mirror makes an image in the format of the source, which holds the chain when ready',
    requirements: ['drive-mirror/creates-target', 'BLOCK_JOB_READY/emitted'],
    needs: drives,
    async run(t: CaseContext) {
      const { node: device } = await addImage(t, 3);
      const target = newFile(t);
      const id = await ready(t, 'drive-mirror', { device, target: target.path, sync: 'full' });
      await end(t, 'cancel', id);
      await checkContent(t, target, stairs(3), 'the target');
    },
  },
  {
    id: 'drive-mirror/existing',
    title: 'drive-mirror with mode existing uses the image that is there, and refuses if none is',
    requirements: ['drive-mirror/existing'],
    needs: drives,
    async run(t: CaseContext) {
      const { node: device, format } = await addImage(t);
      const target = await makeEmpty(t, format);
      const args = { device, sync: 'full', mode: 'existing', format };
      await end(t, 'cancel', await ready(t, 'drive-mirror', { ...args, target: target.path }));
      await checkContent(t, target, stairs(1), 'the target');
      const missing = { ...args, 'job-id': t.name('job'), target: newFile(t).path };
      await t.refused('drive-mirror', missing, { text: /No such file/ });
    },
  },
  {
    id: 'drive-mirror/node-name',
    title: 'The target node has the name that node-name gives, which must be free',
    requirements: ['drive-mirror/node-name'],
    needs: drives,
    async run(t: CaseContext) {
      const { node: device, format } = await addImage(t);
      const [node, taken] = [t.name('target'), await addNode(t)];
      const args = { device, target: newFile(t).path, sync: 'full' };
      await t.refused('drive-mirror', { ...args, 'job-id': t.name('job'), 'node-name': taken });
      const id = await ready(t, 'drive-mirror', { ...args, 'node-name': node });
      t.contains(
        await nodeInfo(t, node),
        { drv: format },
        'the target must be a node of the name that was given',
      );
      await end(t, 'cancel', id);
    },
  },
  {
    id: 'drive-mirror/refused',
    title: 'Unknown devices and formats, and negative speeds, are refused by drive-mirror',
    requirements: ['drive-mirror/device-unknown', 'blockdev-mirror/speed'],
    needs: drives,
    async run(t: CaseContext) {
      const { node: device } = await addImage(t);
      const args = { 'job-id': t.name('job'), device, target: newFile(t).path, sync: 'full' };
      for (const fault of [{ device: t.name('nothing') }, { format: 'nothing' }, { speed: -1 }])
        await t.refused('drive-mirror', { ...args, ...fault });
      await checkNoJob(t, args['job-id']);
    },
  },
];
