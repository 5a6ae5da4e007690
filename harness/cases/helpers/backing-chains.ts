/**
 * Backing chains of qcow2 images that the cases of the graph and job commands start from, and what a guest would
 * read of an image file afterwards.
 */
import { basename, join } from 'node:path';
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, Needs } from '../case.ts';
import { offersDriver } from '../node-kinds.ts';
import { bytesOf } from './image-files.ts';
import {
  buildQcow2,
  contentAbove,
  isQcow2,
  type NewQcow2,
  parseQcow2,
  type Qcow2Image,
} from './qcow2-image.ts';
import { addRaw, type CaseFile, fileNodes, KiB, makeFile, needs } from './shared-setup.ts';

/** Bytes of a cluster of the chains' images: what copy-on-write and jobs treat as one. */
export const CLUSTER = 16 * KiB;
/** Of an image of the chains. */
export const CLUSTERS = 16;
/** Virtual size of every image of a chain, bytes. */
export const CHAIN_SIZE = CLUSTER * CLUSTERS;

/** What a case with chains of qcow2 images uses. */
export const chainNodes: Needs = needs(fileNodes, { drivers: ['qcow2'] });

/** An image of a chain: its node, and its file. */
export interface Layer {
  readonly node: string;
  readonly file: CaseFile;
}

/**
 * What the layers hold, bottom first, as a byte a cluster; a layer above hides what is below. The base has all
 * clusters, the next one the first half, the one above every other of those: so each layer shows somewhere.
 */
const STAIRS: readonly ReadonlyMap<number, number>[] = [
  new Map(Array.from({ length: CLUSTERS }, (_, index) => [index, 0x11])),
  new Map(Array.from({ length: CLUSTERS / 2 }, (_, index) => [index, 0x22])),
  new Map(Array.from({ length: CLUSTERS / 4 }, (_, index) => [index * 2, 0x33])),
];

/** What layer `index` of a chain has of its own: index of the cluster, and the byte that fills it. */
export function stairClusters(index: number): ReadonlyMap<number, number> {
  return STAIRS[index]!;
}

/** What a guest reads through the lowest `depth` layers, and through `depth` layers from layer `from` up. */
export function stairs(depth: number, from = 0): Buffer {
  const content = Buffer.alloc(CHAIN_SIZE);
  for (const layer of STAIRS.slice(from, depth))
    for (const [index, byte] of layer) content.fill(byte, index * CLUSTER, (index + 1) * CLUSTER);
  return content;
}

/** The files of a chain of `depth` (at most 3) images, bottom first; each header names the one below. */
export function makeChain(t: CaseContext, depth: number): Promise<CaseFile[]> {
  return makeLayers(
    t,
    STAIRS.slice(0, depth).map((clusters) => ({ size: CHAIN_SIZE, clusterSize: CLUSTER, clusters })),
  );
}

/** The same of images of any kind. */
export async function makeLayers(t: CaseContext, images: readonly NewQcow2[]): Promise<CaseFile[]> {
  const files: CaseFile[] = [];
  for (const image of images) {
    const below = files.at(-1);
    const backing = below && { backing: { name: below.path, format: 'qcow2' } };
    files.push(await makeFile(t, buildQcow2({ ...image, ...backing })));
  }
  return files;
}

/** A chain of `depth` images as nodes of their own, bottom first. */
export async function addChain(t: CaseContext, depth: number): Promise<Layer[]> {
  return addLayers(t, await makeChain(t, depth));
}

/** Adds a node over each file, with the node over the one before as its backing node. */
export async function addLayers(
  t: CaseContext,
  files: readonly CaseFile[],
  options: JsonObject = {},
): Promise<Layer[]> {
  const layers: Layer[] = [];
  for (const file of files) {
    const below = layers.at(-1);
    const node = await addQcow2(t, file, { ...options, ...(below && { backing: below.node }) });
    layers.push({ node, file });
  }
  return layers;
}

/** A node with the file on top, whatever is below it. */
export interface Image extends Layer {
  readonly format: 'qcow2' | 'raw';
  /** With those below it, bottom first. */
  readonly nodes: readonly string[];
}

/**
 * Adds a node through which a guest reads `stairs(depth)`: a chain of that many images, and one raw image where the
 * endpoint has no format with backing files. For cases that need no chain, only content.
 */
export async function addImage(t: CaseContext, depth = 1): Promise<Image> {
  if (offersDriver(t.schema, 'qcow2')) {
    const chain = await addChain(t, depth);
    return { ...chain.at(-1)!, format: 'qcow2', nodes: chain.map((layer) => layer.node) };
  }
  const { name: node, file } = await addRaw(t, stairs(depth));
  return { node, file, format: 'raw', nodes: [node] };
}

/** Adds a node over an image file. Returns its name. */
export async function addQcow2(t: CaseContext, file: CaseFile, options: JsonObject = {}): Promise<string> {
  const node = t.name('qcow2');
  const below = { driver: 'file', filename: file.path };
  await t.execute('blockdev-add', { driver: 'qcow2', 'node-name': node, file: below, ...options });
  return node;
}

/** An image of the chains' size that holds nothing. */
export function makeEmpty(t: CaseContext, format: Image['format'] = 'qcow2'): Promise<CaseFile> {
  return makeFile(t, format === 'raw' ? CHAIN_SIZE : buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER }));
}

/** Deletes nodes, topmost last in the list; from then on their files can be looked at. */
export async function release(t: CaseContext, nodes: readonly string[]): Promise<void> {
  for (const node of nodes.toReversed()) await t.execute('blockdev-del', { 'node-name': node });
}

/** The header and tables of an image file that no node uses; that there is none, or no sound one, fails the case. */
export async function readImage(t: CaseContext, file: CaseFile): Promise<Qcow2Image> {
  return parsed(t, await bytesOf(t, file.local));
}

function parsed(t: CaseContext, bytes: Buffer): Qcow2Image {
  try {
    return parseQcow2(bytes);
  } catch (error) {
    return t.fail('the image must be sound', `it is not: ${(error as Error).message}`);
  }
}

/** What a guest reads of an image file that no node uses, through all its backing files. */
export async function guestContent(t: CaseContext, local: string): Promise<Buffer> {
  const bytes = await bytesOf(t, local);
  if (!isQcow2(bytes)) return bytes;
  const image = parsed(t, bytes);
  const { backing } = image;
  const below = backing === null ? null : await guestContent(t, join(t.scratch, basename(backing)));
  return contentAbove(image, below);
}

/** States that a guest reads `expected` of an image file that no node uses. */
export async function checkContent(
  t: CaseContext,
  file: CaseFile,
  expected: Buffer,
  what: string,
): Promise<void> {
  const got = await guestContent(t, file.local);
  t.equal(got.length, expected.length, `the content of ${what} must have its size`);
  const at = got.equals(expected) ? -1 : got.findIndex((byte, index) => byte !== expected[index]);
  t.check(
    at === -1,
    `the content of ${what} must be as expected`,
    `byte ${at} is ${got[at]} instead of ${expected[at]}`,
  );
}
