/** What copies leave on their target: zeroes, compressed clusters, allocation, and the end of a disk of any size. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { shown } from '../case-text.ts';
import { addQcow2, checkContent, readImage, release } from '../helpers/backing-chains.ts';
import { bytesAt, bytesOf } from '../helpers/image-files.ts';
import { cancelled, checkNoJob, completed, succeeded } from '../helpers/job-steps.ts';
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
} from '../helpers/shared-setup.ts';
import { type CopyCommand, copy, eventsOf, typeOf } from './copy-commands.ts';

const CLUSTER = 64 * KiB;
const COUNT = 4;
const SIZE = CLUSTER * COUNT;
/** No whole cluster, and no whole block of a file system. */
const ODD_SIZE = 2 * CLUSTER + 1536;

const copies = (command: CopyCommand) =>
  needs(fileNodes, {
    commands: [command, typeOf(command) === 'mirror' ? 'block-job-cancel' : 'query-block-jobs'],
    drivers: ['qcow2'],
    events: eventsOf(command),
  });

/** Bytes in which no cluster, and no sector of the last one, is like another. */
function varied(size: number): Buffer {
  return Buffer.from(
    Array.from({ length: size / 512 }, (_, sector) => Array(512).fill(1 + (sector % 251))).flat(),
  );
}

/**
 * Adds a source whose cluster 0 and 3 hold data, and whose clusters 1 and 2 read as zeroes: by an entry that says so, and for
 * want of any. A mirror may look at neither, a backup reads both.
 */
async function sourceWithZeroes(t: CaseContext): Promise<{ node: string; content: Buffer }> {
  const clusters = new Map([
    [0, 0x31],
    [3, 0x34],
  ]);
  const entries = new Map([[1, 1n]]);
  const node = await addQcow2(
    t,
    await makeFile(t, buildQcow2({ size: SIZE, clusterSize: CLUSTER, clusters, entries })),
  );
  const content = Buffer.alloc(SIZE);
  for (const [index, byte] of clusters) content.fill(byte, index * CLUSTER, (index + 1) * CLUSTER);
  return { node, content };
}

/** A qcow2 image of which every cluster has a place of its own. */
function fullImage(t: CaseContext): Promise<CaseFile> {
  const clusters = new Map(Array.from({ length: COUNT }, (_, index) => [index, 0x55]));
  return makeFile(t, buildQcow2({ size: SIZE, clusterSize: CLUSTER, clusters }));
}

/** Which clusters of an image are stored compressed. */
async function compressedIn(t: CaseContext, file: CaseFile): Promise<number[]> {
  const bytes = await bytesOf(t, file.local);
  await readImage(t, file);
  return Array.from({ length: COUNT }, (_, index) => index).filter((index) => isCompressed(bytes, index));
}

/** Mirrors zeroes over an image that is full, and gives the clusters that have a place in the file then. */
async function placesAfter(t: CaseContext, options: JsonObject): Promise<number[]> {
  const { node, content } = await sourceWithZeroes(t);
  const target = await fullImage(t);
  const args = { device: node, target: target.path, format: 'qcow2', mode: 'existing', ...options };
  await copy(t, 'drive-mirror', args);
  await release(t, [node]);
  await checkContent(t, target, content, 'the target');
  const bytes = await bytesOf(t, target.local);
  return Array.from({ length: COUNT }, (_, index) => index).filter((index) => placeOf(bytes, index) !== null);
}

/** The cases of what is on the target. */
export const targetContentCases: readonly CaseDefinition[] = [
  {
    id: 'drive-backup/compress',
    title:
      'With compress a backup stores the clusters of a qcow2 target compressed; without it stores them plain',
    requirements: ['drive-backup/compress', 'drive-backup/compress-default'],
    needs: copies('drive-backup'),
    async run(t: CaseContext) {
      const content = varied(SIZE);
      const { name: device } = await addRaw(t, content);
      for (const compress of [true, undefined, false]) {
        const target = newFile(t);
        const asked = compress === undefined ? {} : { compress };
        await copy(t, 'drive-backup', { device, target: target.path, format: 'qcow2', ...asked });
        t.equal(
          await compressedIn(t, target),
          compress === true ? [0, 1, 2, 3] : [],
          `with compress ${shown(compress ?? 'left out')} these clusters must be compressed, and no other`,
        );
        await checkContent(t, target, content, 'the target');
      }
    },
  },
  {
    id: 'drive-backup/plain-by-default',
    title:
      'Without compress a backup stores plain clusters also in an image that is there, and in a transaction',
    requirements: ['drive-backup/compress-default'],
    needs: needs(copies('drive-backup'), { commands: ['transaction'] }),
    async run(t: CaseContext) {
      const content = varied(SIZE);
      const { name: device } = await addRaw(t, content);
      const there = await makeFile(t, buildQcow2({ size: SIZE, clusterSize: CLUSTER }));
      const made = newFile(t);
      const backup = { device, format: 'qcow2', sync: 'full' };
      await copy(t, 'drive-backup', { ...backup, target: there.path, mode: 'existing' });
      const id = t.name('job');
      const data = { ...backup, 'job-id': id, target: made.path };
      await t.execute('transaction', { actions: [{ type: 'drive-backup', data }] });
      await completed(t, id, 'backup');
      for (const target of [there, made]) {
        t.equal(await compressedIn(t, target), [], 'no cluster must be compressed');
        await checkContent(t, target, content, 'the target');
      }
    },
  },
  {
    id: 'blockdev-backup/compress',
    title:
      'compress is refused for a target whose format cannot compress, and done where it can, up to the end',
    requirements: ['blockdev-backup/compress', 'blockdev-backup/compress-default'],
    needs: copies('blockdev-backup'),
    async run(t: CaseContext) {
      const content = varied(SIZE);
      const { name: device } = await addRaw(t, content);
      const raw = await addRaw(t, Buffer.alloc(SIZE, 0x55));
      const id = t.name('job');
      const refused = { 'job-id': id, device, target: raw.name, sync: 'full', compress: true };
      await t.refused('blockdev-backup', refused, { text: /[Cc]ompress/ });
      await checkNoJob(t, id);
      await checkContent(t, raw.file, Buffer.alloc(SIZE, 0x55), 'the target that was refused');
      await copy(t, 'blockdev-backup', { device, target: raw.name });
      await checkContent(t, raw.file, content, 'the target without compress');
      for (const size of [SIZE, ODD_SIZE]) {
        const own = varied(size);
        const { name: source } = await addRaw(t, own);
        const file = await makeFile(t, buildQcow2({ size, clusterSize: CLUSTER }));
        const target = await addQcow2(t, file);
        await copy(t, 'blockdev-backup', { device: source, target, compress: true });
        await release(t, [target]);
        const all = Array.from({ length: Math.ceil(size / CLUSTER) }, (_, index) => index);
        t.equal(await compressedIn(t, file), all, 'these clusters must be compressed');
        await checkContent(t, file, own, 'the target with compress');
      }
    },
  },
  {
    id: 'blockdev-backup/compress-before-writes',
    title: 'With compress what a backup with sync none saves before it is overwritten is stored compressed',
    requirements: ['blockdev-backup/compress', 'blockdev-backup/sync-none'],
    needs: needs(copies('blockdev-backup'), nodeIo, {
      commands: ['block-job-cancel'],
      events: ['BLOCK_JOB_CANCELLED'],
    }),
    async run(t: CaseContext) {
      const { name: device } = await addRaw(t, varied(SIZE));
      const file = await makeFile(t, buildQcow2({ size: SIZE, clusterSize: CLUSTER }));
      const target = await addQcow2(t, file);
      const [guest, id] = [await openIo(t, device), t.name('job')];
      await t.execute('blockdev-backup', { 'job-id': id, device, target, sync: 'none', compress: true });
      await guest.perform({ kind: 'write', offset: CLUSTER, length: CLUSTER, byte: 0x77 });
      await cancelled(t, id);
      await guest.close();
      await release(t, [target]);
      t.equal(await compressedIn(t, file), [1], 'the cluster that was saved must be compressed');
    },
  },
  ...(['blockdev-backup', 'blockdev-mirror'] as const).map(
    (command): CaseDefinition => ({
      id: `${command}/zeroes-over-data`,
      title: `What reads as zeroes in the source of a ${typeOf(command)} is zeroes on a target that held something else`,
      requirements: [`${command}/copies`],
      needs: copies(command),
      async run(t: CaseContext) {
        const { node: device, content } = await sourceWithZeroes(t);
        const target = await addRaw(t, Buffer.alloc(SIZE, 0x55));
        await copy(t, command, { device, target: target.name });
        await release(t, [target.name]);
        await checkContent(t, target.file, content, 'the target');
      },
    }),
  ),
  {
    id: 'drive-mirror/unmap',
    title:
      'By default, and with unmap true, a mirror gives up the place of clusters where the source has zeroes',
    requirements: ['drive-mirror/unmap', 'drive-mirror/unmap-default'],
    needs: copies('drive-mirror'),
    async run(t: CaseContext) {
      for (const options of [{ unmap: true }, {}])
        t.equal(
          await placesAfter(t, options),
          [0, 3],
          `with ${shown(options)} only clusters with data must have a place in the target`,
        );
    },
  },
  {
    id: 'drive-mirror/unmap-false',
    title: 'With unmap false a mirror writes zeroes: clusters of the target keep their place',
    requirements: ['drive-mirror/unmap-false'],
    needs: copies('drive-mirror'),
    async run(t: CaseContext) {
      t.equal(
        (await placesAfter(t, { unmap: false })).includes(1),
        true,
        'with unmap false a cluster that the source has as zeroes must keep its place in the target',
      );
    },
  },
  ...(['drive-backup', 'drive-mirror'] as const).map(
    (command): CaseDefinition => ({
      id: `${command}/partial-end`,
      title: `A ${typeOf(command)} of a disk that ends within a cluster has its size and all of its bytes, and no more`,
      requirements: [`${command}/creates-target`, `blockdev-${typeOf(command)}/copies`],
      needs: copies(command),
      async run(t: CaseContext) {
        const content = varied(ODD_SIZE);
        const { name: device } = await addRaw(t, content);
        const target = newFile(t);
        await copy(t, command, { device, target: target.path });
        await checkContent(t, target, content, 'the target');
      },
    }),
  ),
  {
    id: 'blockdev-backup/len-of-a-partial-end',
    title:
      'The len and offset of a backup are those of its disk to the byte, also where that ends within a cluster',
    requirements: ['BLOCK_JOB_COMPLETED/len', 'BLOCK_JOB_COMPLETED/progress'],
    needs: copies('blockdev-backup'),
    async run(t: CaseContext) {
      const { name: device } = await addRaw(t, varied(ODD_SIZE));
      for (const sync of ['full', 'top']) {
        const { name: target } = await addRaw(t, ODD_SIZE);
        const id = t.name('job');
        await t.execute('blockdev-backup', { 'job-id': id, device, target, sync });
        const { len, offset } = await succeeded(t, id, 'backup');
        t.equal([len, offset], [ODD_SIZE, ODD_SIZE], 'len and offset must be the size of the disk');
      }
    },
  },
  {
    id: 'blockdev-mirror/far-write',
    title: 'A mirror of small granularity copies what a guest writes far apart on a large disk',
    requirements: ['blockdev-mirror/granularity', 'blockdev-mirror/mirrors-writes'],
    needs: needs(copies('blockdev-mirror'), nodeIo),
    async run(t: CaseContext) {
      const size = 64 * MiB;
      const { name: device } = await addRaw(t, size);
      const { name: target, file } = await addRaw(t, size);
      // The guest is there before the job: QEMU 10 does not follow one that comes to the node afterwards.
      const guest = await openIo(t, device);
      const id = t.name('job');
      const small = { granularity: 512, sync: 'none' };
      await t.execute('blockdev-mirror', { 'job-id': id, device, target, ...small });
      await t.event('BLOCK_JOB_READY', { device: id });
      const far = [512, size / 2, size - 512];
      for (const offset of far) await guest.perform({ kind: 'write', offset, length: 512, byte: 0x61 });
      await guest.close();
      await t.execute('block-job-cancel', { device: id });
      await completed(t, id, 'mirror');
      await release(t, [target]);
      const got: number[] = [];
      for (const offset of far) got.push((await bytesAt(t, file.local, offset, 512))[0]!);
      t.equal(got, [0x61, 0x61, 0x61], 'the target must hold what was written in each place');
    },
  },
];
