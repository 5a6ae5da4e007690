/** Examples of events: each is brought about, and must look as its example does. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition, EventReply, Needs } from '../case.ts';
import { diskImage, FAILS, failingDrive, onFailingDisks, start } from '../guest-devices/failing-disks.ts';
import { chainNodes } from '../helpers/backing-chains.ts';
import { insertedIn } from '../helpers/device-info.ts';
import { addFailing } from '../helpers/failing-files.ts';
import { IdeDrive, pc } from '../helpers/ide-guest.ts';
import { CRAWL, cancelled } from '../helpers/job-steps.ts';
import { attempt, nodeIo } from '../helpers/node-io.ts';
import { buildQcow2, entryTo, l1TableOf } from '../helpers/qcow2-image.ts';
import { addRaw, addRawOver, fileNodes, KiB, MiB, makeFile, needs } from '../helpers/shared-setup.ts';
import { namedDrives } from './drives-of-examples.ts';
import { formOf, shownData } from './play.ts';

/** States that an event's members are as in its example, those of `scene` with these values, all others as they stand there. */
function checkLike(t: CaseContext, { event, data = null }: EventReply, scene: JsonObject = {}): void {
  const example = shownData(event);
  formOf(t, `the data of ${event}`, data, example);
  t.contains(data, { ...example, ...scene }, `${event} must tell what its example tells`);
}

/** Takes an event, of which the same must be so. */
async function likeExample(t: CaseContext, event: string, scene?: JsonObject): Promise<void> {
  checkLike(t, await t.event(event), scene);
}

const overlaid: Needs = needs(chainNodes, {
  commands: ['block-stream', 'blockdev-snapshot-sync', 'query-block-jobs', 'block-job-cancel'],
});

/** Streams into an image over `virtio-disk0`. */
async function stream(t: CaseContext, options: JsonObject = {}): Promise<void> {
  const clusterSize = 64 * KiB;
  const backing = { name: `${t.dir}/virtio-disk0.img`, format: 'raw' };
  const { path } = await makeFile(t, buildQcow2({ size: MiB, clusterSize, backing }));
  const overlay = { 'snapshot-file': path, format: 'qcow2', mode: 'existing' };
  await t.execute('blockdev-snapshot-sync', { device: 'virtio-disk0', ...overlay });
  await t.execute('block-stream', { device: 'virtio-disk0', ...options });
}

const stoppingDisk = pc(
  'disk-of-the-examples',
  [diskImage('ide0-hd1')],
  [
    '-drive',
    failingDrive('ide0-hd1', 'top', 'werror=stop'),
    '-device',
    'ide-hd,id=hd1,drive=ide0-hd1,bus=ide.0,unit=1',
  ],
);

export const exampleEvents: readonly CaseDefinition[] = [
  {
    id: 'examples/image-corrupted',
    title:
      'A write to ide0-hd0 that would hit the active L1 table brings the example of BLOCK_IMAGE_CORRUPTED',
    requirements: [
      'BLOCK_IMAGE_CORRUPTED/device',
      'BLOCK_IMAGE_CORRUPTED/offset-and-size',
      'BLOCK_IMAGE_CORRUPTED/msg',
      'examples/image-corrupted',
    ],
    needs: needs(chainNodes, nodeIo, {
      commands: ['blockdev-snapshot'],
      events: ['BLOCK_IMAGE_CORRUPTED'],
    }),
    topology: namedDrives,
    fresh: true,
    async run(t: CaseContext) {
      const clusterSize = 64 * KiB;
      const entries = new Map([[0, entryTo(l1TableOf(clusterSize))]]);
      const { path } = await makeFile(t, buildQcow2({ size: MiB, clusterSize, entries }));
      const file = { driver: 'file', filename: path };
      await t.execute('blockdev-add', { driver: 'qcow2', 'node-name': 'node0', file, backing: null });
      await t.execute('blockdev-snapshot', { node: 'ide0-hd0', overlay: 'node0' });
      const outcome = await attempt(t, 'node0', { kind: 'write', offset: 0, length: clusterSize, byte: 1 });
      t.check(outcome !== 'done', 'a write into metadata must fail', 'it succeeds');
      const told = await t.event('BLOCK_IMAGE_CORRUPTED');
      const { msg = '' } = (told.data ?? {}) as JsonObject;
      t.check(msg !== '', 'BLOCK_IMAGE_CORRUPTED must have a text that tells what is wrong', 'it has none');
      checkLike(t, told, { msg });
    },
  },
  {
    id: 'examples/io-error',
    title:
      'A failed write of the guest of ide0-hd1, whose policy is stop, brings the example of BLOCK_IO_ERROR',
    requirements: ['examples/io-error'],
    needs: onFailingDisks,
    topology: stoppingDisk,
    fresh: true,
    async run(t: CaseContext) {
      await start(t);
      await new IdeDrive(t, 'ide.0', 1).begin('write', FAILS.write, 1);
      await t.event('STOP');
      await likeExample(t, 'BLOCK_IO_ERROR', { 'node-name': 'top' });
    },
  },
  {
    id: 'examples/job-completed',
    title: 'A stream of virtio-disk0 that comes to its end brings the example of BLOCK_JOB_COMPLETED',
    requirements: ['examples/job-completed'],
    needs: needs(overlaid, { events: ['BLOCK_JOB_COMPLETED'] }),
    topology: namedDrives,
    fresh: true,
    async run(t: CaseContext) {
      await stream(t);
      await likeExample(t, 'BLOCK_JOB_COMPLETED', { len: MiB, offset: MiB });
      t.contains(
        await insertedIn(t, 'virtio-disk0'),
        { backing_file_depth: 0 },
        'the image must need no backing file any more',
      );
    },
  },
  {
    id: 'examples/job-cancelled',
    title: 'A stream of virtio-disk0 that is cancelled on its way brings the example of BLOCK_JOB_CANCELLED',
    requirements: ['examples/job-cancelled'],
    needs: needs(overlaid, { events: ['BLOCK_JOB_CANCELLED'] }),
    topology: namedDrives,
    fresh: true,
    async run(t: CaseContext) {
      await stream(t, { speed: CRAWL });
      const told = await cancelled(t, 'virtio-disk0');
      const { offset = null } = (told.data ?? {}) as JsonObject;
      checkLike(t, told, { len: MiB, speed: CRAWL, offset });
      t.check(
        Number(offset) < MiB,
        'a job that is cancelled on its way must not be at its end',
        `its offset is ${String(offset)}`,
      );
    },
  },
  {
    id: 'examples/job-error',
    title: 'A failed write of a job ide0-hd1 whose policy is stop brings the example of BLOCK_JOB_ERROR',
    requirements: ['examples/job-error'],
    needs: needs(fileNodes, {
      commands: ['blockdev-backup', 'block-job-resume'],
      nodes: ['failing'],
      events: ['BLOCK_JOB_ERROR', 'BLOCK_JOB_COMPLETED'],
    }),
    async run(t: CaseContext) {
      const rule = { event: 'write_aio', errno: 5, once: true };
      const target = await addFailing(t, await makeFile(t, 64 * KiB), rule);
      await t.execute('blockdev-backup', {
        'job-id': 'ide0-hd1',
        // What a null node shows may be anything, also what looks like another image.
        device: await addRawOver(t, await makeFile(t, Buffer.alloc(64 * KiB, 0x5a))),
        target,
        sync: 'full',
        'on-target-error': 'stop',
      });
      await likeExample(t, 'BLOCK_JOB_ERROR');
      await t.execute('block-job-resume', { device: 'ide0-hd1' });
      await t.event('BLOCK_JOB_COMPLETED', { device: 'ide0-hd1' });
    },
  },
  {
    id: 'examples/job-ready',
    title: 'A mirror of drive0 that has copied all brings the example of BLOCK_JOB_READY',
    requirements: ['examples/job-ready'],
    needs: needs(fileNodes, {
      commands: ['blockdev-mirror', 'block-job-cancel'],
      events: ['BLOCK_JOB_READY'],
    }),
    topology: namedDrives,
    async run(t: CaseContext) {
      const target = (await addRaw(t, MiB)).name;
      await t.execute('blockdev-mirror', { device: 'drive0', target, sync: 'full' });
      await likeExample(t, 'BLOCK_JOB_READY', { len: MiB, offset: MiB });
    },
  },
  {
    id: 'examples/job-pending',
    title: 'A mirror of drive0 that is to be finalized by hand brings the example of BLOCK_JOB_PENDING',
    requirements: ['examples/job-pending'],
    needs: needs(fileNodes, {
      commands: ['blockdev-mirror', 'block-job-complete', 'block-job-finalize'],
      events: ['BLOCK_JOB_READY', 'BLOCK_JOB_PENDING', 'BLOCK_JOB_COMPLETED'],
      members: ['blockdev-mirror.auto-finalize'],
    }),
    async run(t: CaseContext) {
      const [device, target] = [(await addRaw(t, MiB)).name, (await addRaw(t, MiB)).name];
      const options = { 'job-id': 'drive0', device, target, sync: 'full' };
      await t.execute('blockdev-mirror', { ...options, 'auto-finalize': false });
      await t.event('BLOCK_JOB_READY', { device: 'drive0' });
      await t.execute('block-job-complete', { device: 'drive0' });
      await likeExample(t, 'BLOCK_JOB_PENDING');
      await t.execute('block-job-finalize', { id: 'drive0' });
      await t.event('BLOCK_JOB_COMPLETED', { device: 'drive0' });
    },
  },
];
