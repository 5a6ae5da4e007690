/** Jobs over disks that a guest writes to meanwhile, at random: copies, commits and streams, held to a model of the disk. */
import { Random } from '../../../generators/random.ts';
import type { JsonObject } from '../../../spec/json.ts';
import type { RequirementId } from '../../../spec/requirements/index.ts';
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import { addQcow2, release } from '../helpers/backing-chains.ts';
import { addBitmap } from '../helpers/bitmaps.ts';
import { createQcow2, qcow2Creation } from '../helpers/created-images.ts';
import { bytesAt, bytesOf } from '../helpers/image-files.ts';
import { CRAWL, completed } from '../helpers/job-steps.ts';
import { type NodeIo, nodeBytes, openIo } from '../helpers/node-io.ts';
import { addRaw, type CaseFile, KiB, MiB, makeFile, needs } from '../helpers/shared-setup.ts';
import { checkBytes, DiskModel, type Draw, writeSeries } from './disk-series.ts';
import { checkHolds, checkSound, contentOf } from './left-behind.ts';

const jobs = (...commands: string[]): Needs =>
  needs(
    { ...qcow2Creation, ...nodeBytes },
    { commands: ['block-job-set-speed', ...commands], events: ['BLOCK_JOB_COMPLETED'] },
  );

/** A disk that a guest writes to. */
class Written {
  readonly node: string;
  readonly disk: DiskModel;
  readonly #t: CaseContext;
  readonly #random: Random;
  readonly #draw: Draw;
  #io: NodeIo | undefined;

  constructor(t: CaseContext, random: Random, node: string, disk: DiskModel, draw: Draw) {
    this.#t = t;
    this.#random = random;
    this.node = node;
    this.disk = disk;
    this.#draw = draw;
  }

  /** So many requests; then all of the disk is read. The guest stays: a job may let no new one in. */
  async write(count: number): Promise<void> {
    this.#io ??= await openIo(this.#t, this.node);
    await writeSeries(this.#t, this.#io, this.disk, this.#random, count, this.#draw);
  }

  async leave(): Promise<void> {
    await this.#io?.close();
    this.#io = undefined;
  }
}

const SIZE = 300 * KiB;
const CLUSTER = 2 * KiB;

interface Layers {
  readonly files: readonly CaseFile[];
  readonly nodes: readonly string[];
  readonly top: Written;
}

/** An empty image of the size of the layers. */
function emptyImage(t: CaseContext, below?: CaseFile): Promise<CaseFile> {
  const backing = below && { 'backing-file': below.path, 'backing-fmt': 'qcow2' };
  return createQcow2(t, { size: SIZE, 'cluster-size': CLUSTER, ...backing });
}

/** Images one above the other, bottom first, each with writes of its own. */
async function layers(t: CaseContext, random: Random, depth: number): Promise<Layers> {
  const files: CaseFile[] = [];
  const nodes: string[] = [];
  const disk = new DiskModel(SIZE, CLUSTER);
  let top: Written | undefined;
  for (let index = 0; index < depth; index += 1) {
    const file = await emptyImage(t, files.at(-1));
    const backing = nodes.at(-1);
    const node = await addQcow2(t, file, { discard: 'unmap', ...(backing !== undefined && { backing }) });
    files.push(file);
    nodes.push(node);
    top = new Written(t, random, node, disk, {
      edges: [CLUSTER, 64 * KiB],
      // those that a guest asks for go through no job
      keeps: true,
    });
    await top.write(8);
    await top.leave();
  }
  return { files, nodes, top: top! };
}

/** States that these closed images, bottom first, are sound and together hold the disk. */
async function checkChain(t: CaseContext, files: readonly CaseFile[], expected: Buffer): Promise<void> {
  let below: Buffer | null = null;
  for (const [index, { local }] of files.entries()) {
    const image = await bytesOf(t, local);
    checkSound(t, image);
    if (index === files.length - 1) checkHolds(t, image, expected, { below });
    else below = contentOf(image, { below });
  }
}

/** Starts a job that does nearly nothing until `unleash`. */
async function held(t: CaseContext, command: string, args: JsonObject): Promise<string> {
  const id = t.name('job');
  await t.execute(command, { 'job-id': id, speed: CRAWL, ...args });
  return id;
}

/** The same of a job that is paused, as it keeps to a limit for a while that is lifted; it may have ended already. */
async function paused(t: CaseContext, command: string, args: JsonObject): Promise<string> {
  const id = t.name('job');
  await t.execute(command, { 'job-id': id, ...args });
  await t.request({ execute: 'block-job-pause', arguments: { device: id } });
  return id;
}

const resume = (t: CaseContext, id: string) =>
  t.request({ execute: 'block-job-resume', arguments: { device: id } });

const unleash = (t: CaseContext, id: string) => t.execute('block-job-set-speed', { device: id, speed: 0 });

async function endReady(
  t: CaseContext,
  id: string,
  verb: 'cancel' | 'complete',
  type: string,
): Promise<void> {
  await t.execute(`block-job-${verb}`, { device: id });
  await completed(t, id, type);
}

/** A mirror of a sparse disk that is larger than what one page of a map of blocks tells of. */
function mirrored(verb: 'cancel' | 'complete', requirement: RequirementId, more: JsonObject): CaseDefinition {
  const id = `stress/mirror-${verb}`;
  return {
    id,
    title: `What a guest writes while a large disk is mirrored is on the target when the job is told to ${verb}`,
    requirements: ['blockdev-mirror/mirrors-writes', 'blockdev-mirror/granularity', requirement],
    needs: needs(jobs('blockdev-mirror', `block-job-${verb}`), { events: ['BLOCK_JOB_READY'] }),
    async run(t: CaseContext) {
      const random = new Random(id);
      const size = 16 * MiB + 96 * KiB + 512;
      const { name: source } = await addRaw(t, size);
      const { name: target, file } = await addRaw(t, size);
      const draw: Draw = { edges: [512, 64 * KiB, 16 * MiB], longest: 256 * KiB, keeps: true };
      const written = new Written(t, random, source, new DiskModel(size, 512), draw);
      await written.write(20);
      const job = await held(t, 'blockdev-mirror', { device: source, target, sync: 'full', ...more });
      await written.write(20);
      await unleash(t, job);
      await t.event('BLOCK_JOB_READY', { device: job });
      await written.write(20);
      const before = Buffer.from(written.disk.bytes);
      await endReady(t, job, verb, 'mirror');
      if (verb === 'cancel') {
        await written.write(3);
        checkBytes(t, await bytesOf(t, file.local), before, 'the target');
      } else {
        await written.write(10);
        await written.leave();
        await release(t, [source, target]);
        checkBytes(t, await bytesOf(t, file.local), written.disk.bytes, 'the target');
      }
    },
  };
}

export const copiedDisks: readonly CaseDefinition[] = [
  mirrored('cancel', 'blockdev-mirror/cancel-when-ready', { granularity: 512 }),
  mirrored('complete', 'blockdev-mirror/complete-switches', { granularity: 4096, 'buf-size': 64 * KiB }),
  {
    id: 'stress/mirror-top',
    title: 'A mirror of the topmost image, written to meanwhile, has above what is below all of the disk',
    requirements: ['blockdev-mirror/sync-top', 'blockdev-mirror/mirrors-writes'],
    needs: needs(jobs('blockdev-mirror', 'block-job-cancel'), { events: ['BLOCK_JOB_READY'] }),
    async run(t: CaseContext) {
      const { top, files, nodes } = await layers(t, new Random('mirror-top'), 2);
      const image = await emptyImage(t);
      const target = await addQcow2(t, image, { discard: 'unmap', backing: nodes[0]! });
      await top.write(2);
      const job = await held(t, 'blockdev-mirror', { device: top.node, target, sync: 'top' });
      await top.write(10);
      await unleash(t, job);
      await t.event('BLOCK_JOB_READY', { device: job });
      await top.write(15);
      await endReady(t, job, 'cancel', 'mirror');
      await top.leave();
      await release(t, [...nodes, target]);
      await checkChain(t, files, top.disk.bytes);
      await checkChain(t, [files[0]!, image], top.disk.bytes);
    },
  },
  {
    id: 'stress/backup-full',
    title: 'A backup of a chain holds the disk as it was when it began, whatever is written meanwhile',
    requirements: ['blockdev-backup/point-in-time', 'blockdev-backup/copies'],
    needs: jobs('blockdev-backup'),
    async run(t: CaseContext) {
      const { top, files, nodes } = await layers(t, new Random('backup-full'), 3);
      const { name: target, file } = await addRaw(t, SIZE);
      await top.write(2);
      const before = Buffer.from(top.disk.bytes);
      const job = await held(t, 'blockdev-backup', { device: top.node, target, sync: 'full' });
      await top.write(20);
      await unleash(t, job);
      await completed(t, job, 'backup');
      await top.write(5);
      checkBytes(t, await bytesOf(t, file.local), before, 'the backup');
      await top.leave();
      await release(t, nodes);
      await checkChain(t, files, top.disk.bytes);
    },
  },
  {
    id: 'stress/backup-top',
    title: 'A backup of the topmost image has above what is below the disk as it was when it began',
    requirements: ['blockdev-backup/sync-top', 'blockdev-backup/point-in-time'],
    needs: jobs('blockdev-backup'),
    async run(t: CaseContext) {
      const { top, files, nodes } = await layers(t, new Random('backup-top'), 2);
      const image = await emptyImage(t);
      const target = await addQcow2(t, image, { backing: nodes[0]! });
      await top.write(2);
      const before = Buffer.from(top.disk.bytes);
      const job = await held(t, 'blockdev-backup', { device: top.node, target, sync: 'top' });
      await top.write(15);
      await unleash(t, job);
      await completed(t, job, 'backup');
      await top.leave();
      await release(t, [...nodes, target]);
      await checkChain(t, [files[0]!, image], before);
    },
  },
  {
    id: 'stress/backup-incremental',
    title: 'Incremental backups onto a full one hold the disk as it was at each, written to meanwhile',
    requirements: ['drive-backup/point-in-time', 'block-dirty-bitmap-add/tracks-writes'],
    needs: jobs('drive-backup', 'block-dirty-bitmap-add'),
    async run(t: CaseContext) {
      const { top } = await layers(t, new Random('backup-incremental'), 2);
      const file = await makeFile(t, SIZE);
      const bitmap = t.name('bitmap');
      await addBitmap(t, top.node, bitmap, { granularity: 64 * KiB });
      const target = { target: file.path, format: 'raw', mode: 'existing' };
      await top.write(1);
      for (const sync of ['full', 'incremental', 'incremental', 'incremental']) {
        const before = Buffer.from(top.disk.bytes);
        const marked = sync === 'incremental' ? { bitmap } : {};
        const job = await held(t, 'drive-backup', { device: top.node, ...target, sync, ...marked });
        await top.write(3);
        await unleash(t, job);
        await completed(t, job, 'backup');
        checkBytes(t, await bytesOf(t, file.local), before, 'the backup');
        await top.write(1);
      }
      await top.leave();
    },
  },
  {
    id: 'stress/backup-incremental-far',
    title: 'An incremental backup copies what a fine bitmap marks far behind the start of a large disk',
    requirements: ['drive-backup/sync-incremental', 'block-dirty-bitmap-add/tracks-writes'],
    needs: jobs('drive-backup', 'block-dirty-bitmap-add'),
    async run(t: CaseContext) {
      const size = 600 * MiB;
      const { name: device } = await addRaw(t, size);
      const file = await makeFile(t, size);
      await addBitmap(t, device, 'fine', { granularity: 512 });
      const places = [3 * MiB, 256 * MiB - 512, 300 * MiB + 512, 512 * MiB, size - 512];
      const io = await openIo(t, device);
      await io.series(places.map((offset) => ({ kind: 'write', offset, length: 512, byte: 0x5e })));
      await io.close();
      const target = { target: file.path, format: 'raw', mode: 'existing' };
      const id = t.name('job');
      await t.execute('drive-backup', {
        'job-id': id,
        device,
        ...target,
        sync: 'incremental',
        bitmap: 'fine',
      });
      await completed(t, id, 'backup');
      for (const place of places)
        checkBytes(t, await bytesAt(t, file.local, place, 512), Buffer.alloc(512, 0x5e), 'the backup', place);
    },
  },
  {
    id: 'stress/commit-below',
    title:
      'A commit of the images in between, while the disk is written to, leaves what a guest reads as it is',
    requirements: ['block-commit/commits'],
    needs: jobs('block-commit', 'block-job-pause', 'block-job-resume'),
    async run(t: CaseContext) {
      const { top, files, nodes } = await layers(t, new Random('commit-below'), 4);
      await top.write(2);
      const job = await paused(t, 'block-commit', {
        device: top.node,
        top: files[2]!.path,
        base: files[0]!.path,
      });
      await top.write(15);
      await resume(t, job);
      await top.write(5);
      await completed(t, job, 'commit');
      await top.write(5);
      await top.leave();
      await release(t, [...nodes.slice(0, 3), top.node]);
      await checkChain(t, [files[0]!, files[3]!], top.disk.bytes);
    },
  },
  {
    id: 'stress/commit-active',
    title: 'A commit of the whole disk into its base, while it is written to, leaves all of it in the base',
    requirements: ['block-commit/commits', 'block-commit/active-mirrors-writes'],
    needs: needs(jobs('block-commit', 'block-job-complete'), { events: ['BLOCK_JOB_READY'] }),
    async run(t: CaseContext) {
      const { top, files, nodes } = await layers(t, new Random('commit-active'), 3);
      await top.write(2);
      const job = await held(t, 'block-commit', { device: top.node, base: files[0]!.path });
      await top.write(10);
      await unleash(t, job);
      await t.event('BLOCK_JOB_READY', { device: job });
      await top.write(10);
      await endReady(t, job, 'complete', 'commit');
      await top.leave();
      await release(t, nodes);
      await checkChain(t, [files[0]!], top.disk.bytes);
    },
  },
  ...[0, null].map(
    (base): CaseDefinition => ({
      id: base === null ? 'stress/stream-all' : 'stress/stream-to-base',
      title:
        base === null
          ? 'A stream of all that is below, while the disk is written to, leaves the disk in one image'
          : 'A stream of the images in between, while the disk is written to, leaves the disk above its base',
      requirements: [
        'block-stream/keeps-writes',
        base === null ? 'block-stream/completes' : 'block-stream/base',
      ],
      needs: jobs('block-stream', 'block-job-pause', 'block-job-resume'),
      async run(t: CaseContext) {
        const { top, files, nodes } = await layers(t, new Random(`stream-${base}`), 4);
        await top.write(2);
        const job = await paused(t, 'block-stream', {
          device: top.node,
          ...(base !== null && { base: files[base]!.path }),
        });
        await top.write(15);
        await resume(t, job);
        await top.write(5);
        await completed(t, job, 'stream');
        await top.write(5);
        await top.leave();
        await release(t, nodes);
        await checkChain(t, base === null ? [files[3]!] : [files[0]!, files[3]!], top.disk.bytes);
      },
    }),
  ),
];
