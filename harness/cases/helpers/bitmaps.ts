/** Dirty bitmaps: what their digest has to be, and what queries show of them. */
import { createHash } from 'node:crypto';
import { isJsonObject, type Json, type JsonObject } from '../../../spec/json.ts';
import type { CaseContext } from '../case.ts';
import { shown } from '../case-text.ts';
import { KiB, nodeInfo, queryList } from './shared-setup.ts';

const WORD = 64;

/** Adds a bitmap, and gives what is returned. */
export function addBitmap(
  t: CaseContext,
  node: string,
  name: string,
  options: JsonObject = {},
): Promise<Json> {
  return t.execute('block-dirty-bitmap-add', { node, name, ...options });
}

/** The digest that the endpoint gives. */
export async function digestOf(t: CaseContext, node: string, name: string): Promise<string> {
  const result = await t.execute('x-debug-block-dirty-bitmap-sha256', { node, name });
  t.check(
    isJsonObject(result) && typeof result.sha256 === 'string',
    'x-debug-block-dirty-bitmap-sha256 must return sha256 as a text',
    `it returned ${shown(result)}`,
  );
  return result.sha256;
}

/** SHA-256 of the data of a bitmap: a bit a granule, the first one the lowest, in words of 64 bits, lowest byte first. */
function digestFor(size: number, granularity: number, dirty: readonly number[]): string {
  const granules = Math.ceil(size / granularity);
  const data = Buffer.alloc(Math.ceil(granules / WORD) * (WORD / 8));
  for (const granule of dirty) data[granule >> 3]! |= 1 << (granule & 7);
  return createHash('sha256').update(data).digest('hex');
}

/** States that the bitmap of a node of `size` bytes marks those granules, and no other. */
export async function checkDirty(
  t: CaseContext,
  {
    node,
    name,
    size,
    granularity = 64 * KiB,
  }: { node: string; name: string; size: number; granularity?: number },
  dirty: readonly number[],
  when: string,
): Promise<void> {
  const digest = await digestOf(t, node, name);
  const expected = digestFor(size, granularity, dirty);
  if (digest !== expected && (await hashesOtherwise(t, node, size, granularity))) return;
  t.equal(digest, expected, `the bitmap must mark exactly the granules ${shown([...dirty])} ${when}`);
}

/** Whether the digest of a new bitmap tells that the endpoint hashes other bytes, so that no digest can be foretold. */
async function hashesOtherwise(
  t: CaseContext,
  node: string,
  size: number,
  granularity: number,
): Promise<boolean> {
  const fresh = t.name('fresh');
  await addBitmap(t, node, fresh, { granularity });
  const digest = await digestOf(t, node, fresh);
  await t.execute('block-dirty-bitmap-remove', { node, name: fresh });
  if (digest === digestFor(size, granularity, [])) return false;
  t.info('x-debug-block-dirty-bitmap-sha256/hashed-bits: the digest is of other bytes');
  return true;
}

/** The bitmaps of a node as queries show them: with the node, or, until QEMU 4.2, with the drive that it is inserted in. */
export async function bitmapsShown(t: CaseContext, node: string): Promise<JsonObject[]> {
  const { 'dirty-bitmaps': ofNode } = await nodeInfo(t, node);
  if (Array.isArray(ofNode)) return ofNode.filter(isJsonObject);
  for (const drive of await queryList(t, 'query-block')) {
    const { inserted = null, 'dirty-bitmaps': ofDrive } = drive;
    if (isJsonObject(inserted) && inserted['node-name'] === node && Array.isArray(ofDrive))
      return ofDrive.filter(isJsonObject);
  }
  return [];
}

/** The same of one of them, by name; that it is not shown fails the case. */
export async function bitmapShown(t: CaseContext, node: string, name: string): Promise<JsonObject> {
  const found = (await bitmapsShown(t, node)).find((bitmap) => bitmap.name === name);
  t.check(found !== undefined, `the bitmap ${name} must be shown`, 'it is not');
  return found;
}

/** The bitmaps without a name of all nodes, or of all drives where nodes show none. */
export async function namelessBitmaps(t: CaseContext): Promise<JsonObject[]> {
  const holders = [
    ...(await queryList(t, 'query-named-block-nodes')),
    ...(await queryList(t, 'query-block')),
  ];
  return holders
    .flatMap(({ 'dirty-bitmaps': bitmaps = null }) => (Array.isArray(bitmaps) ? bitmaps : []))
    .filter(isJsonObject)
    .filter(({ name }) => name === undefined);
}

/** What `status` says, and, since QEMU 4.0, what stands in its place. */
const STATUS = {
  active: { recording: true, busy: false },
  disabled: { recording: false, busy: false },
  frozen: { recording: true, busy: true },
  locked: { busy: true },
} as const;

/** States the status of a bitmap. */
export async function checkStatus(
  t: CaseContext,
  node: string,
  name: string,
  status: keyof typeof STATUS,
  when: string,
): Promise<void> {
  const shownAs = await bitmapShown(t, node, name);
  const expected = shownAs.status === undefined ? STATUS[status] : { status };
  t.contains(shownAs, expected, `the bitmap must be shown as ${status} ${when}`);
}
