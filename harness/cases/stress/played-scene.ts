/**
 * A qcow2 image under a long series of requests, held to a model of the disk: what is read while it is written, what the
 * closed image and its snapshots hold, what its bitmaps mark, and that each of its structures is sound to the last count.
 */
import { writeFile } from 'node:fs/promises';
import { Random } from '../../../generators/random.ts';
import type { JsonObject } from '../../../spec/json.ts';
import type { RequirementId } from '../../../spec/requirements/index.ts';
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import { addQcow2, release } from '../helpers/backing-chains.ts';
import { bitmapsShown, checkDirty } from '../helpers/bitmaps.ts';
import { createQcow2, qcow2Creation } from '../helpers/created-images.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { luksHeader } from '../helpers/made-luks.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { addRaw, type CaseFile, makeFile, needs } from '../helpers/shared-setup.ts';
import { secrets } from '../images/keys-and-secrets.ts';
import { DiskModel, type Draw, writeSeries } from './disk-series.ts';
import { asOf, checkHolds, checkSound } from './left-behind.ts';
import { makeStep, type SeriesStep, withSteps } from './series-steps.ts';
import { withSpoiltCounts } from './spoilt-counts.ts';

/** `crash`: `reopen`, and meanwhile the image is as after a crash that lost all counts. */
type Step = SeriesStep | { readonly do: 'crash' };

export const crash: Step = { do: 'crash' };

/** An image, and what is done to it. */
export interface Scene {
  readonly id: string;
  readonly title: string;
  readonly requirements: readonly RequirementId[];
  readonly size: number;
  readonly clusterSize: number;
  /** Further options of the new image. */
  readonly image?: JsonObject;
  /** Further options of the node. */
  readonly node?: JsonObject;
  /** Bytes of what is below, if something is. */
  readonly below?: number;
  /** All of the disk is there to begin with, stored compressed. */
  readonly isCompressed?: boolean;
  /** The image is encrypted. */
  readonly isEncrypted?: boolean;
  readonly draw?: Partial<Draw>;
  readonly steps: readonly Step[];
}

/** A case of a scene. */
export function written(scene: Scene): CaseDefinition {
  const { id, title, requirements, steps, isEncrypted = false, isCompressed = false } = scene;
  const compresses: Needs = { commands: ['blockdev-backup'], events: ['BLOCK_JOB_COMPLETED'] };
  const base = needs({ ...qcow2Creation, ...nodeBytes }, isCompressed ? compresses : {});
  return {
    id,
    title,
    requirements,
    needs: withSteps(isEncrypted ? needs(base, { capabilities: ['owned'] }) : base, steps),
    ...(isEncrypted && { topology: secrets }),
    run: (t: CaseContext) => play(t, scene),
  };
}

/** A bitmap, and the granules that it must mark. */
interface Marks {
  readonly granularity: number;
  readonly dirty: Set<number>;
}

async function play(t: CaseContext, scene: Scene): Promise<void> {
  const { id, size, clusterSize, steps, isEncrypted = false } = scene;
  const random = new Random(id);
  const below = scene.below === undefined ? null : random.bytes(scene.below);
  const lower = below && (await addRaw(t, below)).name;
  const file = await makeImage(t, scene);
  const options: JsonObject = {
    discard: 'unmap',
    ...scene.node,
    ...(lower !== null && { backing: lower }),
    ...(isEncrypted && { encrypt: { format: 'luks', 'key-secret': 'sec0' } }),
  };
  const open = () => addQcow2(t, file, options);
  let node = await open();
  const start = scene.isCompressed === true ? await compressInto(t, node, random, size) : below;
  // an L2 table maps so many bytes, and a block of counts is about as many
  const table = (clusterSize * clusterSize) / 8;
  const draw: Draw = {
    edges: table < size ? [clusterSize, clusterSize, table] : [clusterSize],
    ...scene.draw,
  };
  const disk = new DiskModel(size, clusterSize, start);
  const taken = new Map<string, Buffer>();
  const bitmaps = new Map<string, Marks>();
  for (const step of steps) {
    if (step.do === 'write') {
      const io = await openIo(t, node);
      for (const request of await writeSeries(t, io, disk, random, step.count, draw))
        if (request.kind !== 'flush') for (const marks of bitmaps.values()) mark(marks, request);
      await io.close();
      await checkBitmaps(t, node, size, bitmaps);
    } else if (step.do === 'reopen' || step.do === 'crash') {
      await release(t, [node]);
      if (step.do === 'crash')
        await writeFile(file.local, withSpoiltCounts(await bytesOf(t, file.local), random));
      node = await open();
      await checkBitmaps(t, node, size, bitmaps);
    } else {
      await makeStep(t, node, step);
      if (step.do === 'resize') disk.resize(step.size);
      else if (step.do === 'take') taken.set(step.name, Buffer.from(disk.bytes));
      else if (step.do === 'mark')
        bitmaps.set(step.name, { granularity: step.granularity, dirty: new Set() });
      else if (step.do === 'unmark') bitmaps.delete(step.name);
      else taken.delete(step.name);
    }
  }
  await release(t, [...(lower === null ? [] : [lower]), node]);
  const image = await bytesOf(t, file.local);
  checkSound(t, image);
  checkHolds(t, image, disk.bytes, { below, isEncrypted });
  for (const [name, content] of taken) {
    const then = asOf(image, name);
    t.check(then !== null, 'a snapshot must be in the image', 'it is not');
    checkHolds(t, then, content, { below, isEncrypted });
  }
}

function makeImage(t: CaseContext, { size, clusterSize, image, isEncrypted }: Scene): Promise<CaseFile> {
  return isEncrypted === true
    ? makeFile(t, buildQcow2({ size, clusterSize, luks: luksHeader('abcdef') }))
    : createQcow2(t, { size, 'cluster-size': clusterSize, ...image });
}

/** Copies a disk that can be compressed more here and less there, and gives what it holds. */
async function compressInto(t: CaseContext, target: string, random: Random, size: number): Promise<Buffer> {
  const content = Buffer.alloc(size);
  for (let at = 0; at < size; at += 512) {
    const share = random.below(8) * 64;
    random.bytes(share).copy(content, at);
  }
  const { name: device } = await addRaw(t, content);
  const id = t.name('job');
  await t.execute('blockdev-backup', { 'job-id': id, device, target, sync: 'full', compress: true });
  await t.event('BLOCK_JOB_COMPLETED', { device: id });
  return content;
}

function mark({ granularity, dirty }: Marks, { offset, length }: { offset: number; length: number }): void {
  const last = Math.floor((offset + length - 1) / granularity);
  for (let granule = Math.floor(offset / granularity); granule <= last; granule += 1) dirty.add(granule);
}

async function checkBitmaps(
  t: CaseContext,
  node: string,
  size: number,
  bitmaps: ReadonlyMap<string, Marks>,
): Promise<void> {
  for (const [name, { granularity, dirty }] of bitmaps) {
    await checkDirty(t, { node, name, size, granularity }, [...dirty], 'after these requests');
    // where only drives show their bitmaps there is no count
    const shownAs = (await bitmapsShown(t, node)).find((bitmap) => bitmap.name === name);
    if (shownAs === undefined) continue;
    t.equal(
      shownAs.count ?? null,
      dirty.size * granularity,
      'the count of a bitmap must be the bytes that it marks',
    );
  }
}
