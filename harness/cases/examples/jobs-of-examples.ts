/** Examples of commands that start jobs. */
import { join } from 'node:path';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { chainNodes, guestContent } from '../helpers/backing-chains.ts';
import { insertedIn } from '../helpers/device-info.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { completed } from '../helpers/job-steps.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import {
  addRaw,
  type CaseFile,
  fileNodes,
  KiB,
  MiB,
  makeDirectory,
  makeFileIn,
  needs,
} from '../helpers/shared-setup.ts';
import { DRIVE_BYTE, namedDrives } from './drives-of-examples.ts';
import { play } from './play.ts';

const CLUSTER = 64 * KiB;
const FULL = Buffer.alloc(MiB, DRIVE_BYTE);

const events = ['BLOCK_JOB_COMPLETED'];
const mirrors = { events: ['BLOCK_JOB_READY', 'BLOCK_JOB_COMPLETED'] };

/** Puts images over the medium of `virtio0`, lowest first: each with one cluster of its own, by the order of the images. */
async function overlays(t: CaseContext, folder: CaseFile, names: readonly string[]): Promise<CaseFile[]> {
  const files: CaseFile[] = [];
  for (const [index, name] of names.entries()) {
    const below = files.at(-1);
    const backing =
      below === undefined
        ? { name: `${t.dir}/virtio0.img`, format: 'raw' }
        : { name: below.path, format: 'qcow2' };
    const clusters = new Map([[index, 0x22 + index]]);
    const file = await makeFileIn(
      folder,
      name,
      buildQcow2({ size: MiB, clusterSize: CLUSTER, clusters, backing }),
    );
    await t.execute('blockdev-snapshot-sync', {
      device: 'virtio0',
      'snapshot-file': file.path,
      format: 'qcow2',
      mode: 'existing',
    });
    files.push(file);
  }
  return files;
}

/** Ends the ready mirror of a drive: its target is a copy as of then. */
async function endMirror(t: CaseContext, device: string): Promise<void> {
  await t.event('BLOCK_JOB_READY', { device, type: 'mirror' });
  await t.execute('block-job-cancel', { device });
  await completed(t, device, 'mirror');
}

function holdsAll(t: CaseContext, bytes: Buffer, what: 'target' | 'file'): void {
  t.check(bytes.equals(FULL), `the ${what} must be a copy of the device`, 'its bytes are others');
}

export const exampleJobs: readonly CaseDefinition[] = [
  {
    id: 'examples/block-commit',
    title: 'The example of block-commit moves the data of /tmp/snap1.qcow2 into the image below it',
    requirements: ['examples/block-commit'],
    needs: needs(chainNodes, { commands: ['block-commit', 'blockdev-snapshot-sync', 'query-block'], events }),
    topology: namedDrives,
    fresh: true,
    async run(t: CaseContext) {
      const folder = await makeDirectory(t);
      await overlays(t, folder, ['snap1.qcow2', 'snap2.qcow2']);
      await play(t, 'block-commit', folder);
      await completed(t, 'virtio0', 'commit');
      t.contains(
        await insertedIn(t, 'virtio0'),
        { file: `${folder.path}/snap2.qcow2`, backing_file_depth: 1, backing_file: `${t.dir}/virtio0.img` },
        'the image that was committed must have left the chain',
      );
      const base = await bytesOf(t, join(t.scratch, 'virtio0.img'));
      t.equal(
        [base[0]!, base[CLUSTER]!],
        [0x22, DRIVE_BYTE],
        'the base must have the data of that image, and no data of the one above',
      );
    },
  },
  {
    id: 'examples/block-stream',
    title:
      'The example of block-stream fills the image of virtio0 with what is between it and /tmp/master.qcow2',
    requirements: ['examples/block-stream'],
    needs: needs(chainNodes, { commands: ['block-stream', 'blockdev-snapshot-sync', 'query-block'], events }),
    topology: namedDrives,
    fresh: true,
    async run(t: CaseContext) {
      const folder = await makeDirectory(t);
      await overlays(t, folder, ['master.qcow2', 'middle.qcow2', 'active.qcow2']);
      await play(t, 'block-stream', folder);
      await completed(t, 'virtio0', 'stream');
      t.contains(
        await insertedIn(t, 'virtio0'),
        {
          file: `${folder.path}/active.qcow2`,
          backing_file_depth: 2,
          backing_file: `${folder.path}/master.qcow2`,
        },
        'the image must be directly over its base',
      );
    },
  },
  {
    id: 'examples/drive-backup',
    title: 'The example of drive-backup makes backup.img a copy of drive0',
    requirements: ['examples/drive-backup'],
    needs: needs(fileNodes, { commands: ['drive-backup'], events }),
    topology: namedDrives,
    async run(t: CaseContext) {
      const folder = await makeDirectory(t);
      await play(t, 'drive-backup', folder);
      await completed(t, 'drive0', 'backup');
      holdsAll(t, await bytesOf(t, join(folder.local, 'backup.img')), 'file');
    },
  },
  {
    id: 'examples/blockdev-backup',
    title: 'The example of blockdev-backup copies the device src-id to the node tgt-id',
    requirements: ['examples/blockdev-backup'],
    needs: needs(fileNodes, { commands: ['blockdev-backup'], events }),
    topology: namedDrives,
    async run(t: CaseContext) {
      const { file } = await addRaw(t, MiB, { 'node-name': 'tgt-id' });
      await play(t, 'blockdev-backup', await makeDirectory(t));
      await completed(t, 'src-id', 'backup');
      holdsAll(t, await bytesOf(t, file.local), 'target');
    },
  },
  {
    id: 'examples/drive-mirror',
    title: 'The example of drive-mirror makes a qcow2 file that is a copy of ide-hd0 once the job is ready',
    requirements: ['examples/drive-mirror'],
    needs: needs(chainNodes, { commands: ['drive-mirror', 'block-job-cancel'], ...mirrors }),
    topology: namedDrives,
    async run(t: CaseContext) {
      const folder = await makeDirectory(t);
      await play(t, 'drive-mirror', folder);
      await endMirror(t, 'ide-hd0');
      holdsAll(t, await guestContent(t, join(folder.local, 'my-image')), 'file');
    },
  },
  {
    id: 'examples/blockdev-mirror',
    title: 'The example of blockdev-mirror makes the node target0 a copy of ide-hd0 once the job is ready',
    requirements: ['examples/blockdev-mirror'],
    needs: needs(fileNodes, { commands: ['blockdev-mirror', 'block-job-cancel'], ...mirrors }),
    topology: namedDrives,
    async run(t: CaseContext) {
      const { file } = await addRaw(t, MiB, { 'node-name': 'target0' });
      await play(t, 'blockdev-mirror', await makeDirectory(t));
      await endMirror(t, 'ide-hd0');
      holdsAll(t, await bytesOf(t, file.local), 'target');
    },
  },
];
