/** Nodes over images of the formats that are only read, and disks to put into such. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Random } from '../../generators/random.ts';
import type { BlockLayer } from '../backend/block-layer.ts';
import type { Node } from '../graph/node.ts';
import { openNode } from '../graph/open.ts';
import { testBlockLayer, testServices } from './test-services.ts';

const SECTOR = 512;
/** Bytes of a part of `contentParts`. */
export const PART = 32 * SECTOR;

/** A folder for images, and an endpoint that opens them. */
export class ArchiveNodes {
  readonly folder: string;
  readonly block: BlockLayer;
  /** What people are told. */
  readonly log: string[] = [];

  private constructor(folder: string) {
    this.folder = folder;
    this.block = testBlockLayer({ ...testServices(folder), log: (line) => void this.log.push(line) });
  }

  static async start(): Promise<ArchiveNodes> {
    return new ArchiveNodes(await mkdtemp(join(tmpdir(), 'qmpcheck-archives-')));
  }

  async stop(): Promise<void> {
    await this.block.close();
    await rm(this.folder, { recursive: true });
  }

  /** `image`: its bytes, or the name of its file. Without a driver the format is found out. */
  async open(driver: string | undefined, image: Uint8Array | string, readOnly = true): Promise<Node> {
    const filename = typeof image === 'string' ? image : join(this.folder, `disk.${driver ?? 'img'}`);
    if (typeof image !== 'string') await writeFile(filename, image);
    const file = { driver: 'file', filename };
    return openNode(this.block.graph, { ...(driver && { driver }), file, 'read-only': readOnly });
  }

  /** All bytes, in pieces that start and end anywhere. */
  async readAll(driver: string, image: Uint8Array | string): Promise<Buffer> {
    const node = await this.open(driver, image);
    const random = new Random(4);
    const bytes = Buffer.alloc(node.io.length());
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + 1 + random.below(40_000));
      await node.io.read(at, part);
      at += part.length;
    }
    await this.block.graph.release(node);
    return bytes;
  }
}

/** Compares without printing what differs. */
export function expectEqual(found: Uint8Array, expected: Uint8Array): void {
  expect(found.length).toBe(expected.length);
  expect(Buffer.compare(found, expected)).toBe(0);
}

/** Parts of noise, of zeroes, of one byte, and of a text that repeats. */
export function contentParts(parts: number, seed = 1): Buffer {
  const random = new Random(seed);
  const bytes = Buffer.alloc(parts * PART);
  for (let index = 0; index < parts; index++) {
    const part = bytes.subarray(index * PART, (index + 1) * PART);
    if (index % 4 === 0) for (let i = 0; i < part.length; i++) part[i] = random.below(256);
    if (index % 4 === 1) part.fill(1 + random.below(255));
    if (index % 4 === 2)
      for (let at = 0; at < part.length; ) at += part.write(`${random.below(50)} bottles of beer, `, at);
  }
  // sectors between others
  bytes.fill(0, 3 * SECTOR, 5 * SECTOR);
  return bytes;
}

/** Changes 32-bit numbers of an image. */
export function patched(
  image: Buffer,
  ...numbers: readonly (readonly [at: number, value: number, order: 'BE' | 'LE'])[]
): Buffer {
  const bytes = Buffer.from(image);
  for (const [at, value, order] of numbers)
    if (order === 'BE') bytes.writeUInt32BE(value, at);
    else bytes.writeUInt32LE(value, at);
  return bytes;
}
