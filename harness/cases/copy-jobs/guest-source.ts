/** An image that a guest writes while jobs copy it, what it holds by now, and what copies have of their own. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext } from '../case.ts';
import { addQcow2, readImage } from '../helpers/backing-chains.ts';
import { writeNode } from '../helpers/node-io.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { addRawOver, type CaseFile, KiB, makeFile } from '../helpers/shared-setup.ts';

/** What backups copy as one, whatever the target, bytes. */
export const COPIED = 64 * KiB;
/** Enough that a slow job is held with most of it left. */
export const COUNT = 40;
/** Of the disk, bytes. */
export const SIZE = COPIED * COUNT;

/** A node that a guest writes. */
export interface GuestSource {
  readonly node: string;
  readonly file: CaseFile;
  /** What a guest reads of it; `guestWrites` keeps it so. */
  readonly content: Buffer;
}

/** Every cluster holds a byte of its own, none is zero. */
function startContent(): Buffer {
  const content = Buffer.alloc(SIZE);
  for (let index = 0; index < COUNT; index += 1)
    content.fill(index + 1, index * COPIED, (index + 1) * COPIED);
  return content;
}

interface SourceShape {
  /** Default raw. */
  readonly format?: 'raw' | 'qcow2';
  /** Of a qcow2 node. */
  readonly options?: JsonObject;
  /** What is below a raw node. */
  readonly below?: (file: CaseFile) => JsonObject;
}

/** Adds a node over an image that holds `startContent`. */
export async function guestSource(
  t: CaseContext,
  { format = 'raw', options, below }: SourceShape = {},
): Promise<GuestSource> {
  const content = startContent();
  if (format === 'qcow2') {
    const clusters = new Map(Array.from({ length: COUNT }, (_, index) => [index, index + 1]));
    const file = await makeFile(t, buildQcow2({ size: SIZE, clusterSize: COPIED, clusters }));
    return { node: await addQcow2(t, file, options), file, content };
  }
  const file = await makeFile(t, content);
  const node = await addRawOver(t, file, below && { file: below(file) });
  return { node, file, content };
}

/** A guest writes `length` times `byte`. */
export async function guestWrites(
  t: CaseContext,
  { node, content }: GuestSource,
  offset: number,
  length: number,
  byte: number,
): Promise<void> {
  await writeNode(t, node, offset, length, byte);
  content.fill(byte, offset, offset + length);
}

/** A qcow2 image without data, above `backing` if that is given. */
export function emptyTarget(t: CaseContext, backing?: CaseFile): Promise<CaseFile> {
  const below = backing && { backing: { name: backing.path, format: 'qcow2' } };
  return makeFile(t, buildQcow2({ size: SIZE, clusterSize: COPIED, ...below }));
}

/** States that a qcow2 image that no node uses has those clusters of its own, as in `content`, and no other. */
export async function checkOwn(
  t: CaseContext,
  file: CaseFile,
  content: Buffer,
  expected: readonly number[],
  what: string,
): Promise<void> {
  const image = await readImage(t, file);
  const own = Array.from({ length: COUNT }, (_, index) => index).filter(
    (index) => image.cluster(index) !== null,
  );
  t.equal(own, [...expected], `${what} must have these clusters of its own, and no other`);
  for (const index of expected) {
    const cluster = image.cluster(index);
    const bytes = cluster instanceof Buffer ? cluster : Buffer.alloc(COPIED);
    t.check(
      bytes.equals(content.subarray(index * COPIED, (index + 1) * COPIED)),
      `the clusters of ${what} must hold what was to be copied`,
      `cluster ${index} holds something else`,
    );
  }
}
