/** Copies of images with backing files: what sync top takes for allocated, what is below a new target, and each error on the way. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  chainNodes,
  readImage,
  release,
  stairClusters,
  stairs,
} from '../helpers/backing-chains.ts';
import { DRIVE, driveChain, driveOverBase, inserted, onDrive, ownClusters } from '../helpers/drive-chain.ts';
import { addFailing } from '../helpers/failing-files.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { completed, succeeded } from '../helpers/job-steps.ts';
import { nodeBytes, readNode } from '../helpers/node-io.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { addRaw, KiB, makeFile, needs, newFile } from '../helpers/shared-setup.ts';
import { eventsOf, readyToEnd, typeOf } from './copy-commands.ts';

/** More than any endpoint copies in one go. */
const FAR = 1536 * KiB;

/** The cases of copies of overlays. */
export const copiesOfOverlays: readonly CaseDefinition[] = [
  {
    id: 'blockdev-backup/top-within-a-copy',
    title: 'A backup with sync top copies a small cluster of the overlay, also after one that it lacks',
    requirements: ['blockdev-backup/sync-top'],
    needs: needs(chainNodes, { commands: ['blockdev-backup'], events: ['BLOCK_JOB_COMPLETED'] }),
    async run(t: CaseContext) {
      // Of the 64 KiB that are copied as one at least, the overlay has the second quarter, and nothing of the rest.
      const [own, other] = [5, 12];
      const base = await makeFile(t, stairs(1));
      const backing = { name: base.path, format: 'raw' };
      const clusters = new Map([[own, 0x22]]);
      const overlay = buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, clusters, backing });
      const device = await addQcow2(t, await makeFile(t, overlay));
      const { name: target, file } = await addRaw(t, CHAIN_SIZE);
      const id = t.name('job');
      await t.execute('blockdev-backup', { 'job-id': id, device, target, sync: 'top' });
      await succeeded(t, id, 'backup');
      await release(t, [target]);
      const bytes = await bytesOf(t, file.local);
      t.equal(
        [bytes[own * CLUSTER] ?? null, bytes[other * CLUSTER] ?? null],
        [0x22, 0],
        'the target must have what the overlay has, and nothing far from it',
      );
    },
  },
  {
    id: 'drive-mirror/top-reads-below',
    title: 'After complete a drive reads what a mirror with sync top left below, through its new image',
    requirements: ['drive-mirror/sync'],
    needs: needs(onDrive('drive-mirror', 'block-job-complete'), {
      ...nodeBytes,
      events: ['BLOCK_JOB_READY', 'BLOCK_JOB_COMPLETED'],
    }),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      await driveChain(t, 2);
      const [id, copy, { path }] = [t.name('job'), t.name('copy'), newFile(t)];
      const made = { target: path, format: 'qcow2', 'node-name': copy };
      await t.execute('drive-mirror', { 'job-id': id, device: DRIVE, sync: 'top', ...made });
      await t.event('BLOCK_JOB_READY', { device: id });
      await t.execute('block-job-complete', { device: id });
      await completed(t, id, 'mirror');
      t.contains(
        await inserted(t),
        { 'node-name': copy, backing_file_depth: 1 },
        'the drive must use the new image, with its backing file',
      );
      t.check(
        (await readNode(t, copy, 0, CHAIN_SIZE)).equals(stairs(2)),
        'the drive must read as before',
        'it does not',
      );
    },
  },
  ...(['drive-backup', 'drive-mirror'] as const).map(
    (command): CaseDefinition => ({
      id: `${command}/top-copies-own`,
      title: `The image that ${command} makes with sync top holds what the top image does, and lets the rest be below`,
      requirements: [`${command}/sync`],
      needs: needs(onDrive(command, 'block-job-cancel'), { events: eventsOf(command) }),
      topology: driveOverBase,
      fresh: true,
      async run(t: CaseContext) {
        const layers = await driveChain(t, 3);
        const file = newFile(t);
        await t.execute(command, {
          'job-id': 'j',
          device: DRIVE,
          sync: 'top',
          target: file.path,
          format: 'qcow2',
        });
        await readyToEnd(t, typeOf(command), 'j');
        await succeeded(t, 'j', typeOf(command));
        const { backing, clusterSize } = await readImage(t, file);
        t.equal(backing, layers[1]!.file.path, 'the image must name what is below the source');
        t.equal(
          await ownClusters(t, { file, node: '' }),
          Object.fromEntries(
            [...stairClusters(2)].map(([at, byte]) => [Math.floor((at * CLUSTER) / clusterSize), byte]),
          ),
          'the image must hold what the top image does',
        );
      },
    }),
  ),
  {
    id: 'BLOCK_JOB_ERROR/each-error',
    title: 'A job that ignores errors tells of each that it meets, not only of the first',
    requirements: ['BLOCK_JOB_ERROR/emitted', 'BlockdevOnError/ignore'],
    needs: needs(chainNodes, {
      commands: ['block-stream'],
      drivers: ['blkdebug'],
      events: ['BLOCK_JOB_ERROR', 'BLOCK_JOB_COMPLETED'],
    }),
    async run(t: CaseContext) {
      const size = FAR + 64 * KiB;
      const rules = [0, FAR].map((at) => ({ event: 'read_aio', errno: 5, once: true, sector: at / 512 }));
      const base = await makeFile(t, Buffer.alloc(size, 0x11));
      const below = await addFailing(t, base, ...rules);
      const backing = { name: base.path, format: 'raw' };
      const overlay = await makeFile(t, buildQcow2({ size, clusterSize: 64 * KiB, backing }));
      const device = await addQcow2(t, overlay, { backing: below });
      const id = t.name('job');
      await t.execute('block-stream', { 'job-id': id, device, 'on-error': 'ignore' });
      for (const which of ['first', 'second']) {
        const { data } = await t.event('BLOCK_JOB_ERROR', { device: id });
        const { operation = null, action = null } = data as JsonObject;
        t.equal(
          [operation, action],
          ['read', 'ignore'],
          `BLOCK_JOB_ERROR must tell of the ${which} error, and that it is ignored`,
        );
      }
      await t.event('BLOCK_JOB_COMPLETED', { device: id });
    },
  },
];
