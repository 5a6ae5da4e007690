/** Dirty bitmaps between a node and its image: loaded when it opens, stored when it closes or becomes read-only. */
import type { StoredBitmap } from '../drivers/driver.ts';
import { IoError } from '../host/errno.ts';
import { CommandError } from '../qapi/command-error.ts';
import { DirtyBitmap } from './dirty-bitmap.ts';
import type { Node } from './node.ts';

/** Loads a node's stored bitmaps; those of a read-only node keep what they hold. Throws `IoError`. */
export async function loadBitmaps(node: Node): Promise<void> {
  for (const stored of (await node.state.bitmaps?.load()) ?? []) {
    const bitmap = new DirtyBitmap(stored.name, stored.granularity, node.io.length());
    bitmap.fill(stored.parts);
    bitmap.recording = stored.recording;
    bitmap.persistent = true;
    bitmap.readOnly = node.readOnly;
    node.bitmaps.add(bitmap);
  }
}

/** Before a writable node closes or becomes read-only. Throws `IoError`. */
export async function storeBitmaps(node: Node): Promise<void> {
  const kept = node.bitmaps.all.filter(({ persistent, readOnly }) => persistent && !readOnly);
  await node.state.bitmaps?.store(kept.map(toStored));
}

function toStored(bitmap: DirtyBitmap): StoredBitmap {
  const { name, granularity, recording } = bitmap;
  return { name, granularity, recording, parts: bitmap.parts() };
}

/** Throws `CommandError` if the image of the node, which is to be called `shown`, cannot keep such a bitmap. */
export function checkPersistent(node: Node, shown: string, name: string, granularity: number): void {
  if (!node.state.bitmaps)
    throw new CommandError(`Can't store persistent bitmaps to ${shown}: Operation not supported`);
  try {
    node.state.bitmaps.check(name, granularity);
  } catch (error) {
    if (error instanceof CommandError)
      throw new CommandError(`Can't make bitmap '${name}' persistent in '${shown}': ${error.message}`);
    throw error;
  }
}

/** Takes a bitmap out of the node, and out of its image. Throws `CommandError`. */
export async function removeBitmap(node: Node, bitmap: DirtyBitmap): Promise<void> {
  if (bitmap.persistent)
    try {
      if (node.readOnly) throw new IoError('EPERM');
      await node.runSerialising(async () => node.state.bitmaps?.remove(bitmap.name));
    } catch (error) {
      if (error instanceof IoError)
        throw new CommandError(`Failed to update bitmap extension: ${error.message}`);
      throw error;
    }
  node.bitmaps.remove(bitmap);
}
