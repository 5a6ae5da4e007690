/** Copies between images of unlike clusters: what a cluster of the target holds besides what was asked for. */
import type { JsonObject } from '../../../spec/json.ts';
import type { RequirementId } from '../../../spec/requirements/index.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, chainNodes, makeLayers, readImage, release } from '../helpers/backing-chains.ts';
import { addBitmap } from '../helpers/bitmaps.ts';
import { failingFile } from '../helpers/failing-files.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { cancelled, jobInfo, succeeded } from '../helpers/job-steps.ts';
import { nodeIo, openIo, writeNode } from '../helpers/node-io.ts';
import { buildQcow2, isCompressed } from '../helpers/qcow2-image.ts';
import { type CaseFile, KiB, makeFile, needs } from '../helpers/shared-setup.ts';
import { copy, readyToEnd, typeOf } from './copy-commands.ts';

/** Clusters of the sources, bytes. */
const SMALL = 16 * KiB;
const LARGE = 256 * KiB;
/** Three and a half clusters of the target: the last one is not full. */
const SIZE = 3.5 * LARGE;

/** Where the overlay has its cluster, which is all that a copy of the top is asked for. */
const OWN = LARGE + 5 * SMALL;

const jobs = (...commands: string[]) =>
  needs(chainNodes, {
    commands: ['query-block-jobs', 'block-job-cancel', ...commands],
    events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_READY'],
  });

/** Every 16 KiB hold a byte of their own. */
function baseContent(): Buffer {
  const content = Buffer.alloc(SIZE);
  for (let index = 0; index * SMALL < SIZE; index += 1)
    content.fill(index + 1, index * SMALL, (index + 1) * SMALL);
  return content;
}

/** An overlay with one cluster of its own, and one in the cut cluster at the end, over a full base. Gives the overlay's node and what a guest reads. */
async function overlay(
  t: CaseContext,
  options: (file: CaseFile) => JsonObject = () => ({}),
): Promise<{ node: string; base: CaseFile; content: Buffer }> {
  const content = baseContent();
  const clusters = new Map([...Array(SIZE / SMALL).keys()].map((index) => [index, index + 1]));
  const own = new Map([OWN, SIZE - SMALL].map((offset, index) => [offset / SMALL, 0xa1 + index]));
  for (const [index, byte] of own) content.fill(byte, index * SMALL, (index + 1) * SMALL);
  const shape = { size: SIZE, clusterSize: SMALL };
  const files = await makeLayers(t, [
    { ...shape, clusters },
    { ...shape, clusters: own },
  ]);
  const [below, above] = files as [CaseFile, CaseFile];
  const backing = await addQcow2(t, below);
  return { node: await addQcow2(t, above, { ...options(above), backing }), base: below, content };
}

/** An image with nothing in it, the header of which may name a backing file. */
function largeTarget(t: CaseContext, backing?: CaseFile): Promise<CaseFile> {
  const below = backing && { backing: { name: backing.path, format: 'qcow2' } };
  return makeFile(t, buildQcow2({ size: SIZE, clusterSize: LARGE, ...below }));
}

/** States that the target has these clusters, each whole and as the source has it, and no other. */
async function checkWhole(
  t: CaseContext,
  file: CaseFile,
  content: Buffer,
  expected: readonly number[],
): Promise<void> {
  const image = await readImage(t, file);
  const has = [0, 1, 2, 3].filter((index) => image.cluster(index) !== null);
  t.equal(has, [...expected], 'the target must have the clusters in which something was to be copied');
  for (const index of expected) {
    const cluster = image.cluster(index);
    const wanted = content.subarray(index * LARGE, (index + 1) * LARGE);
    t.check(
      cluster instanceof Buffer && cluster.subarray(0, wanted.length).equals(wanted),
      'a cluster of the target must hold all that the source has there',
      `cluster ${index} does not`,
    );
  }
}

/** What one request of a copy meets. */
const ERRORS = { read: 'read_aio', write: 'write_aio' } as const;

interface TopCase {
  readonly command: 'blockdev-backup' | 'blockdev-mirror';
  readonly requirement: RequirementId;
  /** The first request of this kind fails, which the job ignores. */
  readonly error?: keyof typeof ERRORS;
}

function topCase({ command, requirement, error }: TopCase): CaseDefinition {
  return {
    id: `${command}/top-in-larger-clusters${error ? `-after-${error}-error` : ''}`,
    title: `${command} with sync top fills larger clusters of its target with what the source has${error ? `, also after a ${error} error` : ' around it'}`,
    requirements: [requirement, ...(error ? (['BlockdevOnError/ignore'] as const) : [])],
    needs: needs(jobs(command), error ? { drivers: ['blkdebug'], events: ['BLOCK_JOB_ERROR'] } : {}),
    async run(t: CaseContext) {
      const failing = (file: CaseFile): JsonObject =>
        error === undefined
          ? {}
          : { file: failingFile(file, { event: ERRORS[error], errno: 5, once: true }) };
      const source = await overlay(t, error === 'read' ? failing : undefined);
      // Only the mirror's is to get its backing file later, and so must be whole where it has something.
      const isMirror = command === 'blockdev-mirror';
      const file = await largeTarget(t, isMirror ? source.base : undefined);
      const backing: JsonObject = isMirror ? { backing: null } : {};
      const target = await addQcow2(t, file, { ...backing, ...(error === 'write' && failing(file)) });
      const [id, type] = [t.name('job'), typeOf(command)];
      const small: JsonObject = isMirror ? { granularity: SMALL } : {};
      const policies: JsonObject = error ? { 'on-source-error': 'ignore', 'on-target-error': 'ignore' } : {};
      const job = { 'job-id': id, device: source.node, target, sync: 'top', ...small, ...policies };
      await t.execute(command, job);
      if (error) await t.event('BLOCK_JOB_ERROR', { device: id, operation: error, action: 'ignore' });
      await readyToEnd(t, type, id);
      await succeeded(t, id, type);
      await release(t, [target]);
      await checkWhole(t, file, source.content, [1, 3]);
    },
  };
}

/** Cases of copies to larger clusters. */
export const unlikeClusters: readonly CaseDefinition[] = [
  ...([undefined, 'read', 'write'] as const).flatMap((error) =>
    (['blockdev-backup', 'blockdev-mirror'] as const).map((command) =>
      topCase({ command, requirement: `${command}/sync-top`, ...(error && { error }) }),
    ),
  ),
  {
    id: 'drive-backup/compressed-in-larger-clusters',
    title:
      'A compressed backup to an image of larger clusters writes each of them compressed, the last one too',
    requirements: ['drive-backup/compress'],
    needs: jobs('drive-backup'),
    async run(t: CaseContext) {
      const source = await overlay(t);
      const file = await largeTarget(t);
      const to = { target: file.path, format: 'qcow2', mode: 'existing', compress: true };
      await copy(t, 'drive-backup', { device: source.node, ...to });
      const bytes = await bytesOf(t, file.local);
      t.equal(
        [0, 1, 2].map((index) => isCompressed(bytes, index)),
        [true, true, true],
        'each full cluster of the target must be compressed',
      );
      await checkWhole(t, file, source.content, [0, 1, 2, 3]);
    },
  },
  {
    id: 'drive-backup/incremental-in-larger-clusters',
    title:
      'An incremental backup by a fine bitmap fills the larger clusters of its target with what the disk has there',
    requirements: ['drive-backup/sync-incremental'],
    needs: needs(jobs('drive-backup', 'block-dirty-bitmap-add'), nodeIo),
    async run(t: CaseContext) {
      const { node, content } = await overlay(t);
      await addBitmap(t, node, 'fine', { granularity: 4 * KiB });
      for (const [offset, byte] of [
        [512, 0xb1],
        [2 * LARGE - 512, 0xb2],
      ] as const) {
        await writeNode(t, node, offset, 512, byte);
        content.fill(byte, offset, offset + 512);
      }
      const file = await largeTarget(t);
      const by = { sync: 'incremental', bitmap: 'fine' };
      const to = { target: file.path, format: 'qcow2', mode: 'existing' };
      await copy(t, 'drive-backup', { device: node, ...to, ...by });
      await checkWhole(t, file, content, [0, 1]);
    },
  },
  {
    id: 'blockdev-backup/first-write-in-larger-clusters',
    title:
      'A backup with sync none saves, of the larger cluster of its target, all that a small write is about to change',
    requirements: ['blockdev-backup/sync-none', 'blockdev-backup/point-in-time'],
    needs: needs(jobs('blockdev-backup'), nodeIo, { events: ['BLOCK_JOB_CANCELLED'] }),
    async run(t: CaseContext) {
      const { node, content } = await overlay(t);
      const file = await largeTarget(t);
      const target = await addQcow2(t, file);
      const guest = await openIo(t, node);
      const id = t.name('job');
      await t.execute('blockdev-backup', { 'job-id': id, device: node, target, sync: 'none' });
      await jobInfo(t, id);
      for (const offset of [2 * LARGE + 3 * SMALL, SIZE - 512, 2 * LARGE + 9 * SMALL])
        await guest.perform({ kind: 'write', offset, length: 512, byte: 0xc1 });
      await guest.close();
      await cancelled(t, id);
      await release(t, [target]);
      await checkWhole(t, file, content, [2, 3]);
    },
  },
];
