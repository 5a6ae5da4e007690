/** qcow2 images of every shape: sizes of clusters and counts, versions, caches, what is below and what is in them. */
import type { RequirementId } from '../../../spec/requirements/index.ts';
import type { CaseDefinition } from '../case.ts';
import { KiB } from '../helpers/shared-setup.ts';
import { written } from './played-scene.ts';
import { drop, reopen, resize, type SeriesStep, take, write } from './series-steps.ts';

const SMALL = 512;
const shapes: readonly RequirementId[] = [
  'qcow2/shapes',
  'qcow2/refcount-widths',
  'qcow2/discard-reads-zeroes',
];

/** Snapshots are taken and deleted between writes, in another order. */
const withSnapshots: readonly SeriesStep[] = [
  write(40),
  take('one'),
  write(30),
  take('two'),
  reopen,
  write(30),
  drop('one'),
  write(20),
  take('three'),
  reopen,
  drop('two'),
  write(20),
];

export const writtenImages: readonly CaseDefinition[] = [
  written({
    id: 'stress/counts-of-64-bits',
    title: 'An image in clusters of 512 bytes with counts of 64 bits holds what a series of requests writes',
    requirements: shapes,
    size: 300 * KiB + 512,
    clusterSize: SMALL,
    image: { 'refcount-bits': 64 },
    steps: [write(100), reopen, write(50)],
  }),
  written({
    id: 'stress/counts-of-32-bits',
    title: 'An image with counts of 32 bits and its snapshots hold what was written before and after each',
    requirements: shapes,
    size: 130 * KiB,
    clusterSize: SMALL,
    image: { 'refcount-bits': 32 },
    steps: withSnapshots,
  }),
  written({
    id: 'stress/counts-of-1-bit',
    title: 'An image in clusters of 1 KiB with counts of one bit holds what a series of requests writes',
    requirements: shapes,
    size: 300 * KiB,
    clusterSize: 1 * KiB,
    image: { 'refcount-bits': 1 },
    steps: [write(80), reopen, write(40)],
  }),
  written({
    id: 'stress/counts-of-2-bits',
    title: 'An image with counts of two bits holds its disk and as many snapshots as can be counted',
    requirements: shapes,
    size: 64 * KiB + 512,
    clusterSize: SMALL,
    image: { 'refcount-bits': 2 },
    below: 30 * KiB + 512,
    steps: [write(30), take('one'), ...withSnapshots.slice(2)],
  }),
  written({
    id: 'stress/counts-of-4-bits',
    title: 'An image above another, with counts of four bits, and its snapshots hold what was written',
    requirements: shapes,
    size: 200 * KiB,
    clusterSize: 2 * KiB,
    image: { 'refcount-bits': 4 },
    below: 90 * KiB + 512,
    steps: withSnapshots,
  }),
  written({
    id: 'stress/counts-of-8-bits',
    title:
      'An image with counts of eight bits that are written lazily holds what a series of requests writes',
    requirements: [...shapes, 'qcow2/lazy-refcounts'],
    size: 150 * KiB,
    clusterSize: SMALL,
    image: { 'refcount-bits': 8, 'lazy-refcounts': true },
    below: 140 * KiB,
    steps: [write(50), reopen, write(50)],
  }),
  written({
    id: 'stress/version-2',
    title: 'An image of version 2 and its snapshots hold what a series of requests writes to it',
    requirements: ['qcow2/shapes'],
    size: 150 * KiB + 512,
    clusterSize: SMALL,
    image: { version: 'v2' },
    steps: withSnapshots,
  }),
  written({
    id: 'stress/version-2-above-another',
    title: 'An image of version 2 above another disk holds what a series of requests writes to it',
    requirements: ['qcow2/shapes'],
    size: 100 * KiB + 512,
    clusterSize: SMALL,
    image: { version: 'v2' },
    below: 70 * KiB,
    // what a discard leaves there is not the same everywhere
    draw: { keeps: true },
    steps: [write(60), reopen, write(40)],
  }),
  written({
    id: 'stress/resized',
    title: 'An image that shrinks and grows between the requests of a series holds what was written',
    requirements: ['qcow2/shapes', 'block_resize/data-kept'],
    size: 100 * KiB,
    clusterSize: SMALL,
    steps: [
      100 * KiB - 512,
      30 * KiB + 512,
      32 * KiB,
      33 * KiB,
      300 * KiB,
      64 * KiB,
      2048 * KiB,
      80 * KiB,
      260 * KiB + 512,
    ]
      .flatMap((size): SeriesStep[] => [write(15), resize(size)])
      .concat(reopen, write(20)),
  }),
  written({
    id: 'stress/resized-within-clusters',
    title: 'What is cut off within a cluster does not come back when an image above another grows again',
    requirements: ['qcow2/shapes', 'block_resize/data-kept'],
    size: 64 * KiB,
    clusterSize: 4 * KiB,
    below: 20 * KiB,
    steps: [37 * KiB, 64 * KiB, 38 * KiB + 512, 40 * KiB - 512, 40 * KiB, 33 * KiB, 100 * KiB + 512, 32 * KiB]
      .flatMap((size): SeriesStep[] => [write(8), resize(size)])
      .concat(reopen, write(8)),
  }),
  written({
    id: 'stress/small-caches',
    title: 'With caches of two slices of L2 tables and of four counts an image holds what a series writes',
    requirements: [
      'qcow2/shapes',
      'qcow2/l2-cache-size',
      'qcow2/refcount-cache-size',
      'qcow2/l2-cache-entry-size',
    ],
    size: 3000 * KiB,
    clusterSize: 2 * KiB,
    image: { 'refcount-bits': 64 },
    node: { 'l2-cache-size': 1024, 'l2-cache-entry-size': 512, 'refcount-cache-size': 8192 },
    draw: { edges: [2 * KiB, 128 * KiB, 512 * KiB], longest: 64 * KiB },
    steps: [write(100), take('one'), write(60), reopen, write(30)],
  }),
];
