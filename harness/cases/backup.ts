/** blockdev-backup and drive-backup: copies as of the moment at which the job started. */
import { join } from 'node:path';
import type { JsonObject } from '../../spec/json.ts';
import type { Topology } from '../targets/target.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { shown } from './case-text.ts';
import {
  addChain,
  addImage,
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  checkContent,
  makeChain,
  makeEmpty,
  readImage,
  release,
  stairs,
} from './helpers/backing-chains.ts';
import { failingFile } from './helpers/failing-files.ts';
import { bytesOf } from './helpers/image-files.ts';
import {
  backupJobs,
  CRAWL,
  cancelled,
  checkNoJob,
  completed,
  crawlingBackup,
  jobInfo,
  succeeded,
} from './helpers/job-steps.ts';
import { nodeIo, writeNode } from './helpers/node-io.ts';
import { buildQcow2 } from './helpers/qcow2-image.ts';
import {
  addNode,
  addRaw,
  fileNodes,
  KiB,
  MiB,
  makeFile,
  needs,
  newFile,
  refusedAsNotFound,
} from './helpers/shared-setup.ts';

const DRIVE = 'backup.img';

/** Device `d0` with a raw image: guest I/O enters above whatever a job puts between. */
const drive: Topology = {
  name: 'backup-drive',
  images: [{ path: DRIVE, format: 'raw', size: MiB, fill: [{ offset: 0, length: MiB, byte: 0x11 }] }],
  options: ['-drive', `if=none,id=d0,file=@DIR@/${DRIVE},format=raw`],
  monitors: 1,
};

const events = ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED'];
const backups = needs(fileNodes, {
  commands: ['blockdev-backup', 'block-job-cancel', 'query-block-jobs'],
  events,
});
const drives = needs(fileNodes, {
  commands: ['drive-backup', 'block-job-cancel', 'query-block-jobs'],
  events,
});
const qcow2 = { drivers: ['qcow2'] };

async function start(t: CaseContext, command: string, args: JsonObject): Promise<string> {
  const id = t.name('job');
  t.equal(await t.execute(command, { 'job-id': id, ...args }), {}, `${command} must return an empty object`);
  return id;
}

const failing = needs(backups, qcow2, { nodes: ['failing'], events: ['BLOCK_JOB_ERROR'] });

/** Starts a backup whose first write to the target fails, and waits until it says so. Gives the id of the job. */
async function failingBackup(t: CaseContext, action: string): Promise<string> {
  const [source] = await addChain(t, 1);
  const file = await makeEmpty(t);
  const target = await addQcow2(t, file, {
    file: failingFile(file, { event: 'write_aio', errno: 5, once: true }),
  });
  const args = { device: source!.node, target, sync: 'full', 'on-target-error': action };
  const id = await start(t, 'blockdev-backup', args);
  const { data } = await t.event('BLOCK_JOB_ERROR', { device: id });
  t.contains(
    data ?? null,
    { operation: 'write', action },
    'BLOCK_JOB_ERROR must tell which operation failed and what is done about it',
  );
  return id;
}

export const backup: readonly CaseDefinition[] = [
  {
    id: 'blockdev-backup/full',
    title: 'A full backup copies the whole chain to the target, and completes by itself',
    requirements: ['blockdev-backup/copies', 'BLOCK_JOB_COMPLETED/emitted'],
    needs: backups,
    async run(t: CaseContext) {
      const source = await addImage(t, 3);
      const target = await addRaw(t, CHAIN_SIZE);
      const device = source.node;
      const id = await start(t, 'blockdev-backup', { device, target: target.name, sync: 'full' });
      await completed(t, id, 'backup');
      await checkNoJob(t, id);
      await release(t, [target.name, ...source.nodes]);
      await checkContent(t, target.file, stairs(3), 'the target');
      await checkContent(t, source.file, stairs(3), 'the source');
    },
  },
  {
    id: 'blockdev-backup/top',
    title: 'A backup with sync top copies what the topmost image has and nothing else',
    requirements: ['blockdev-backup/sync-top', 'BLOCK_JOB_COMPLETED/progress-of-top'],
    needs: needs(backups, qcow2),
    async run(t: CaseContext) {
      const [base] = await addChain(t, 1);
      const backing = { name: base!.file.path, format: 'qcow2' };
      const clusters = new Map([4, 5, 6, 7].map((index) => [index, 0x55]));
      const image = buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, backing, clusters });
      const device = await addQcow2(t, await makeFile(t, image), { backing: base!.node });
      const target = await addRaw(t, CHAIN_SIZE);
      const id = await start(t, 'blockdev-backup', { device, target: target.name, sync: 'top' });
      const { len, offset } = await succeeded(t, id, 'backup');
      await release(t, [target.name, base!.node, device]);
      const expected = Buffer.alloc(CHAIN_SIZE);
      expected.fill(0x55, 4 * CLUSTER, 8 * CLUSTER);
      await checkContent(t, target.file, expected, 'the target');
      t.equal(offset, len, 'the offset at the end of the job must be its len', {
        requirement: 'BLOCK_JOB_COMPLETED/progress-of-top',
      });
    },
  },
  {
    id: 'blockdev-backup/none-waits',
    title:
      'A backup with sync none copies nothing by itself and stays until it is cancelled, paused in between or not',
    requirements: ['blockdev-backup/sync-none'],
    needs: needs(backups, { commands: ['block-job-pause', 'block-job-resume', 'block-job-set-speed'] }),
    async run(t: CaseContext) {
      const { node: device } = await addImage(t);
      const target = await addRaw(t, CHAIN_SIZE);
      const id = await start(t, 'blockdev-backup', { device, target: target.name, sync: 'none' });
      t.contains(
        await jobInfo(t, id),
        { type: 'backup', ready: false },
        'the backup must be listed as running',
      );
      await t.execute('block-job-pause', { device: id });
      await t.execute('block-job-resume', { device: id });
      await t.execute('block-job-set-speed', { device: id, speed: 0 });
      t.contains(await jobInfo(t, id), { type: 'backup', paused: false }, 'the backup must still be there');
      await cancelled(t, id);
      await release(t, [target.name, device]);
      await checkContent(t, target.file, Buffer.alloc(CHAIN_SIZE), 'the target');
    },
  },
  {
    id: 'blockdev-backup/point-in-time',
    title: 'Data that a guest overwrites during a backup reach the target as they were',
    requirements: ['blockdev-backup/point-in-time', 'blockdev-backup/sync-none'],
    needs: needs(backups, nodeIo),
    topology: drive,
    async run(t: CaseContext) {
      const source = { path: `${t.dir}/${DRIVE}`, local: join(t.scratch, DRIVE) };
      const before = await bytesOf(t, source.local);
      const target = await addRaw(t, MiB);
      const id = await start(t, 'blockdev-backup', { device: 'd0', target: target.name, sync: 'none' });
      await writeNode(t, 'd0', 0, 64 * KiB, 0x77);
      await cancelled(t, id);
      await release(t, [target.name]);
      const old = Buffer.alloc(MiB);
      before.copy(old, 0, 0, 64 * KiB);
      await checkContent(t, target.file, old, 'the target');
      const written = Buffer.concat([Buffer.alloc(64 * KiB, 0x77), before.subarray(64 * KiB)]);
      await checkContent(t, source, written, 'the source');
    },
  },
  {
    id: 'blockdev-backup/speed',
    title: 'A negative speed is refused; a small one holds the job back',
    requirements: ['blockdev-backup/speed'],
    needs: backupJobs,
    async run(t: CaseContext) {
      const [device, target] = [await addNode(t), await addNode(t)];
      const args = { 'job-id': t.name('job'), device, target, sync: 'full', speed: -1 };
      await t.refused('blockdev-backup', args, { text: /speed/ });
      const id = await crawlingBackup(t);
      t.contains(await jobInfo(t, id), { speed: CRAWL }, 'the job must have the speed that it was given');
      await completed(t, await crawlingBackup(t, { speed: 0 }), 'backup');
    },
  },
  {
    id: 'blockdev-backup/targets-refused',
    title: "A target that is unknown, the source, read-only or another job's is refused; no job starts",
    requirements: [
      'blockdev-backup/target-unknown',
      'blockdev-backup/target-busy',
      'blockdev-backup/target-read-only',
    ],
    needs: backupJobs,
    async run(t: CaseContext) {
      const [device, busy, other] = [
        await addNode(t, { size: 64 * MiB }),
        await addNode(t, { size: 64 * MiB }),
        await addNode(t),
      ];
      const readOnly = await addNode(t, { 'read-only': true });
      const first = await start(t, 'blockdev-backup', { device, target: busy, sync: 'full', speed: CRAWL });
      const id = t.name('job');
      for (const target of [t.name('nothing'), other, readOnly, busy])
        await t.refused('blockdev-backup', { 'job-id': id, device: other, target, sync: 'full' });
      await checkNoJob(t, id);
      t.contains(
        await jobInfo(t, first),
        { speed: CRAWL },
        'the first job must still be there, with its speed',
      );
    },
  },
  {
    id: 'blockdev-backup/device-unknown',
    title: 'A backup of a device that does not exist is refused',
    requirements: ['blockdev-backup/device-unknown', 'blockdev-backup/device-unknown-refused'],
    needs: backupJobs,
    async run(t: CaseContext) {
      const [id, device] = [t.name('job'), await addNode(t)];
      const args = { 'job-id': id, target: await addNode(t), sync: 'full' };
      const unknown = { device: t.name('nothing'), ...args };
      await refusedAsNotFound(t, 'blockdev-backup/device-unknown', 'blockdev-backup', unknown);
      await t.execute('blockdev-backup', { device, ...args });
      await completed(t, id, 'backup');
    },
  },
  {
    id: 'blockdev-backup/error-report',
    title: 'A write error on the target with policy report brings BLOCK_JOB_ERROR, then a failed end',
    requirements: ['BLOCK_JOB_ERROR/emitted', 'BLOCK_JOB_ERROR/action', 'BLOCK_JOB_COMPLETED/error'],
    needs: failing,
    async run(t: CaseContext) {
      const id = await failingBackup(t, 'report');
      const end = (await t.event('BLOCK_JOB_COMPLETED', { device: id })).data as JsonObject;
      t.check(
        typeof end.error === 'string',
        'BLOCK_JOB_COMPLETED of a job that failed must have its error as a text',
        `error is ${shown(end.error)}`,
      );
      t.check(
        Number(end.offset) < Number(end.len),
        'the offset of a job that failed must be smaller than its len',
        `offset is ${shown(end.offset)}, len is ${shown(end.len)}`,
      );
      await checkNoJob(t, id);
    },
  },
  {
    id: 'blockdev-backup/error-ignore',
    title: 'A write error on the target with policy ignore brings BLOCK_JOB_ERROR, and the job goes on',
    requirements: ['BLOCK_JOB_ERROR/emitted', 'BLOCK_JOB_ERROR/action'],
    needs: failing,
    async run(t: CaseContext) {
      const id = await failingBackup(t, 'ignore');
      await succeeded(t, id, 'backup');
      await checkNoJob(t, id);
    },
  },
  {
    id: 'blockdev-backup/error-stop',
    title: 'A write error on the target with policy stop pauses the job; resumed, it completes',
    requirements: ['BLOCK_JOB_ERROR/emitted', 'BLOCK_JOB_ERROR/action', 'block-job-resume/resumes'],
    needs: needs(failing, {
      commands: ['block-job-resume', 'block-job-set-speed'],
      events: failing.events!,
    }),
    async run(t: CaseContext) {
      const id = await failingBackup(t, 'stop');
      t.contains(
        await jobInfo(t, id),
        { paused: true, 'io-status': 'failed' },
        'a job that stops on an error must be paused, with io-status failed',
      );
      for (const speed of [CRAWL, 0]) {
        await t.execute('block-job-set-speed', { device: id, speed });
        t.contains(
          await jobInfo(t, id),
          { paused: true, speed, 'io-status': 'failed' },
          'another limit must neither resume the job nor forget its error',
        );
      }
      await t.execute('block-job-resume', { device: id });
      await succeeded(t, id, 'backup');
    },
  },
  {
    id: 'drive-backup/full',
    title: 'drive-backup makes an image in the format of the source and copies the chain into it',
    requirements: ['drive-backup/creates-target', 'BLOCK_JOB_COMPLETED/emitted'],
    needs: drives,
    async run(t: CaseContext) {
      const { node: device, format } = await addImage(t, 3);
      const target = newFile(t);
      const id = await start(t, 'drive-backup', { device, target: target.path, sync: 'full' });
      await completed(t, id, 'backup');
      if (format === 'qcow2')
        t.equal(
          (await readImage(t, target)).backing,
          null,
          'the target of sync full must have no backing file',
        );
      await checkContent(t, target, stairs(3), 'the target');
    },
  },
  {
    id: 'drive-backup/raw',
    title: 'drive-backup with format raw makes a raw image of the size of the source',
    requirements: ['drive-backup/creates-target'],
    needs: drives,
    async run(t: CaseContext) {
      const { node: device } = await addImage(t);
      const target = newFile(t);
      const args = { device, target: target.path, sync: 'full', format: 'raw' };
      await completed(t, await start(t, 'drive-backup', args), 'backup');
      t.equal(
        (await bytesOf(t, target.local)).length,
        CHAIN_SIZE,
        'the raw target must be as long as the source',
      );
      await checkContent(t, target, stairs(1), 'the target');
    },
  },
  {
    id: 'drive-backup/top',
    title: 'drive-backup with sync top makes an image above the backing file of the source',
    requirements: ['drive-backup/creates-target', 'blockdev-backup/sync-top'],
    needs: needs(drives, qcow2),
    async run(t: CaseContext) {
      const files = await makeChain(t, 3);
      const target = newFile(t);
      const args = { device: await addQcow2(t, files[2]!), target: target.path, sync: 'top' };
      await succeeded(t, await start(t, 'drive-backup', args), 'backup');
      const image = await readImage(t, target);
      t.equal(
        image.backing,
        files[1]!.path,
        'the target of sync top must name the backing file of the source',
      );
      await checkContent(t, target, stairs(3), 'the target and what is below');
    },
  },
  {
    id: 'drive-backup/existing',
    title: 'drive-backup with mode existing uses the image that is there, and refuses if none is',
    requirements: ['drive-backup/existing'],
    needs: drives,
    async run(t: CaseContext) {
      const { node: device, format } = await addImage(t);
      const target = await makeEmpty(t, format);
      const args = { device, sync: 'full', mode: 'existing', format };
      await completed(t, await start(t, 'drive-backup', { ...args, target: target.path }), 'backup');
      await checkContent(t, target, stairs(1), 'the target');
      const missing = { ...args, 'job-id': t.name('job'), target: newFile(t).path };
      await t.refused('drive-backup', missing, { text: /No such file/ });
    },
  },
  {
    id: 'drive-backup/bitmap',
    title: 'bitmap without sync incremental and sync incremental without a bitmap are refused',
    requirements: ['drive-backup/bitmap'],
    needs: needs(drives, { commands: ['block-dirty-bitmap-add'] }),
    async run(t: CaseContext) {
      const { node: device } = await addImage(t);
      await t.execute('block-dirty-bitmap-add', { node: device, name: 'b' });
      const id = t.name('job');
      for (const options of [
        { sync: 'full', bitmap: 'b' },
        { sync: 'incremental' },
        { sync: 'incremental', bitmap: 'nothing' },
      ])
        await t.refused('drive-backup', { 'job-id': id, device, target: newFile(t).path, ...options });
      await checkNoJob(t, id);
    },
  },
  {
    id: 'drive-backup/refused',
    title: 'Unknown devices and formats, and negative speeds, are refused; no job starts',
    requirements: ['drive-backup/device-unknown', 'blockdev-backup/speed'],
    needs: drives,
    async run(t: CaseContext) {
      const { node: device } = await addImage(t);
      const args = { 'job-id': t.name('job'), device, target: newFile(t).path, sync: 'full' };
      for (const fault of [{ device: t.name('nothing') }, { format: 'nothing' }, { speed: -1 }])
        await t.refused('drive-backup', { ...args, ...fault });
      await checkNoJob(t, args['job-id']);
    },
  },
];
