/** What a job is kept from by the users of its nodes, and keeps others from. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  addChain,
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  chainNodes,
  type Layer,
  makeEmpty,
  readImage,
  release,
} from '../helpers/backing-chains.ts';
import { sizesOf } from '../helpers/image-files.ts';
import {
  backupJobs,
  cancelled,
  completed,
  endedReady,
  mirrorJobs,
  readyMirror,
} from '../helpers/job-steps.ts';
import { attempt, nodeBytes, openIo } from '../helpers/node-io.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { addRaw, makeFile, needs, nodeInfo, snapshotsOf } from '../helpers/shared-setup.ts';

/** The cases of jobs as users. */
export const usersOfJobs: readonly CaseDefinition[] = [
  {
    id: 'blockdev-backup/target-below-a-format',
    title: 'A backup is refused over the file of a format that is open, and taken when that is gone',
    requirements: ['blockdev-add/users-agree'],
    needs: needs(chainNodes, backupJobs),
    async run(t: CaseContext) {
      const file = await makeEmpty(t);
      const target = t.name('file');
      await t.execute('blockdev-add', { driver: 'file', 'node-name': target, filename: file.path });
      const { name: device } = await addRaw(t, (await sizesOf(t, file.local)).size);
      const format = await addQcow2(t, file, { file: target });
      const backup = { 'job-id': t.name('job'), device, target, sync: 'full' };
      await t.refused('blockdev-backup', backup);
      await release(t, [format]);
      await t.execute('blockdev-backup', backup);
      await completed(t, backup['job-id'], 'backup');
    },
  },
  {
    id: 'block-stream/no-writer-below',
    title:
      'A stream is refused over a backing image that somebody writes, and lets nobody write it while it runs',
    requirements: ['blockdev-add/users-agree'],
    needs: needs(chainNodes, nodeBytes, {
      commands: ['block-stream', 'block-job-cancel'],
      events: ['BLOCK_JOB_CANCELLED'],
    }),
    async run(t: CaseContext) {
      const shape = { size: CHAIN_SIZE, clusterSize: CLUSTER };
      const clusters = new Map([0, 4, 8].map((index) => [index, 0x31]));
      const below = await addQcow2(t, await makeFile(t, buildQcow2({ ...shape, clusters })));
      const device = await addQcow2(t, await makeEmpty(t), { backing: below });
      const stream = { 'job-id': t.name('job'), device, speed: 1 };
      const write = { kind: 'write', offset: 0, length: 512, byte: 1 } as const;
      const writer = await openIo(t, below);
      await t.refused('block-stream', stream);
      await writer.close();
      t.equal(await attempt(t, below, write), 'done', 'a writer must be let in while there is no job');
      await t.execute('block-stream', stream);
      t.equal(await attempt(t, below, write), 'no-access', 'a writer must be refused while the job runs');
      await cancelled(t, stream['job-id']);
      t.equal(await attempt(t, below, write), 'done', 'a writer must be let in once the job is gone');
    },
  },
  {
    id: 'blockdev-mirror/target-not-written',
    title: 'While a mirror runs nobody else may write its target; once it is gone a writer is let in',
    requirements: ['blockdev-add/users-agree'],
    needs: needs(mirrorJobs, nodeBytes),
    async run(t: CaseContext) {
      const { id, target } = await readyMirror(t);
      const write = { kind: 'write', offset: 0, length: 512, byte: 1 } as const;
      t.equal(await attempt(t, target, write), 'no-access', 'a writer must be refused while the job runs');
      await endedReady(t, id);
      t.equal(await attempt(t, target, write), 'done', 'a writer must be let in once the job is gone');
    },
  },
  {
    id: 'internal-snapshot/in-use-by-job',
    title:
      'Neither source nor target of a backup gets an internal snapshot, or loses one, until that has ended',
    requirements: ['blockdev-snapshot-internal-sync/in-use', 'blockdev-snapshot-internal-sync/takes'],
    needs: needs(chainNodes, backupJobs, {
      commands: ['blockdev-snapshot-internal-sync', 'blockdev-snapshot-delete-internal-sync'],
    }),
    async run(t: CaseContext) {
      const nodes = [await addQcow2(t, await makeEmpty(t)), await addQcow2(t, await makeEmpty(t))] as const;
      for (const device of nodes) await t.execute('blockdev-snapshot-internal-sync', { device, name: 'old' });
      const id = t.name('job');
      await t.execute('blockdev-backup', { 'job-id': id, device: nodes[0], target: nodes[1], sync: 'none' });
      const names = async (node: string) => (await snapshotsOf(t, node)).map(({ name }) => String(name));
      for (const device of nodes) {
        await t.refused('blockdev-snapshot-internal-sync', { device, name: 'new' });
        await t.refused('blockdev-snapshot-delete-internal-sync', { device, name: 'old' });
        t.equal(await names(device), ['old'], 'a refused command must leave the snapshots as they were');
      }
      await cancelled(t, id);
      for (const device of nodes) {
        await t.execute('blockdev-snapshot-internal-sync', { device, name: 'new' });
        await t.execute('blockdev-snapshot-delete-internal-sync', { device, name: 'old' });
        t.equal(await names(device), ['new'], 'the snapshots must be those that were asked for');
      }
    },
  },
  {
    id: 'change-backing-file/in-use-by-job',
    title: 'An image that a backup reads keeps the name of its backing file until that has ended',
    requirements: ['change-backing-file/in-use', 'change-backing-file/writes-header'],
    needs: needs(chainNodes, backupJobs, { commands: ['change-backing-file'] }),
    async run(t: CaseContext) {
      const layers = await addChain(t, 2);
      const [, { node: device, file }] = layers as [Layer, Layer];
      const { name: target } = await addRaw(t, CHAIN_SIZE);
      const id = t.name('job');
      const change = { device, 'image-node-name': device, 'backing-file': 'elsewhere.img' };
      const before = (await nodeInfo(t, device)).backing_file ?? null;
      await t.execute('blockdev-backup', { 'job-id': id, device, target, sync: 'none' });
      await t.refused('change-backing-file', change);
      t.equal(
        (await nodeInfo(t, device)).backing_file ?? null,
        before,
        'a refused change must change nothing',
      );
      await cancelled(t, id);
      await t.execute('change-backing-file', change);
      await release(t, [device]);
      t.equal(
        (await readImage(t, file)).backing ?? null,
        'elsewhere.img',
        'the header must name the new one',
      );
    },
  },
  {
    id: 'change-backing-file/device-of-a-job',
    title: 'No image below a device is renamed while a job has the device, though it does not have the image',
    requirements: ['change-backing-file/in-use'],
    needs: needs(chainNodes, backupJobs, { commands: ['change-backing-file'] }),
    async run(t: CaseContext) {
      const [, middle, top] = (await addChain(t, 3)) as [Layer, Layer, Layer];
      const { name: target } = await addRaw(t, CHAIN_SIZE);
      const id = t.name('job');
      const change = { device: top.node, 'image-node-name': middle.node, 'backing-file': 'elsewhere.img' };
      const before = (await nodeInfo(t, middle.node)).backing_file ?? null;
      await t.execute('blockdev-backup', { 'job-id': id, device: top.node, target, sync: 'none' });
      await t.refused('change-backing-file', change);
      t.equal(
        (await nodeInfo(t, middle.node)).backing_file ?? null,
        before,
        'a refused change must change nothing',
      );
      await cancelled(t, id);
      await t.execute('change-backing-file', change);
      await release(t, [middle.node, top.node]);
      t.equal(
        (await readImage(t, middle.file)).backing ?? null,
        'elsewhere.img',
        'the header must name the new one',
      );
    },
  },
];
