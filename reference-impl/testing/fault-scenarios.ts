/** Small jobs of every kind over a chain of three images and a fourth, for faults to be put into. */
import { copyFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BlockdevOnError } from '../../spec/generated/qmp.ts';
import { JobFixture } from './job-fixture.ts';

export const CLUSTER = 65536;
export const SIZE = 4 * CLUSTER;
/** The base is shorter than what stands on it. */
const BASE_SIZE = 3 * CLUSTER;

/** Top to bottom `i2`, `i1`, `i0`; and `t`, that stands alone. All are qcow2. */
export const IMAGES = ['i0', 'i1', 'i2', 't'] as const;
export type ImageName = (typeof IMAGES)[number];

export interface Scenario {
  readonly name: string;
  /** What the guest uses. */
  readonly disk: ImageName;
  /** Beside the disk and the target. As observed, the base of an active commit stays writable. */
  readonly writable?: ImageName;
  /** Nodes that the job opens itself get their names from it. */
  readonly opens: readonly ImageName[];
  readonly start: (fixture: JobFixture, policy: BlockdevOnError) => Promise<unknown>;
  /** Images that the job may change. All others stay as they are, to the byte. */
  readonly changes: readonly ImageName[];
  /** Whether errors on this image are those of reads, whatever failed. */
  readonly reads: (image: string) => boolean;
  /** The kinds of jobs that take a policy. */
  readonly hasPolicy: boolean;
  readonly completes: boolean;
  /** From the disk's node down, when the job has ended well. */
  readonly chainAfter: readonly ImageName[];
  /** Holds what the disk held, when the job has ended well. */
  readonly copy?: ImageName;
  /** The name of a bitmap of the disk; all in it is dirty. */
  readonly bitmap?: string;
}

const both = (policy: BlockdevOnError) => ({ 'on-source-error': policy, 'on-target-error': policy });
const notTarget = (image: string) => image !== 't';
/** One request after the other. */
const ONE_BY_ONE = { granularity: CLUSTER, 'buf-size': CLUSTER };

const file = (fixture: JobFixture, image: ImageName) => join(fixture.folder, `${image}.qcow2`);

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'blockdev-backup',
    disk: 'i1',
    opens: ['i0', 'i1', 't'],
    start: (fixture, policy) =>
      fixture.run('blockdev-backup', {
        'job-id': 'j',
        device: 'i1',
        target: 't',
        sync: 'full',
        ...both(policy),
      }),
    changes: ['t'],
    reads: notTarget,
    hasPolicy: true,
    completes: false,
    chainAfter: ['i1', 'i0'],
    copy: 't',
  },
  {
    name: 'drive-backup, incremental',
    disk: 'i1',
    opens: ['i0', 'i1'],
    start: (fixture, policy) =>
      fixture.run('drive-backup', {
        'job-id': 'j',
        device: 'i1',
        target: file(fixture, 't'),
        format: 'qcow2',
        mode: 'existing',
        sync: 'incremental',
        bitmap: 'b',
        ...both(policy),
      }),
    changes: ['t'],
    reads: notTarget,
    hasPolicy: true,
    completes: false,
    chainAfter: ['i1', 'i0'],
    copy: 't',
    bitmap: 'b',
  },
  {
    name: 'drive-backup of the top',
    disk: 'i2',
    opens: ['i0', 'i1', 'i2'],
    start: (fixture, policy) =>
      fixture.run('drive-backup', {
        'job-id': 'j',
        device: 'i2',
        target: file(fixture, 't'),
        format: 'qcow2',
        sync: 'top',
        ...both(policy),
      }),
    changes: ['t'],
    reads: notTarget,
    hasPolicy: true,
    completes: false,
    chainAfter: ['i2', 'i1', 'i0'],
  },
  {
    name: 'blockdev-mirror',
    disk: 'i1',
    opens: ['i0', 'i1', 't'],
    start: (fixture, policy) =>
      fixture.run('blockdev-mirror', {
        'job-id': 'j',
        device: 'i1',
        target: 't',
        sync: 'full',
        ...ONE_BY_ONE,
        ...both(policy),
      }),
    changes: ['t'],
    reads: notTarget,
    hasPolicy: true,
    completes: true,
    chainAfter: ['t'],
    copy: 't',
  },
  {
    name: 'drive-mirror of the top',
    disk: 'i2',
    opens: ['i0', 'i1', 'i2'],
    start: (fixture, policy) =>
      fixture.run('drive-mirror', {
        'job-id': 'j',
        device: 'i2',
        target: file(fixture, 't'),
        'node-name': 't',
        format: 'qcow2',
        sync: 'top',
        ...ONE_BY_ONE,
        ...both(policy),
      }),
    changes: ['t'],
    reads: notTarget,
    hasPolicy: true,
    completes: true,
    chainAfter: ['t', 'i1', 'i0'],
  },
  {
    name: 'block-stream',
    disk: 'i2',
    opens: ['i0', 'i1', 'i2'],
    start: (fixture, policy) =>
      fixture.run('block-stream', { 'job-id': 'j', device: 'i2', 'base-node': 'i0', 'on-error': policy }),
    changes: ['i2'],
    reads: () => true,
    hasPolicy: true,
    completes: false,
    chainAfter: ['i2', 'i0'],
  },
  {
    name: 'block-commit of the active layer',
    disk: 'i2',
    writable: 'i0',
    opens: ['i0', 'i1', 'i2'],
    start: (fixture) => fixture.run('block-commit', { 'job-id': 'j', device: 'i2' }),
    changes: ['i0'],
    reads: (image) => image !== 'i0',
    hasPolicy: false,
    completes: true,
    chainAfter: ['i0'],
  },
  {
    name: 'block-commit of what is between',
    disk: 'i2',
    opens: ['i0', 'i1', 'i2'],
    start: (fixture) =>
      fixture.run('block-commit', { 'job-id': 'j', device: 'i2', top: file(fixture, 'i1') }),
    changes: ['i0', 'i2'],
    reads: (image) => image !== 'i0',
    hasPolicy: false,
    completes: false,
    chainAfter: ['i2', 'i0'],
  },
];

/** The images that every run begins with, and a folder in which one run after another works on them. */
export interface Images {
  readonly pristine: string;
  readonly folder: string;
  readonly shows: ReadonlyMap<ImageName, Buffer>;
  /** The images in `folder` that may not be what they were. */
  readonly stale: Set<ImageName>;
}

/** Both folders are to be removed in the end. */
export async function makeImages(): Promise<Images> {
  const fixture = new JobFixture();
  await fixture.qcow2('i0', BASE_SIZE);
  await fixture.qcow2('i1', SIZE, 'i0');
  await fixture.qcow2('i2', SIZE, 'i1');
  await fixture.qcow2('t', SIZE);
  const fill = (image: ImageName, cluster: number) =>
    fixture.node(image).io.write(cluster * CLUSTER, new Uint8Array(CLUSTER).fill(cluster + 1));
  for (const cluster of [0, 1, 2]) await fill('i0', cluster);
  await fixture.node('i1').io.writeZeroes(CLUSTER, CLUSTER);
  await fill('i1', 2);
  await fill('i2', 3);
  const shows = new Map<ImageName, Buffer>();
  for (const image of IMAGES) shows.set(image, await fixture.contents(fixture.node(image)));
  await fixture.end();
  const folder = mkdtempSync(join(tmpdir(), 'qmpcheck-faults-'));
  return { pristine: fixture.folder, folder, shows, stale: new Set(IMAGES) };
}

/** Opens what the job is given: read-only what no guest uses and no job copies to. */
export async function place(
  { pristine, stale }: Images,
  fixture: JobFixture,
  scenario: Scenario,
): Promise<void> {
  for (const image of stale) copyFileSync(join(pristine, `${image}.qcow2`), file(fixture, image));
  stale.clear();
  for (const image of scenario.changes) stale.add(image);
  let below: ImageName | undefined;
  for (const image of scenario.opens) {
    await fixture.run('blockdev-add', {
      driver: 'qcow2',
      'node-name': image,
      file: { driver: 'file', 'node-name': `${image}-file`, filename: file(fixture, image) },
      backing: image === 't' ? null : (below ?? null),
      'read-only': ![scenario.disk, scenario.writable, 't'].includes(image),
      discard: 'unmap',
    });
    below = image;
  }
  if (scenario.bitmap === undefined) return;
  const bitmap = { node: scenario.disk, name: scenario.bitmap };
  await fixture.run('block-dirty-bitmap-add', bitmap);
  fixture.endpoint.block.bitmap(bitmap.node, bitmap.name).bitmap.mark(0, SIZE);
}
