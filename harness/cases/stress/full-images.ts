/** qcow2 images with more in them than data: snapshots, bitmaps, streams, keys; and their repair. */
import type { RequirementId } from '../../../spec/requirements/index.ts';
import type { CaseDefinition } from '../case.ts';
import { KiB } from '../helpers/shared-setup.ts';
import { crash, written } from './played-scene.ts';
import { drop, mark, reopen, take, unmark, write } from './series-steps.ts';

const SMALL = 512;

const repaired: readonly RequirementId[] = ['qcow2/lazy-refcounts-repaired', 'qcow2/shapes'];
const bitmaps: readonly RequirementId[] = [
  'block-dirty-bitmap-add/persistent-content',
  'block-dirty-bitmap-add/tracks-writes',
];

/** Images with more in them than data. */
export const fullImages: readonly CaseDefinition[] = [
  written({
    id: 'stress/repaired',
    title: 'An image with snapshots that lost its counts in a crash has right ones when it is opened again',
    requirements: repaired,
    size: 100 * KiB + 512,
    clusterSize: SMALL,
    image: { 'refcount-bits': 32 },
    steps: [write(30), take('one'), write(20), take('two'), crash, write(20), drop('one'), crash, write(10)],
  }),
  written({
    id: 'stress/repaired-with-bitmaps',
    title: 'An image with narrow counts, compressed data and bitmaps has right counts again after a crash',
    requirements: repaired,
    size: 128 * KiB,
    clusterSize: 1 * KiB,
    image: { 'refcount-bits': 4 },
    isCompressed: true,
    steps: [mark('fine', 512), mark('coarse', 4096), write(20), crash, write(20), crash, write(5)],
  }),
  written({
    id: 'stress/compressed',
    title: 'An image that was stored compressed, and its snapshots, hold what a series of requests writes',
    requirements: ['qcow2/compressed', 'blockdev-backup/compress'],
    size: 192 * KiB,
    clusterSize: 4 * KiB,
    image: { 'refcount-bits': 8 },
    isCompressed: true,
    steps: [write(20), take('one'), write(20), reopen, drop('one'), write(10)],
  }),
  written({
    id: 'stress/compressed-in-large-clusters',
    title: 'What is compressed into clusters that share few bytes is read back, and written over in part',
    requirements: ['qcow2/compressed', 'blockdev-backup/compress'],
    size: 512 * KiB,
    clusterSize: 64 * KiB,
    image: { 'refcount-bits': 2 },
    isCompressed: true,
    draw: { edges: [16 * KiB] },
    steps: [write(4), reopen, write(3)],
  }),
  written({
    id: 'stress/encrypted',
    title: 'An encrypted image and its snapshots hold what a series of requests writes, byte by byte',
    requirements: ['qcow2/encrypt-luks'],
    size: 300 * KiB,
    clusterSize: 2 * KiB,
    isEncrypted: true,
    steps: [write(40), take('one'), write(30), reopen, write(20)],
  }),
  written({
    id: 'stress/bitmaps-kept',
    title:
      'Persistent bitmaps mark what a series of requests writes, and nothing else, whoever opens the image',
    requirements: bitmaps,
    size: 2500 * KiB,
    clusterSize: SMALL,
    draw: { edges: [SMALL, 32 * KiB, 2048 * KiB], longest: 64 * KiB },
    steps: [
      mark('fine', 512),
      write(15),
      mark('coarse', 64 * KiB),
      write(10),
      reopen,
      unmark('fine'),
      mark('odd', 8 * KiB),
      write(15),
      reopen,
      write(5),
      reopen,
    ],
  }),
];
