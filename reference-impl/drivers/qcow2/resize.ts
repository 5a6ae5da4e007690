/** Changing the virtual size: the L1 table grows with it, and what lies beyond a smaller end is given back. */

import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import { entriesOfL1, MAX_L1_BYTES, words } from './header.ts';
import type { Image } from './image.ts';
import { write } from './writing.ts';
import { discardClusters } from './zeroing.ts';

/** Where the header holds the virtual size. */
const SIZE_FIELD = 24;

/** Sets the virtual size in bytes. Throws `CommandError`. */
export async function resize(image: Image, size: number): Promise<void> {
  if (size % 512 !== 0) throw new CommandError('The new size must be a multiple of 512');
  if (image.header.snapshotCount > 0) throw new CommandError("Can't resize an image which has snapshots");
  if (size < image.size) await shrink(image, size);
  else await growL1(image, entriesOfL1(size, image.header.clusterBits));
  image.header.size = size;
  await writeSize(image);
  await image.flush();
}

/** Only this field: how far into the file a node has written is there to see. */
async function writeSize({ file, size }: Image): Promise<void> {
  await file.write(SIZE_FIELD, words([size]));
}

async function shrink(image: Image, size: number): Promise<void> {
  const { clusterSize } = image;
  const cut = Math.ceil(size / clusterSize) * clusterSize;
  // the rest of the last cluster would show again when the image grows
  await write(image, size, new Uint8Array(Math.min(cut, image.size) - size));
  const end = Math.ceil(image.size / clusterSize);
  const first = cut / clusterSize;
  await discardClusters(image, first, end - first, 'forget');
  await image.metadata.run(() => dropTables(image, entriesOfL1(size, image.header.clusterBits)));
}

/** Under the lock: gives back the L2 tables behind the first entries of the L1 table, which nothing refers to any more. */
async function dropTables(image: Image, kept: number): Promise<void> {
  const { file, header, mapping, refcounts, clusterSize } = image;
  const tables: number[] = [];
  for (let index = kept; index < header.l1Size; index += 1)
    if (mapping.l2Offset(index) !== 0) tables.push(mapping.l2Offset(index));
  if (tables.length === 0) return;
  const bytes = new Uint8Array(header.l1Size * 8);
  bytes.set(new Uint8Array(mapping.l1.buffer, 0, kept * 8));
  await mapping.cache.flush();
  await file.debugEvent('l1_shrink_write_table');
  await file.write(header.l1Offset + kept * 8, bytes.subarray(kept * 8));
  await file.flush();
  mapping.replaceL1(new DataView(bytes.buffer));
  await file.debugEvent('l1_shrink_free_l2_clusters');
  for (const offset of tables) await refcounts.free(offset, clusterSize);
  await image.giveBack(tables, 'other');
}

async function growL1(image: Image, entries: number): Promise<void> {
  if (entries <= image.header.l1Size) return;
  if (entries * 8 > MAX_L1_BYTES) throw new CommandError('Failed to grow the L1 table: File too large');
  try {
    await image.metadata.run(() => moveL1(image, entries));
  } catch (error) {
    if (error instanceof IoError) throw new CommandError(`Failed to grow the L1 table: ${error.message}`);
    throw error;
  }
}

/** Under the lock: copies the table to a larger place; the old one is freed once the header points at the new. */
async function moveL1(image: Image, entries: number): Promise<void> {
  const { clusterSize, header, mapping, refcounts } = image;
  const old = { offset: header.l1Offset, bytes: header.l1Size * 8 };
  await mapping.cache.flush();
  await image.file.debugEvent('l1_grow_alloc_table');
  const offset = await refcounts.allocate(Math.ceil((entries * 8) / clusterSize));
  const bytes = new Uint8Array(entries * 8);
  bytes.set(new Uint8Array(mapping.l1.buffer, 0, old.bytes));
  await image.corruption.checkWrite(offset, bytes.length);
  await refcounts.cache.flush();
  await image.file.debugEvent('l1_grow_write_table');
  await image.file.write(offset, bytes);
  await image.file.flush();
  const oldSize = header.l1Size;
  header.l1Offset = offset;
  header.l1Size = entries;
  try {
    await image.file.debugEvent('l1_grow_activate_table');
    await image.writeHeader();
  } catch (error) {
    header.l1Offset = old.offset;
    header.l1Size = oldSize;
    await refcounts.free(offset, bytes.length);
    throw error;
  }
  mapping.replaceL1(new DataView(bytes.buffer));
  await image.freeReplaced(old.offset, old.bytes);
}
