/** What a job was started with holds also for what it does after it was paused, given another speed and resumed. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, chainNodes, checkContent, readImage, release } from '../helpers/backing-chains.ts';
import { addBitmap } from '../helpers/bitmaps.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { reaches } from '../helpers/job-states.ts';
import { succeeded } from '../helpers/job-steps.ts';
import { nodeIo, openIo } from '../helpers/node-io.ts';
import { buildQcow2, isCompressed, placeOf } from '../helpers/qcow2-image.ts';
import {
  addRaw,
  type CaseFile,
  fileNodes,
  KiB,
  MiB,
  makeFile,
  needs,
  newFile,
  nodeInfo,
} from '../helpers/shared-setup.ts';
import { interrupt, interruptions, pause, SLOW } from './interruptions.ts';

const CLUSTER = 64 * KiB;
const COUNT = 64;
const SIZE = CLUSTER * COUNT;
const every = (step: number): number[] =>
  Array.from({ length: COUNT }, (_, index) => index).filter((index) => index % step === 0);
const FAST = 1024 * MiB;
/** What every image but the lowest has of its own. */
const OWN = every(2);

interface Chain {
  readonly base: { node: string; file: CaseFile };
  readonly middle: { node: string; file: CaseFile };
  readonly top: { node: string; file: CaseFile };
}

/** A full raw image, one above it that has every other cluster, and one that has nothing. */
async function chain(t: CaseContext): Promise<Chain> {
  const { name: base, file } = await addRaw(t, Buffer.alloc(SIZE, 0x21));
  const clusters = new Map(OWN.map((index) => [index, 0x22]));
  const image = { size: SIZE, clusterSize: CLUSTER };
  const middleFile = await makeFile(
    t,
    buildQcow2({ ...image, clusters, backing: { name: file.path, format: 'raw' } }),
  );
  const middle = await addQcow2(t, middleFile, { backing: base });
  const below = { name: middleFile.path, format: 'qcow2' };
  const topFile = await makeFile(t, buildQcow2({ ...image, backing: below }));
  const top = await addQcow2(t, topFile, { backing: middle });
  return {
    base: { node: base, file },
    middle: { node: middle, file: middleFile },
    top: { node: top, file: topFile },
  };
}

/** States which clusters an image that nobody uses has of its own. */
async function checkOwn(
  t: CaseContext,
  file: CaseFile,
  expected: readonly number[],
  what: string,
): Promise<void> {
  const image = await readImage(t, file);
  const own = every(1).filter((index) => image.cluster(index) !== null);
  t.equal(own, [...expected], `${what} must have these clusters of its own, and no other`);
}

/** States that those clusters of an image that nobody uses read as zeroes. */
async function checkZero(t: CaseContext, file: CaseFile, indices: readonly number[]): Promise<void> {
  const image = await readImage(t, file);
  for (const index of indices) {
    const cluster = image.cluster(index);
    const reads = cluster === 'zero' || (cluster?.every((byte) => byte === 0) ?? false);
    t.check(reads, 'what was zeroed must be zero on the target', `cluster ${index} is not`);
  }
}

/** Starts a slow job. */
async function slow(t: CaseContext, command: string, args: JsonObject): Promise<string> {
  const id = t.name('job');
  await t.execute(command, { 'job-id': id, speed: SLOW, ...args });
  return id;
}

/** The cases of jobs that are interrupted. */
export const interruptedJobs: readonly CaseDefinition[] = [
  {
    id: 'block-stream/interrupted',
    title:
      'A stream that was paused and resumed copies down to its base, and writes the name that backing-file gives',
    requirements: ['block-stream/base-node', 'block-stream/backing-file', 'block-job-resume/resumes'],
    needs: needs(chainNodes, interruptions, { commands: ['block-stream'] }),
    async run(t: CaseContext) {
      const { base, middle, top } = await chain(t);
      const name = base.file.path.replace(/([^/]+)$/, './$1');
      const args = { device: top.node, 'base-node': base.node, 'backing-file': name };
      const id = await slow(t, 'block-stream', args);
      await interrupt(t, id, FAST);
      await succeeded(t, id, 'stream');
      await release(t, [base.node, middle.node, top.node]);
      t.equal((await readImage(t, top.file)).backing, name, 'the header must have the name that was given');
      await checkOwn(t, top.file, OWN, 'the image');
    },
  },
  {
    id: 'block-commit/interrupted',
    title:
      'A commit that was paused and resumed copies what it should, and writes the name that backing-file gives',
    requirements: ['block-commit/backing-file', 'block-commit/commits', 'block-job-resume/resumes'],
    needs: needs(chainNodes, interruptions, { commands: ['block-commit'] }),
    async run(t: CaseContext) {
      const { base, middle, top } = await chain(t);
      const name = base.file.path.replace(/([^/]+)$/, './$1');
      const { file: path } = await nodeInfo(t, middle.node);
      const id = await slow(t, 'block-commit', { device: top.node, top: path!, 'backing-file': name });
      await interrupt(t, id, FAST);
      await succeeded(t, id, 'commit');
      t.contains(await nodeInfo(t, base.node), { ro: false }, 'the base must be as writable as it was');
      await release(t, [base.node, middle.node, top.node]);
      t.equal((await readImage(t, top.file)).backing, name, 'the header must have the name that was given');
      const bytes = await bytesOf(t, base.file.local);
      const found = every(1).filter((index) => bytes[index * CLUSTER] === 0x22);
      t.equal(found, OWN, 'the base must have what the image in the middle had, and its own');
    },
  },
  {
    id: 'drive-backup/interrupted',
    title: 'A backup with sync top and compress that was paused and resumed copies only the top, compressed',
    requirements: ['drive-backup/compress', 'drive-backup/sync', 'block-job-resume/resumes'],
    needs: needs(chainNodes, interruptions, { commands: ['drive-backup'] }),
    async run(t: CaseContext) {
      const { base, middle, top } = await chain(t);
      await release(t, [top.node]);
      const target = newFile(t);
      const args = { device: middle.node, target: target.path, format: 'qcow2', sync: 'top', compress: true };
      const id = await slow(t, 'drive-backup', args);
      await interrupt(t, id, FAST);
      await succeeded(t, id, 'backup');
      await release(t, [base.node, middle.node]);
      await checkOwn(t, target, OWN, 'the target');
      const bytes = await bytesOf(t, target.local);
      t.equal(
        every(1).filter((index) => isCompressed(bytes, index)),
        OWN,
        'all that was copied must be compressed',
      );
    },
  },
  {
    id: 'drive-backup/incremental-interrupted',
    title: 'An incremental backup that was paused and resumed copies what its bitmap marks, and nothing else',
    requirements: ['drive-backup/sync-incremental', 'block-job-resume/resumes'],
    needs: needs(fileNodes, nodeIo, interruptions, { commands: ['drive-backup', 'block-dirty-bitmap-add'] }),
    async run(t: CaseContext) {
      const { name: device } = await addRaw(t, Buffer.alloc(SIZE, 0x21));
      const bitmap = t.name('bitmap');
      await addBitmap(t, device, bitmap);
      const written = every(2);
      const guest = await openIo(t, device);
      for (const index of written)
        await guest.perform({ kind: 'write', offset: index * CLUSTER, length: CLUSTER, byte: 0x22 });
      await guest.close();
      const target = await makeFile(t, SIZE);
      const args = {
        device,
        target: target.path,
        format: 'raw',
        mode: 'existing',
        sync: 'incremental',
        bitmap,
      };
      const id = await slow(t, 'drive-backup', args);
      await interrupt(t, id, FAST);
      await succeeded(t, id, 'backup');
      const bytes = await bytesOf(t, target.local);
      t.equal(
        every(1).filter((index) => bytes[index * CLUSTER] !== 0),
        written,
        'the target must have what was marked, and nothing else',
      );
    },
  },
  {
    id: 'blockdev-backup/saves-while-paused',
    title:
      'What a guest overwrites while a backup is paused, and after it was resumed, reaches the target as it was',
    requirements: ['blockdev-backup/point-in-time', 'block-job-pause/pauses'],
    needs: needs(fileNodes, nodeIo, interruptions, { commands: ['blockdev-backup'] }),
    async run(t: CaseContext) {
      const { name: device } = await addRaw(t, Buffer.alloc(SIZE, 0x21));
      const { name: target, file } = await addRaw(t, SIZE);
      const guest = await openIo(t, device);
      const write = (index: number) =>
        guest.perform({ kind: 'write', offset: index * CLUSTER, length: CLUSTER, byte: 0x33 });
      const id = await slow(t, 'blockdev-backup', { device, target, sync: 'full' });
      await pause(t, id);
      await write(COUNT - 2);
      await t.execute('block-job-resume', { device: id });
      await write(COUNT - 1);
      await t.execute('block-job-set-speed', { device: id, speed: 0 });
      await succeeded(t, id, 'backup');
      await guest.close();
      await checkContent(t, file, Buffer.alloc(SIZE, 0x21), 'the target');
    },
  },
  {
    id: 'blockdev-mirror/follows-while-standing-by',
    title:
      'What a guest writes while a ready mirror is paused, and later, reaches the target; it is told ready once',
    requirements: ['blockdev-mirror/mirrors-writes', 'BLOCK_JOB_READY/emitted', 'block-job-pause/pauses'],
    needs: needs(fileNodes, nodeIo, interruptions, {
      commands: ['blockdev-mirror'],
      events: ['BLOCK_JOB_READY'],
    }),
    async run(t: CaseContext) {
      const { name: device } = await addRaw(t, Buffer.alloc(MiB, 0x21));
      const { name: target, file } = await addRaw(t, MiB);
      const guest = await openIo(t, device);
      const write = (index: number) =>
        guest.perform({ kind: 'write', offset: index * CLUSTER, length: CLUSTER, byte: 0x33 });
      const id = t.name('job');
      await t.execute('blockdev-mirror', { 'job-id': id, device, target, sync: 'none' });
      await t.event('BLOCK_JOB_READY', { device: id });
      await write(1);
      await t.execute('block-job-pause', { device: id });
      await reaches(t, id, 'standby');
      await write(3);
      await t.execute('block-job-resume', { device: id });
      await reaches(t, id, 'ready');
      await write(5);
      await t.execute('block-job-cancel', { device: id });
      await succeeded(t, id, 'mirror');
      await guest.close();
      t.check(
        t.pending().every(({ event }) => event !== 'BLOCK_JOB_READY'),
        'a mirror must tell once that it is ready',
        'it tells again',
      );
      const bytes = await bytesOf(t, file.local);
      const found = Array.from({ length: MiB / CLUSTER }, (_, index) => index).filter(
        (index) => bytes[index * CLUSTER] !== 0,
      );
      t.equal(found, [1, 3, 5], 'the target must have what was written, and nothing else');
    },
  },
  {
    id: 'drive-mirror/unmap-interrupted',
    title:
      'A mirror with unmap false keeps the places of clusters that become zero, when it is ready and after a pause',
    requirements: ['drive-mirror/unmap-false', 'block-job-resume/resumes'],
    needs: needs(chainNodes, nodeIo, interruptions, {
      commands: ['drive-mirror'],
      events: ['BLOCK_JOB_READY'],
    }),
    async run(t: CaseContext) {
      const { name: device } = await addRaw(t, Buffer.alloc(SIZE, 0x21));
      const clusters = new Map(every(1).map((index) => [index, 0x44]));
      const target = await makeFile(t, buildQcow2({ size: SIZE, clusterSize: CLUSTER, clusters }));
      const image = { target: target.path, format: 'qcow2', mode: 'existing' };
      const guest = await openIo(t, device);
      const zero = (index: number) =>
        guest.perform({ kind: 'write-zeroes', offset: index * CLUSTER, length: CLUSTER });
      const id = t.name('job');
      await t.execute('drive-mirror', { 'job-id': id, device, ...image, sync: 'none', unmap: false });
      await t.event('BLOCK_JOB_READY', { device: id });
      await zero(2);
      await t.execute('block-job-pause', { device: id });
      await reaches(t, id, 'standby');
      await zero(4);
      await t.execute('block-job-resume', { device: id });
      await t.execute('block-job-cancel', { device: id });
      await succeeded(t, id, 'mirror');
      await guest.close();
      await checkZero(t, target, [2, 4]);
      const bytes = await bytesOf(t, target.local);
      for (const index of [2, 4])
        t.check(placeOf(bytes, index) !== null, 'a cluster must keep its place', `cluster ${index} has none`);
    },
  },
  {
    id: 'drive-mirror/unmap-when-ready',
    title:
      'A mirror that is ready gives up the place of clusters that become zero, by default and with unmap true',
    requirements: ['drive-mirror/unmap', 'drive-mirror/unmap-default'],
    needs: needs(chainNodes, nodeIo, interruptions, {
      commands: ['drive-mirror'],
      events: ['BLOCK_JOB_READY'],
    }),
    async run(t: CaseContext) {
      for (const unmap of [{}, { unmap: true }]) {
        const clusters = new Map(every(1).map((index) => [index, 0x44]));
        const full = buildQcow2({ size: SIZE, clusterSize: CLUSTER, clusters });
        const device = await addQcow2(t, await makeFile(t, full), { discard: 'unmap' });
        const target = await makeFile(t, full);
        const image = { target: target.path, format: 'qcow2', mode: 'existing' };
        const guest = await openIo(t, device);
        const id = t.name('job');
        await t.execute('drive-mirror', { 'job-id': id, device, ...image, sync: 'none', ...unmap });
        await t.event('BLOCK_JOB_READY', { device: id });
        for (const index of [2, 4])
          await guest.perform({
            kind: 'write-zeroes',
            offset: index * CLUSTER,
            length: CLUSTER,
            unmap: true,
          });
        await t.execute('block-job-cancel', { device: id });
        await succeeded(t, id, 'mirror');
        await guest.close();
        await checkZero(t, target, [2, 4]);
        const bytes = await bytesOf(t, target.local);
        t.equal(
          every(1).filter((index) => placeOf(bytes, index) === null),
          [2, 4],
          'the clusters that became zero, and no other, must have no place in the target',
        );
      }
    },
  },
];
