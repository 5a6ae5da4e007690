/**
 * The same jobs on the reference and on QEMU, with a guest writing over NBD meanwhile: the images that both leave behind
 * show the same, are of the same sizes, name the same backing files, and are sound.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import { NbdClient } from '../nbd/nbd-client.ts';
import { QmpClient } from '../qmp/client.ts';
import { awaitFrom } from '../runner/endpoint-wait.ts';
import { enginesUnavailable, requireOrSkip } from '../testing/engines.ts';
import { resolveTarget } from './index.ts';
import type { Endpoint } from './target.ts';

const KiB = 1024;
const SECTOR = 512;
/** Programs for each job. */
const RUNS = 2;
const SEED = 20261122;
/** Bytes a second: a job does its first piece, and no more than a few while the guest writes. */
const HELD = 64 * KiB;
/** In the endpoint's own time; the wait that a lifted limit leaves is shorter. */
const JOB_MS = 100_000;
/** Version 2 of the format. */
const OLD = 'compat=0.10';
const SOCKET = 'nbd.sock';

const run = promisify(execFile);

interface Write {
  readonly sector: number;
  readonly sectors: number;
  readonly byte: number;
}

interface Layer {
  readonly format: 'raw' | 'qcow2';
  readonly sectors: number;
  readonly options: string;
  readonly writes: readonly Write[];
}

/** What a program starts from, and what the guest does: during the job, when it is told to end, and after it. */
interface Program {
  readonly layers: readonly Layer[];
  readonly guest: readonly [during: readonly Write[], last: readonly Write[], late: readonly Write[]];
  readonly target: 'raw' | 'qcow2';
}

const writes = fc.array(
  fc.record({
    sector: fc.nat(2047),
    sectors: fc.integer({ min: 1, max: 300 }),
    byte: fc.integer({ min: 1, max: 255 }),
  }),
  { minLength: 1, maxLength: 4 },
);

function layer(...formats: readonly Layer['format'][]): fc.Arbitrary<Layer> {
  return fc.record({
    format: fc.constantFrom(...formats),
    sectors: fc.constantFrom(2048, 2048, 1024, 1801),
    options: fc.constantFrom('cluster_size=65536', 'cluster_size=4096', OLD),
    writes,
  });
}

/** With at least `depth` images above the base. */
function program(depth: number): fc.Arbitrary<Program> {
  return fc.record({
    layers: fc
      .tuple(layer('raw', 'qcow2'), fc.array(layer('qcow2'), { minLength: depth, maxLength: 4, size: 'max' }))
      .map(([base, above]) => comparable([base, ...above])),
    guest: fc.tuple(writes, writes, writes),
    target: fc.constantFrom('raw', 'qcow2'),
  });
}

/**
 * QEMU 7.2 does not write zeroes to a version 2 image that it streams to where a shorter image between has hidden what the
 * base holds, so that the guest then sees that. So there, all are of one size.
 */
function comparable(layers: readonly Layer[]): Layer[] {
  const isOld = layers.some(({ options }) => options === OLD);
  return layers.map((each) => (isOld ? { ...each, sectors: layers[0]!.sectors } : each));
}

interface Scene {
  readonly dir: string;
  readonly program: Program;
  /** Names of the chain's nodes, bottom first; the files are called alike. */
  readonly chain: readonly string[];
  readonly top: string;
  file(name: string): string;
}

interface JobCase {
  readonly title: string;
  /** Images that it takes above the base. */
  readonly depth: number;
  readonly command: string;
  readonly verb?: 'complete' | 'cancel';
  /** It is cancelled while it still has work: what it has copied by then is its own affair. */
  readonly early?: boolean;
  /** Adds the target, where it is a node. */
  readonly target?: (scene: Scene) => { readonly format: 'raw' | 'qcow2'; readonly backing: string | null };
  /** Without job-id, device and speed. */
  args(scene: Scene): JsonObject;
}

const below = ({ chain }: Scene) => chain.at(-2) ?? null;
const plainTarget = ({ program: { target } }: Scene) => ({ format: target, backing: null });
const overlayTarget = (scene: Scene) => ({ format: 'qcow2', backing: below(scene) }) as const;
const newImage = (scene: Scene, sync: string) => {
  const format = sync === 'full' ? scene.program.target : 'qcow2';
  return { target: scene.file('target'), format, sync };
};

const JOBS: readonly JobCase[] = [
  { title: 'stream of all', depth: 1, command: 'block-stream', args: () => ({}) },
  {
    title: 'stream down to a base',
    depth: 2,
    command: 'block-stream',
    args: ({ chain }) => ({ 'base-node': chain[0]! }),
  },
  {
    title: 'stream to an image between',
    depth: 3,
    command: 'block-stream',
    args: ({ chain }) => ({ device: chain.at(-2)!, 'base-node': chain[0]! }),
  },
  { title: 'stream, cancelled', depth: 1, command: 'block-stream', early: true, args: () => ({}) },
  {
    title: 'commit of images between',
    depth: 2,
    command: 'block-commit',
    args: (scene) => ({ top: scene.file(below(scene)!), base: scene.file(scene.chain[0]!) }),
  },
  {
    title: 'commit of images between, cancelled',
    depth: 2,
    command: 'block-commit',
    early: true,
    args: (scene) => ({ top: scene.file(below(scene)!), base: scene.file(scene.chain[0]!) }),
  },
  ...(['complete', 'cancel'] as const).map((verb) => ({
    title: `commit of the active layer, then ${verb}`,
    depth: 1,
    command: 'block-commit',
    verb,
    args: (scene: Scene) => ({ base: scene.file(scene.chain[0]!) }),
  })),
  ...(['complete', 'cancel'] as const).flatMap((verb) => [
    {
      title: `blockdev-mirror full, then ${verb}`,
      depth: 0,
      command: 'blockdev-mirror',
      verb,
      target: plainTarget,
      args: () => ({ target: 'target', sync: 'full' }),
    },
    {
      title: `blockdev-mirror top, then ${verb}`,
      depth: 1,
      command: 'blockdev-mirror',
      verb,
      target: overlayTarget,
      args: () => ({ target: 'target', sync: 'top' }),
    },
  ]),
  ...(['full', 'top', 'none'] as const).flatMap((sync) => [
    {
      title: `drive-mirror ${sync}, then complete`,
      depth: 1,
      command: 'drive-mirror',
      verb: 'complete' as const,
      args: (scene: Scene) => ({ ...newImage(scene, sync), 'node-name': 'target' }),
    },
    {
      title: `drive-backup ${sync}`,
      depth: 1,
      command: 'drive-backup',
      ...(sync === 'none' ? { verb: 'cancel' as const } : {}),
      args: (scene: Scene) => newImage(scene, sync),
    },
  ]),
  {
    title: 'blockdev-backup full',
    depth: 0,
    command: 'blockdev-backup',
    target: plainTarget,
    args: () => ({ target: 'target', sync: 'full' }),
  },
  {
    title: 'blockdev-backup top',
    depth: 1,
    command: 'blockdev-backup',
    target: overlayTarget,
    args: () => ({ target: 'target', sync: 'top' }),
  },
];

let folder: string;

beforeEach(async (context) => {
  requireOrSkip(context, 'qemu', enginesUnavailable('qemu-storage-daemon', 'qemu-img', 'qemu-io'));
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-images-'));
});

afterEach(async () => {
  if (folder) await rm(folder, { recursive: true, force: true });
});

describe.each(JOBS)('$title', (job) => {
  test.each(
    fc
      .sample(program(job.depth), { seed: SEED, numRuns: RUNS })
      .map((each, index) => [index + 1, each] as const),
  )('program %i', async (index, each) => {
    const left = await leave('reference', job, each, join(folder, `reference${index}`));
    const right = await leave('qemu-storage-daemon', job, each, join(folder, `qemu${index}`));
    // All of a job that ended; of one that did not, what the guest sees.
    const names = job.early ? [left.top] : [...left.chain, ...(usesTarget(job) ? ['target'] : [])];
    await Promise.all(names.map((name) => expectSame(name, left, right)));
  });
});

function usesTarget({ command }: JobCase): boolean {
  return /mirror|backup/.test(command);
}

async function expectSame(name: string, left: Scene, right: Scene): Promise<void> {
  expect(await describeImage(name, left)).toEqual(await describeImage(name, right));
  const { stdout } = await run('qemu-img', ['compare', left.file(name), right.file(name)]).catch(
    (error: unknown) => error as { stdout: string },
  );
  expect([name, stdout.trim()]).toEqual([name, 'Images are identical.']);
}

/** What the header says, with names as seen from the image's own folder; fails if the image is not sound. */
async function describeImage(name: string, scene: Scene): Promise<JsonObject> {
  const { stdout } = await run('qemu-img', ['info', '--output=json', scene.file(name)]);
  const info = JSON.parse(stdout.replaceAll(scene.dir, '@DIR@')) as JsonObject;
  if (info.format === 'qcow2') await run('qemu-img', ['check', '-q', scene.file(name)]);
  const {
    format,
    'virtual-size': size,
    'backing-filename': backing,
    'backing-filename-format': backingFormat,
  } = info;
  return {
    name,
    format: format!,
    size: size!,
    backing: backing ?? null,
    backingFormat: backingFormat ?? null,
  };
}

/** Runs the job on a target of its own folder, and leaves the images there. */
async function leave(targetName: string, job: JobCase, given: Program, dir: string): Promise<Scene> {
  await mkdir(dir);
  const chain = given.layers.map((_, index) => `i${index}`);
  const scene: Scene = { dir, program: given, chain, top: chain.at(-1)!, file: (name) => join(dir, name) };
  await makeChain(scene);
  const topology = { name: 'job-images', images: [], options: [], monitors: 1 };
  const endpoint = await resolveTarget(targetName).start({ topology, scratch: dir });
  try {
    const client = await QmpClient.connect(await endpoint.openMonitor(0));
    await client.execute('blockdev-add', definition(scene, chain.length - 1));
    if (job.target) await addTarget(client, scene, job.target(scene));
    const guest = await connectGuest(client, scene);
    await play(endpoint, client, guest, job, scene);
    guest.close();
    await client.execute('nbd-server-stop');
    await client.close();
  } finally {
    await endpoint.stop();
  }
  return scene;
}

async function makeChain({ program: { layers }, chain, file }: Scene): Promise<void> {
  for (const [index, { format, sectors, options, writes: list }] of layers.entries()) {
    const name = file(chain[index]!);
    const under = index > 0 ? ['-b', file(chain[index - 1]!), '-F', layers[index - 1]!.format] : [];
    const more = format === 'raw' ? [] : ['-o', options, ...under];
    await run('qemu-img', ['create', '-q', '-f', format, ...more, name, String(sectors * SECTOR)]);
    const commands = inside(list, sectors * SECTOR).flatMap(({ offset, length, byte }) => [
      '-c',
      `write -P ${byte} ${offset} ${length}`,
    ]);
    await run('qemu-io', ['-f', format, ...commands, name]);
  }
}

/** In bytes, as far as they fit. */
function inside(list: readonly Write[], size: number): { offset: number; length: number; byte: number }[] {
  return list.map(({ sector, sectors, byte }) => {
    const offset = (sector * SECTOR) % size;
    return { offset, length: Math.min(sectors * SECTOR, size - offset), byte };
  });
}

function definition(scene: Scene, index: number): JsonObject {
  const { format } = scene.program.layers[index]!;
  const name = scene.chain[index]!;
  return {
    driver: format,
    'node-name': name,
    file: { driver: 'file', filename: scene.file(name) },
    ...(index === 0 ? {} : { backing: definition(scene, index - 1) }),
  };
}

async function addTarget(
  client: QmpClient,
  scene: Scene,
  { format, backing }: { readonly format: 'raw' | 'qcow2'; readonly backing: string | null },
): Promise<void> {
  const file = scene.file('target');
  const under = backing ? ['-b', scene.file(backing), '-F', formatOf(scene, backing)] : [];
  const size = scene.program.layers.at(-1)!.sectors * SECTOR;
  await run('qemu-img', ['create', '-q', '-f', format, ...under, file, String(size)]);
  await client.execute('blockdev-add', {
    driver: format,
    'node-name': 'target',
    file: { driver: 'file', filename: file },
    ...(format === 'raw' ? {} : { backing }),
  });
}

function formatOf({ program: { layers }, chain }: Scene, name: string): string {
  return layers[chain.indexOf(name)]!.format;
}

/** The guest: it writes to the top of the chain, or what takes its place. */
async function connectGuest(client: QmpClient, { top, file }: Scene): Promise<NbdClient> {
  await client.execute('nbd-server-start', { addr: { type: 'unix', data: { path: file(SOCKET) } } });
  await client.execute('nbd-server-add', { device: top, writable: true });
  return NbdClient.connect(file(SOCKET), top, AbortSignal.timeout(JOB_MS));
}

async function play(
  endpoint: Endpoint,
  client: QmpClient,
  guest: NbdClient,
  job: JobCase,
  scene: Scene,
): Promise<void> {
  const [during, last, late] = scene.program.guest;
  const event = (name: RegExp) =>
    awaitFrom(endpoint, String(name), JOB_MS, (signal) =>
      client.waitEvent((each) => name.test(each.event), signal ? { signal } : {}),
    );
  await client.execute(job.command, { 'job-id': 'j', device: scene.top, speed: HELD, ...job.args(scene) });
  await writeAll(guest, during);
  if (job.early) await client.execute('block-job-cancel', { device: 'j' });
  else if (job.verb !== 'cancel' || job.command !== 'drive-backup')
    await client.execute('block-job-set-speed', { device: 'j', speed: 0 });
  if (job.verb) {
    if (job.command !== 'drive-backup') await event(/READY/);
    await writeAll(guest, last);
    await client.execute(`block-job-${job.verb}`, { device: 'j' });
  }
  const { event: end, data } = await event(/COMPLETED|CANCELLED/);
  expect((data as JsonObject).error).toBeUndefined();
  expect(end).toBe(
    job.early || (job.command === 'drive-backup' && job.verb) ? 'BLOCK_JOB_CANCELLED' : 'BLOCK_JOB_COMPLETED',
  );
  await awaitFrom(endpoint, 'the end of the job', JOB_MS, () => gone(client));
  await writeAll(guest, late);
}

async function gone(client: QmpClient): Promise<void> {
  while (((await client.execute('query-block-jobs')) as unknown[]).length > 0);
}

async function writeAll(guest: NbdClient, list: readonly Write[]): Promise<void> {
  for (const { offset, length, byte } of inside(list, guest.size))
    await guest.write(offset, Buffer.alloc(length, byte));
}
