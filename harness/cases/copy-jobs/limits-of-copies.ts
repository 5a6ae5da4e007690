/** What holds a job that copies back, and in which blocks it copies: speed, buf-size, granularity; and what events tell of its work. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2 } from '../helpers/backing-chains.ts';
import { BUFFER, checkPace, offsetOf } from '../helpers/job-pace.ts';
import {
  backupJobs,
  CRAWL,
  cancelled,
  checkNoJob,
  crawlingBackup,
  endedReady,
  jobInfo,
  mirrorJobs,
} from '../helpers/job-steps.ts';
import { nodeIo, openIo } from '../helpers/node-io.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { addNode, addRaw, KiB, MiB, makeFile, needs, newFile } from '../helpers/shared-setup.ts';

/** Bytes a second: what is copied at once fits it, so that a job which keeps to it has no reason to be slower. */
const SPEED = 40 * 64 * KiB;
const BIG = 64 * MiB;
/** Of a write to the target, nanoseconds. */
const LATENCY = 10_000_000;
const CHUNK = 64 * KiB;
const CHUNKS = 16;

const mirrors = needs(mirrorJobs, nodeIo);
const drives = (command: string) => needs(mirrorJobs, { commands: [command], drivers: ['qcow2'] });

/** Starts a mirror with sync none and waits until it is ready; gives its id. */
async function readyForWrites(t: CaseContext, command: string, args: JsonObject): Promise<string> {
  const id = t.name('job');
  await t.execute(command, { 'job-id': id, sync: 'none', ...args });
  await t.event('BLOCK_JOB_READY', { device: id });
  return id;
}

/** How many bytes a mirror that copies nothing before copies for a sector that a guest writes once it is ready. */
async function copiedForASector(t: CaseContext, command: string, args: JsonObject): Promise<number> {
  // The guest is there before the job: QEMU 10 does not follow one that comes to the node afterwards.
  const guest = await openIo(t, String(args.device));
  const id = await readyForWrites(t, command, args);
  await guest.perform({ kind: 'write', offset: 3 * CHUNK + 512, length: 512, byte: 0x77 });
  await guest.close();
  const { data } = await endedReady(t, id);
  return Number((data as JsonObject).len);
}

/** Adds a node over a qcow2 image without data. */
async function qcow2Node(t: CaseContext, clusterSize: number, size: number): Promise<string> {
  return addQcow2(t, await makeFile(t, buildQcow2({ size, clusterSize })));
}

/** Adds a raw node of `CHUNKS` chunks of data. */
async function dataNode(t: CaseContext): Promise<string> {
  return (await addRaw(t, Buffer.alloc(CHUNK * CHUNKS, 0x31))).name;
}

/** Adds a node of `CHUNKS` chunks whose requests take `LATENCY` each. */
async function slowNode(t: CaseContext): Promise<string> {
  const [name, size] = [t.name('slow'), CHUNK * CHUNKS];
  await t.execute('blockdev-add', { driver: 'null-co', 'node-name': name, size, 'latency-ns': LATENCY });
  return name;
}

/** Milliseconds until a mirror of all chunks to a slow target is ready. */
async function timeToReady(t: CaseContext, bufSize: number): Promise<number> {
  const [device, target] = [await dataNode(t), await slowNode(t)];
  const id = t.name('job');
  const options = { granularity: CHUNK, 'buf-size': bufSize };
  const passed = await t.timed(async () => {
    await t.execute('blockdev-mirror', { 'job-id': id, device, target, sync: 'full', ...options });
    await t.event('BLOCK_JOB_READY', { device: id });
  });
  await endedReady(t, id);
  return passed;
}

/** States that a command refuses such values of a member, and starts no job. */
async function refusesEach(
  t: CaseContext,
  command: string,
  args: JsonObject,
  member: string,
  values: readonly number[],
): Promise<void> {
  const id = t.name('job');
  for (const value of values)
    await t.refused(command, { 'job-id': id, ...args, [member]: value }, { text: new RegExp(member) });
  await checkNoJob(t, id);
}

function speedCase(command: 'drive-backup' | 'drive-mirror'): CaseDefinition {
  return {
    id: `${command}/speed`,
    title: `A job of ${command} shows the speed that it was given, and is held back by it`,
    requirements: [`${command}/speed`],
    needs: drives(command),
    async run(t: CaseContext) {
      const isMirror = command === 'drive-mirror';
      const device = isMirror ? await dataNode(t) : await addNode(t, { size: BIG });
      const id = t.name('job');
      const blocks = isMirror ? { granularity: CHUNK, 'buf-size': CHUNK } : {};
      const target = { target: newFile(t).path, format: 'qcow2' };
      await t.execute(command, { 'job-id': id, device, ...target, sync: 'full', speed: CRAWL, ...blocks });
      const { speed = null, offset } = await jobInfo(t, id);
      t.equal(speed, CRAWL, 'the job must have the speed that it was given');
      t.check(
        Number(offset) <= BUFFER,
        'a job that crawls must not have copied more than a buffer',
        'it has',
      );
      await cancelled(t, id);
    },
  };
}

/** The cases of limits. */
export const limitCases: readonly CaseDefinition[] = [
  {
    id: 'blockdev-backup/speed-measured',
    title: 'A backup gets on, and copies no more than speed bytes a second',
    requirements: ['blockdev-backup/speed'],
    needs: backupJobs,
    async run(t: CaseContext) {
      const since = performance.now();
      const id = await crawlingBackup(t, { speed: SPEED });
      await checkPace(t, id, SPEED, since);
      await cancelled(t, id);
    },
  },
  {
    id: 'blockdev-mirror/speed-measured',
    title: 'A mirror gets on, and copies no more than speed bytes a second',
    requirements: ['blockdev-mirror/speed'],
    needs: mirrorJobs,
    async run(t: CaseContext) {
      const [device, target] = [await addNode(t, { size: BIG }), await addNode(t, { size: BIG })];
      const id = t.name('job');
      const blocks = { granularity: CHUNK, 'buf-size': MiB };
      const since = performance.now();
      await t.execute('blockdev-mirror', {
        'job-id': id,
        device,
        target,
        sync: 'full',
        speed: SPEED,
        ...blocks,
      });
      await checkPace(t, id, SPEED, since);
      t.check((await offsetOf(t, id)) > 0, 'a mirror that runs must copy something', 'it has copied nothing');
      await cancelled(t, id);
    },
  },
  speedCase('drive-backup'),
  speedCase('drive-mirror'),
  {
    id: 'blockdev-mirror/buf-size-in-flight',
    title:
      'No more than buf-size is on its way to a slow target: a small one makes a mirror wait for each part',
    requirements: ['blockdev-mirror/buf-size'],
    needs: needs(mirrorJobs, { drivers: ['null-co'] }),
    async run(t: CaseContext) {
      const one = LATENCY / 1_000_000;
      const slow = await timeToReady(t, CHUNK);
      t.check(
        slow >= one * (CHUNKS - 1),
        `with one part in flight ${CHUNKS} of them must take as many times the latency of the target`,
        `they took ${Math.round(slow)} ms`,
      );
      if (!t.virtualTime) return;
      const quick = await timeToReady(t, CHUNK * CHUNKS);
      t.check(
        quick < slow / 2,
        'with all parts in flight a mirror should be quicker',
        `it took ${Math.round(quick)} ms instead of ${Math.round(slow)} ms`,
        { severity: 'should' },
      );
    },
  },
  {
    id: 'blockdev-mirror/buf-size-when-ready',
    title:
      'No more than buf-size of what a guest writes is on its way to a slow target of a mirror that is ready',
    requirements: ['blockdev-mirror/buf-size'],
    needs: needs(mirrors, { drivers: ['null-co'] }),
    async run(t: CaseContext) {
      const args = { device: await dataNode(t), target: await slowNode(t) };
      const guest = await openIo(t, args.device);
      const blocks = { granularity: CHUNK, 'buf-size': CHUNK };
      const id = await readyForWrites(t, 'blockdev-mirror', { ...args, ...blocks });
      const passed = await t.timed(async () => {
        await guest.perform({ kind: 'write', offset: 0, length: CHUNK * CHUNKS, byte: 0x77 });
        await endedReady(t, id);
      });
      await guest.close();
      t.check(
        passed >= (LATENCY / 1_000_000) * (CHUNKS - 1),
        `with one part in flight ${CHUNKS} of them must take as many times the latency of the target`,
        `they took ${Math.round(passed)} ms`,
      );
    },
  },
  {
    id: 'blockdev-mirror/buf-size-refused',
    title: 'A negative buf-size is refused; 0 and less than a block are taken',
    requirements: ['blockdev-mirror/buf-size'],
    needs: mirrorJobs,
    async run(t: CaseContext) {
      const args = { device: await addNode(t), target: await addNode(t), sync: 'none' };
      await refusesEach(t, 'blockdev-mirror', args, 'buf-size', [-1, -(2 ** 40)]);
      for (const bufSize of [0, 1]) {
        const id = await readyForWrites(t, 'blockdev-mirror', { ...args, 'buf-size': bufSize });
        await endedReady(t, id);
      }
    },
  },
  {
    id: 'drive-mirror/limits-refused',
    title:
      'drive-mirror refuses a negative buf-size and granularities other than powers of two from 512 to 64 MiB',
    requirements: ['drive-mirror/buf-size', 'drive-mirror/granularity'],
    needs: drives('drive-mirror'),
    async run(t: CaseContext) {
      const args = { device: await addNode(t), format: 'qcow2', sync: 'full' };
      const refused = { ...args, target: newFile(t).path };
      await refusesEach(t, 'drive-mirror', refused, 'buf-size', [-1]);
      await refusesEach(t, 'drive-mirror', refused, 'granularity', [1, 256, 513, 3 * KiB, 2 ** 27]);
      for (const granularity of [512, 64 * MiB]) {
        const more = { target: newFile(t).path, 'buf-size': 64 * KiB, granularity };
        const id = await readyForWrites(t, 'drive-mirror', { ...args, ...more });
        await endedReady(t, id);
      }
    },
  },
  {
    id: 'blockdev-mirror/granularity-default',
    title:
      'By default a mirror copies in clusters of the target, of 4 KiB at least, and in 64 KiB where it has none',
    requirements: ['blockdev-mirror/granularity-default'],
    needs: needs(mirrors, { drivers: ['qcow2'] }),
    async run(t: CaseContext) {
      const size = 256 * KiB;
      for (const [clusterSize, expected] of [
        [null, 64 * KiB],
        [2 * KiB, 4 * KiB],
        [16 * KiB, 16 * KiB],
      ] as const) {
        const { name: device } = await addRaw(t, size);
        const target =
          clusterSize === null ? (await addRaw(t, size)).name : await qcow2Node(t, clusterSize, size);
        t.equal(
          await copiedForASector(t, 'blockdev-mirror', { device, target }),
          expected,
          `with ${clusterSize === null ? 'no clusters' : `clusters of ${clusterSize} bytes`} in the target these bytes must be copied for a sector`,
        );
      }
    },
  },
  {
    id: 'drive-mirror/granularity-default',
    title:
      'By default drive-mirror to a raw image copies in blocks of 64 KiB, with granularity in blocks of that',
    requirements: ['drive-mirror/granularity-default', 'drive-mirror/granularity'],
    needs: needs(mirrors, { commands: ['drive-mirror'] }),
    async run(t: CaseContext) {
      const { name: device } = await addRaw(t, 256 * KiB);
      for (const [options, expected] of [
        [{}, 64 * KiB],
        [{ granularity: 2 * KiB }, 2 * KiB],
      ] as const) {
        const target = await makeFile(t, 256 * KiB);
        const args = { device, target: target.path, format: 'raw', mode: 'existing', ...options };
        t.equal(
          await copiedForASector(t, 'drive-mirror', args),
          expected,
          'these bytes must be copied for a sector that was written',
        );
      }
    },
  },
  {
    id: 'BLOCK_JOB_COMPLETED/size-and-speed',
    title:
      'The event at the end of a backup has the size of the disk as len and offset, and the speed of the job',
    requirements: ['BLOCK_JOB_COMPLETED/len', 'BLOCK_JOB_COMPLETED/speed'],
    needs: backupJobs,
    async run(t: CaseContext) {
      const size = 3 * CHUNK;
      for (const speed of [2 ** 30, 0]) {
        const id = t.name('job');
        const [device, target] = [await addNode(t, { size }), await addNode(t, { size })];
        await t.execute('blockdev-backup', { 'job-id': id, device, target, sync: 'full', speed });
        const { data } = await t.event('BLOCK_JOB_COMPLETED', { device: id });
        t.contains(
          data ?? null,
          { len: size, offset: size, speed },
          'len and offset must be the bytes of the disk, and speed the limit of the job',
        );
      }
    },
  },
  {
    id: 'BLOCK_JOB_READY/size-and-speed',
    title: 'The event of a mirror that is ready has the bytes it copied as len, and the speed of the job',
    requirements: ['BLOCK_JOB_READY/len', 'BLOCK_JOB_READY/speed'],
    needs: needs(mirrorJobs, { drivers: ['qcow2'] }),
    async run(t: CaseContext) {
      const size = CHUNK * CHUNKS;
      const device = await dataNode(t);
      for (const speed of [2 ** 30, 0]) {
        const id = t.name('job');
        const target = await qcow2Node(t, CHUNK, size);
        await t.execute('blockdev-mirror', { 'job-id': id, device, target, sync: 'full', speed });
        const { data } = await t.event('BLOCK_JOB_READY', { device: id });
        t.contains(
          data ?? null,
          { len: size, offset: size, speed },
          'len and offset must be the bytes that the source has, and speed the limit of the job',
        );
        await endedReady(t, id);
      }
    },
  },
  {
    id: 'BLOCK_JOB_READY/len-of-a-sparse-source',
    title:
      'The len of a full mirror to a new image counts what the source holds, and not the size of its disk',
    requirements: ['BLOCK_JOB_READY/len'],
    needs: drives('drive-mirror'),
    async run(t: CaseContext) {
      const clusters = new Map([1, 2, 9].map((index) => [index, 0x31]));
      const image = buildQcow2({ size: CHUNK * CHUNKS, clusterSize: CHUNK, clusters });
      const device = await addQcow2(t, await makeFile(t, image));
      const id = t.name('job');
      const target = { target: newFile(t).path, format: 'qcow2' };
      await t.execute('drive-mirror', { 'job-id': id, device, ...target, sync: 'full' });
      const { data } = await t.event('BLOCK_JOB_READY', { device: id });
      t.contains(
        data ?? null,
        { len: clusters.size * CHUNK, offset: clusters.size * CHUNK },
        'len and offset must be the bytes that the source holds',
      );
      await endedReady(t, id);
    },
  },
];
