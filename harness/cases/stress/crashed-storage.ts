/** qcow2 images on storage that stops between any two requests: what lies there then is sound, and has what was flushed. */
import { Random } from '../../../generators/random.ts';
import type { JsonObject } from '../../../spec/json.ts';
import { qcow2Faults } from '../../qcow2/qcow2-faults.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, release } from '../helpers/backing-chains.ts';
import { createQcow2, qcow2Creation } from '../helpers/created-images.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { nodeBytes, openIo, writeNode } from '../helpers/node-io.ts';
import { ExportFlag } from '../helpers/peers/nbd-numbers.ts';
import { type PeerRequest, startNbdPeer } from '../helpers/peers/nbd-peer.ts';
import { parseQcow2 } from '../helpers/qcow2-image.ts';
import { addRaw, KiB, needs } from '../helpers/shared-setup.ts';
import { crashStates } from './crash-states.ts';
import { type Change, DiskModel, type Draw, drawn, foreignBytes } from './disk-series.ts';
import { checkHolds, checkSound, contentOf } from './left-behind.ts';
import {
  drop,
  makeStep,
  mark,
  reopen,
  resize,
  type SeriesStep,
  take,
  unmark,
  withSteps,
  write,
} from './series-steps.ts';

const CLUSTER = 512;
const FLAGS = ExportFlag.has | ExportFlag.flush | ExportFlag.trim;

interface Scene {
  readonly id: string;
  readonly title: string;
  /** Of the disk, and of the storage: what the image may come to take. Bytes. */
  readonly size: number;
  readonly room: number;
  readonly image?: JsonObject;
  /** Whether another disk is below. */
  readonly isOverlay?: boolean;
  /** How much of the disk is written before it counts. Bytes. */
  readonly filled?: number;
  readonly draw?: Partial<Draw>;
  readonly steps: readonly SeriesStep[];
  readonly crashes: number;
}

/** The disk after a step. */
interface Moment {
  /** Requests that the storage had got by then. */
  readonly came: number;
  readonly bytes: Buffer;
  readonly last: Change | null;
  /** What came before stays, whatever comes. */
  readonly isSafe: boolean;
}

function crashed({ id, title, ...scene }: Scene): CaseDefinition {
  return {
    id,
    title,
    requirements: ['BlockdevCacheOptions/flush-is-carried-out', 'qcow2/shapes'],
    needs: withSteps(needs({ ...qcow2Creation, ...nodeBytes }, { drivers: ['nbd'] }), scene.steps),
    async run(t: CaseContext) {
      const random = new Random(id);
      const { size, steps, isOverlay = false } = scene;
      const below = isOverlay ? random.bytes(size) : null;
      const lower = below && (await addRaw(t, below)).name;
      const start = await startOf(t, scene);
      const storage = Buffer.from(start);
      const peer = await startNbdPeer(t, { '': { data: storage, flags: FLAGS } });
      const disk = new DiskModel(size, CLUSTER, below ?? contentOf(start));
      const node = t.name('qcow2');
      const options = {
        driver: 'qcow2',
        'node-name': node,
        discard: 'unmap',
        file: { driver: 'nbd', server: peer.address, discard: 'unmap' },
        ...(lower !== null && { backing: lower }),
      };
      await t.execute('blockdev-add', options);
      const moments: Moment[] = [{ came: 0, bytes: Buffer.from(disk.bytes), last: null, isSafe: true }];
      const note = (last: Change | null, isSafe: boolean): void => {
        moments.push({ came: peer.requests.length, bytes: Buffer.from(disk.bytes), last, isSafe });
      };
      for (const step of steps) {
        if (step.do === 'reopen') {
          await release(t, [node]);
          note(null, true);
          await t.execute('blockdev-add', options);
        } else if (step.do === 'write') {
          const io = await openIo(t, node);
          for (let index = 0; index < step.count; index += 1) {
            const request = drawn(random, disk.bytes.length, {
              edges: [CLUSTER, 32 * KiB],
              longest: 16 * KiB,
              ...scene.draw,
            });
            await io.perform(request);
            disk.apply(request);
            note(request, request.kind === 'flush');
          }
          await io.close();
        } else {
          await makeStep(t, node, step);
          if (step.do === 'resize') disk.resize(step.size);
          note(null, step.do === 'resize');
        }
      }
      await release(t, [...(lower === null ? [] : [lower]), node]);
      note(null, true);
      const requests = peer.requests.slice(0, moments.at(-1)!.came);
      checkSound(t, storage);
      checkHolds(t, storage, disk.bytes, { below });
      checkStates(t, random, { start, requests, moments, below }, scene);
    },
  };
}

/** The storage before the node: an image, and room behind it. */
export async function startOf(
  t: CaseContext,
  { image, size, room, filled = 0 }: Pick<Scene, 'image' | 'size' | 'room' | 'filled'>,
): Promise<Buffer> {
  const file = await createQcow2(t, { size, 'cluster-size': CLUSTER, ...image });
  if (filled > 0) {
    const node = await addQcow2(t, file);
    await writeNode(t, node, 0, filled, 0x77);
    await release(t, [node]);
  }
  const start = Buffer.alloc(room);
  (await bytesOf(t, file.local)).copy(start);
  return start;
}

/** What became of storage and disk. */
interface Story {
  readonly start: Buffer;
  readonly requests: readonly PeerRequest[];
  readonly moments: readonly Moment[];
  readonly below: Buffer | null;
}

/** States that the storage is sound wherever it stops, and that the disk holds what it may. */
function checkStates(
  t: CaseContext,
  random: Random,
  { start, requests, moments, below }: Story,
  { crashes, steps }: Pick<Scene, 'crashes' | 'steps'>,
): void {
  const hasSnapshots = steps.some((step) => step.do === 'take');
  for (const { state, came } of crashStates(random, start, requests, crashes)) {
    const isDirty = parseQcow2(state).dirty;
    const wrong = qcow2Faults(state).filter(
      ({ kind, text }) =>
        kind === 'corruption' &&
        // what is marked as in use is repaired when it is opened again
        !(isDirty && /dirty|count/.test(text)) &&
        // who crashes leaves bitmaps in use
        !text.includes('still marked as in use') &&
        // a snapshot is there with its last write, and what it shares is marked before or after
        !(hasSnapshots && text.includes('COPIED')),
    );
    t.equal(
      wrong.map(({ text }) => text),
      [],
      'an image must be sound wherever its storage stops',
    );
    const from = moments.findLastIndex((moment) => moment.isSafe && moment.came <= came);
    const to = moments.findIndex((moment) => moment.came >= came);
    const since = moments.slice(from, Math.max(from, to) + 1);
    const content = contentOf(state, { below });
    t.check(
      since.some(({ bytes }) => bytes.length === content.length),
      'after a crash a disk must be of its size',
      `it has ${content.length} bytes`,
    );
    const at = impossibleSince(since, content);
    t.check(
      at === -1,
      'after a crash a disk must hold what was flushed, or what was written since',
      `byte ${at} is neither`,
    );
  }
}

/** The first byte of a disk after a crash that is what it was at none of those moments; -1 without one. */
function impossibleSince(moments: readonly Moment[], content: Buffer): number {
  // what was given back may be somebody else's already, before it is written that it was given back
  const given = moments.slice(1).flatMap(({ last }) => (last !== null && givesBack(last) ? [last] : []));
  const disks = moments.map(({ bytes }) => bytes);
  const shortest = Math.min(...disks.map(({ length }) => length));
  for (const wrong of foreignBytes(content.subarray(0, shortest), disks, CLUSTER)) {
    const start = wrong - (wrong % CLUSTER);
    const isGiven = given.some(
      ({ offset, length }) => start >= offset - CLUSTER && start < offset + length + CLUSTER,
    );
    if (!isGiven) return wrong;
  }
  return -1;
}

function givesBack(change: Change): change is Extract<Change, { readonly offset: number }> {
  return change.kind === 'discard' || (change.kind === 'write-zeroes' && change.unmap === true);
}

/** Bitmaps come, and one goes. */
const withBitmaps: readonly SeriesStep[] = [
  write(8),
  mark('a', 512),
  write(8),
  mark('b', 1024),
  write(8),
  unmark('a'),
  mark('c', 512),
  write(8),
];

export const crashedStorage: readonly CaseDefinition[] = [
  crashed({
    id: 'stress/crashed-storage',
    title: 'Wherever storage stops, the image there is sound, and holds what was flushed before',
    size: 96 * KiB,
    room: 384 * KiB,
    image: { 'refcount-bits': 64 },
    steps: [write(60)],
    crashes: 60,
  }),
  crashed({
    id: 'stress/crashed-overlay',
    title: 'Wherever storage stops, an image above another is sound, and holds what was flushed before',
    size: 6 * KiB,
    room: 128 * KiB,
    isOverlay: true,
    steps: [write(120)],
    crashes: 200,
  }),
  crashed({
    id: 'stress/crashed-lazily-counted',
    title: 'Wherever storage stops, an image that is counted lazily is marked as in use or sound',
    size: 40 * KiB,
    room: 192 * KiB,
    image: { 'lazy-refcounts': true },
    steps: [write(50)],
    crashes: 80,
  }),
  crashed({
    id: 'stress/crashed-soon-after-opening',
    title: 'Wherever storage stops, an image is marked as in use before the first write that is not counted',
    size: 32 * KiB,
    room: 96 * KiB,
    image: { 'lazy-refcounts': true },
    draw: { longest: 1 * KiB, edges: [CLUSTER] },
    steps: [write(2), ...Array.from({ length: 8 }, () => [reopen, write(3)]).flat()],
    crashes: 20,
  }),
  crashed({
    id: 'stress/crashed-with-snapshots',
    title:
      'Wherever storage stops, an image whose snapshots come and go is sound, and holds what was flushed',
    size: 40 * KiB,
    room: 256 * KiB,
    steps: [
      write(10),
      take('one'),
      write(12),
      take('two'),
      write(12),
      drop('one'),
      write(12),
      drop('two'),
      write(10),
    ],
    crashes: 120,
  }),
  crashed({
    id: 'stress/crashed-with-bitmaps',
    title: 'Wherever storage stops, an image whose bitmaps come and go is sound, and holds what was flushed',
    size: 40 * KiB,
    room: 256 * KiB,
    steps: [...withBitmaps, reopen, unmark('b'), unmark('c'), ...withBitmaps],
    crashes: 100,
  }),
  crashed({
    id: 'stress/crashed-while-resized',
    title: 'Wherever storage stops, an image that is resized is sound, and holds what was flushed before',
    size: 20 * KiB,
    room: 512 * KiB,
    steps: [
      write(10),
      resize(700 * KiB),
      write(8),
      resize(40 * KiB),
      write(10),
      resize(1100 * KiB),
      write(8),
      resize(10 * KiB),
      write(6),
    ],
    crashes: 60,
  }),
  crashed({
    id: 'stress/crashed-with-more-counts',
    title: 'Wherever storage stops while the table of counts grows, the image is sound, and holds its disk',
    size: 2200 * KiB,
    room: 2600 * KiB,
    image: { 'refcount-bits': 64 },
    filled: 1920 * KiB,
    // long enough to outgrow the table
    draw: { keeps: true, longest: 64 * KiB },
    steps: [write(20)],
    crashes: 20,
  }),
];
