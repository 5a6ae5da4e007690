/**
 * Images of random formats, sizes and contents in chains, each with a model of what it holds; guests that write
 * to them; and whether what is left on the host in the end is what the models say.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { Random } from '../../generators/random.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { BackingName } from '../drivers/driver.ts';
import type { Node } from '../graph/node.ts';
import { DiskModel } from './disk-model.ts';
import { run, whyMissing } from './external-programs.ts';
import { JobFixture } from './job-fixture.ts';

const SECTOR = 512;
/** Type of the extension of qcow2's header that holds the format of the backing file. */
const BACKING_FORMAT = 0xe2792aca;
const KEY = 'key';
const PASSPHRASE = 'open sesame';

/** Why images are not checked by others; undefined where they are. */
export const withoutQemuImg = whyMissing(['qemu-img'], 'qemu');

export interface Write {
  /** Sectors; where that is, and how many, depends on the size of what is written to. */
  readonly at: number;
  readonly sectors: number;
  readonly zeroes: boolean;
  readonly seed: number;
}

export interface ImageGiven {
  readonly format: 'raw' | 'qcow2' | 'luks in qcow2';
  readonly sectors: number;
  readonly clusterSize: number;
  readonly version: 'v2' | 'v3';
  readonly writes: readonly Write[];
}

function writesOf(least: number): fc.Arbitrary<readonly Write[]> {
  return fc.array(
    fc.record({
      at: fc.nat(4095),
      sectors: fc.oneof(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 8, max: 400 })),
      zeroes: fc.nat(4).map((one) => one === 0),
      seed: fc.nat(0xffff),
    }),
    { minLength: least, maxLength: 5 },
  );
}

export const writes = writesOf(0);
export const someWrites = writesOf(2);

const sectors = fc.oneof(fc.constant(2048), fc.constant(1024), fc.integer({ min: 1, max: 2304 }));

function image(...formats: readonly ImageGiven['format'][]): fc.Arbitrary<ImageGiven> {
  return fc.record({
    format: fc.constantFrom(...formats),
    sectors,
    clusterSize: fc.constantFrom(512, 4096, 65536, 65536, 1 << 18),
    version: fc.constantFrom('v2', 'v3', 'v3'),
    writes: someWrites,
  });
}

/** What a job may copy to. */
export const targetImage = image('raw', 'qcow2', 'qcow2', 'qcow2', 'luks in qcow2');

/** The base first, with at least `least` images above it; at most one of them is encrypted, none if all shall be plain. */
export function chainOf(least: number, plain?: 'plain'): fc.Arbitrary<readonly ImageGiven[]> {
  return fc
    .tuple(
      image('raw', 'qcow2'),
      fc.array(image('qcow2'), { minLength: least, maxLength: 5, size: 'max' }),
      plain ? fc.constant(undefined) : fc.option(fc.nat(5)),
    )
    .map(([base, above, encrypted]) =>
      [base, ...above].map((given, index) =>
        index === encrypted && given.format === 'qcow2' ? { ...given, format: 'luks in qcow2' } : given,
      ),
    );
}

export interface TestImage {
  readonly name: string;
  readonly file: string;
  readonly given: ImageGiven;
  readonly model: DiskModel;
}

/** Writes to a node all at once, and to the model; one that overlaps an earlier one is left out. */
export async function apply(node: Node, model: DiskModel, list: readonly Write[]): Promise<void> {
  const taken: (readonly [number, number])[] = [];
  const requests: Promise<void>[] = [];
  for (const write of list) {
    const start = (write.at * SECTOR) % model.size;
    const end = Math.min(model.size, start + write.sectors * SECTOR);
    if (taken.some(([from, to]) => from < end && start < to)) continue;
    taken.push([start, end]);
    const data = write.zeroes ? Buffer.alloc(end - start) : new Random(write.seed).bytes(end - start);
    model.write(start, data);
    requests.push(
      write.zeroes
        ? node.io.writeZeroes(start, end - start, { mayUnmap: write.seed % 2 === 0 })
        : node.io.write(start, data),
    );
  }
  await Promise.all(requests);
}

/** The images of one endpoint. */
export class TestImages {
  readonly fixture: JobFixture;
  readonly images: TestImage[] = [];

  constructor(fixture: JobFixture) {
    this.fixture = fixture;
  }

  /** Makes an image and opens it, above the one that is `below` and open too. `size`: bytes, instead of the given one. */
  async #make(
    name: string,
    given: ImageGiven,
    below?: TestImage,
    size = given.sectors * SECTOR,
  ): Promise<TestImage> {
    if (this.images.length === 0) await addKey(this.fixture);
    const file = join(this.fixture.folder, name);
    const isRaw = given.format === 'raw';
    await this.fixture.run('x-blockdev-create', { driver: 'file', filename: file, size: isRaw ? size : 0 });
    if (!isRaw) await this.#format(file, given, size, below);
    const model = new DiskModel(size, isRaw ? SECTOR : given.clusterSize, below?.model);
    const made = this.know(name, given, model);
    await this.fixture.run('blockdev-add', this.definition(made, below?.name ?? null));
    await apply(this.fixture.node(name), model, given.writes);
    return made;
  }

  /** Makes an image for a job to copy to, and opens it. `below` is open. `size`: bytes. */
  makeTarget(given: ImageGiven, size: number, below?: TestImage): Promise<TestImage> {
    return this.#make('target', given, below, size);
  }

  /** Makes a chain of images, the base first. Nothing is open afterwards. */
  async makeChain(list: readonly ImageGiven[]): Promise<TestImage[]> {
    const chain: TestImage[] = [];
    for (const [index, given] of list.entries())
      chain.push(await this.#make(`i${index}`, given, chain.at(-1)));
    for (const { name } of chain.toReversed()) await this.fixture.run('blockdev-del', { 'node-name': name });
    return chain;
  }

  /** Opens images one by one, each above one of those before. */
  async openAll(images: readonly TestImage[], fixture = this.fixture, more: JsonObject = {}): Promise<void> {
    for (const made of images) {
      const below = this.below(made);
      await fixture.run('blockdev-add', { ...this.definition(made, below?.name ?? null), ...more });
    }
  }

  /** Tells of an image that others make. */
  know(name: string, given: ImageGiven, model: DiskModel): TestImage {
    const made = { name, file: join(this.fixture.folder, name), given, model };
    this.images.push(made);
    return made;
  }

  async #format(file: string, given: ImageGiven, size: number, below: TestImage | undefined): Promise<void> {
    await this.fixture.run('x-blockdev-create', {
      driver: 'qcow2',
      file: { driver: 'file', filename: file },
      size,
      version: given.version,
      'cluster-size': given.clusterSize,
      ...(below ? { 'backing-file': below.file, 'backing-fmt': driverOf(below.given) } : {}),
      ...(given.format === 'luks in qcow2'
        ? { encrypt: { format: 'luks', 'key-secret': KEY, 'iter-time': 1 } }
        : {}),
    });
  }

  /** What opens an image with the chain that its model stands on. */
  definition(made: TestImage, backing: JsonObject | null | string = this.#backing(made)): JsonObject {
    return {
      driver: driverOf(made.given),
      'node-name': made.name,
      file: { driver: 'file', filename: made.file },
      ...(made.given.format === 'luks in qcow2' ? { encrypt: { format: 'luks', 'key-secret': KEY } } : {}),
      ...(made.given.format === 'raw' ? {} : { backing }),
    };
  }

  #backing(made: TestImage): JsonObject | null {
    const below = this.below(made);
    return below ? this.definition(below) : null;
  }

  below({ model }: TestImage): TestImage | undefined {
    return this.images.find((each) => each.model === model.below);
  }

  /**
   * Ends the endpoint, and holds every image against its model: its size, what its header names, what it shows, and that
   * it is sound. `open`: what else an image may show, where jobs leave it open.
   */
  async verify(open: ReadonlyMap<TestImage, (shown: Buffer) => void> = new Map()): Promise<void> {
    await this.fixture.end();
    const reader = new JobFixture(this.fixture.folder);
    try {
      await addKey(reader);
      const fromBelow = this.images.toSorted((one, other) => this.#depth(one) - this.#depth(other));
      await this.openAll(fromBelow, reader, { 'read-only': true });
      for (const made of this.images) {
        const node = reader.node(made.name);
        const below = this.below(made);
        const named = below && { name: below.file, format: driverOf(below.given) };
        expect([made.name, await recordedBacking(made)]).toEqual([made.name, named]);
        const shown = await reader.contents(node);
        const judge = open.get(made);
        if (judge) judge(shown);
        else expectBytes(made.name, shown, made.model.shows());
      }
    } finally {
      await reader.end();
    }
    if (withoutQemuImg === undefined) await check(this.images);
  }

  #depth(made: TestImage): number {
    const below = this.below(made);
    return below === undefined ? 0 : this.#depth(below) + 1;
  }
}

function driverOf({ format }: ImageGiven): string {
  return format === 'raw' ? 'raw' : 'qcow2';
}

/** The backing file that the header names, as the format's specification says where it stands. */
async function recordedBacking({ file, given }: TestImage): Promise<BackingName | undefined> {
  if (given.format === 'raw') return undefined;
  const header = (await readFile(file)).subarray(0, given.clusterSize);
  const offset = Number(header.readBigUInt64BE(8));
  if (offset === 0) return undefined;
  const name = header.toString('utf8', offset, offset + header.readUInt32BE(16));
  const isVersion2 = header.readUInt32BE(4) === 2;
  for (let at = isVersion2 ? 72 : header.readUInt32BE(100); at < header.length; ) {
    const [type, length] = [header.readUInt32BE(at), header.readUInt32BE(at + 4)];
    if (type === BACKING_FORMAT) return { name, format: header.toString('utf8', at + 8, at + 8 + length) };
    if (type === 0) break;
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return { name };
}

async function addKey(fixture: JobFixture): Promise<void> {
  await fixture.run('object-add', { 'qom-type': 'secret', id: KEY, props: { data: PASSPHRASE } });
}

/** By qemu-img, started for all of them by one shell: to start a child is dear for a process that holds images in memory. */
async function check(images: readonly TestImage[]): Promise<void> {
  const options = images
    .filter(({ given }) => given.format !== 'raw')
    .map(({ file, given }) => {
      const key = given.format === 'qcow2' ? '' : `,encrypt.key-secret=${KEY}`;
      return `driver=qcow2,file.filename=${file},backing=${key}`;
    });
  const script = 'for options; do qemu-img check -q --object "$0" --image-opts "$options" || exit; done';
  await run('sh', '-c', script, `secret,id=${KEY},data=${PASSPHRASE}`, ...options);
}

/** That all bytes are the same; tells where the first that differ lie. */
export function expectBytes(what: string, got: Buffer, ...expected: readonly Buffer[]): void {
  expect([what, got.length]).toEqual([what, expected[0]!.length]);
  if (expected.some((each) => got.equals(each))) return;
  for (let at = 0; at < got.length; at += SECTOR) {
    const sector = got.subarray(at, at + SECTOR);
    if (expected.some((each) => sector.equals(each.subarray(at, at + SECTOR)))) continue;
    const where = `${what}, sector ${at / SECTOR}`;
    expect([where, sector.toString('hex', 0, 8)]).toEqual([
      where,
      expected.map((each) => each.toString('hex', at, at + 8)).join(' or '),
    ]);
    expect.unreachable(where);
  }
}
