/** What an unclean stop has left in the tables: entries that lead nowhere are cleared. Clusters that nothing refers to stay. */
import { IoError } from '../../host/errno.ts';
import { isZero } from '../../host/zero.ts';
import type { ChildHandle } from '../driver.ts';
import type { Header } from './qed-header.ts';
import { entryAt, type Tables, ZERO_ENTRY } from './qed-tables.ts';

/** Bytes that are read at once. */
const CHUNK = 2 ** 18;
/** Reads that a repair may take: what needs more is not opened for writing. */
const MOST_READS = 5000;

/** Throws `IoError`. */
export async function repair(file: ChildHandle, header: Header, tables: Tables): Promise<void> {
  const { clusterSize, l1Offset, tableSize } = header;
  const seen = new Set<number>();
  let reads = 0;
  /** Goes through a table piece by piece; `then` gets what is left of each. */
  const repairTable = async (
    offset: number,
    isSound: (entry: number) => boolean,
    then: (view: DataView) => Promise<void>,
  ): Promise<void> => {
    for (let start = 0; start < tableSize; start += CHUNK) {
      reads += 1;
      if (reads > MOST_READS) throw new IoError('EFBIG');
      const bytes = new Uint8Array(Math.min(CHUNK, tableSize - start));
      const view = new DataView(bytes.buffer);
      await file.read(offset + start, bytes);
      if (isZero(bytes)) continue;
      if (clearBroken(view, isSound)) await file.write(offset + start, bytes);
      await then(view);
    }
  };
  const isTable = (entry: number) => tables.isPlace(entry, tableSize);
  const isCluster = (entry: number) => entry === ZERO_ENTRY || tables.isPlace(entry, clusterSize);
  await repairTable(l1Offset, isTable, async (view) => {
    for (let at = 0; at < view.byteLength; at += 8) {
      const offset = entryAt(view, at);
      if (offset === 0 || seen.has(offset)) continue;
      seen.add(offset);
      await repairTable(offset, isCluster, () => Promise.resolve());
    }
  });
  await file.flush();
  tables.forget();
}

/** Whether there was anything to clear. */
function clearBroken(view: DataView, isSound: (entry: number) => boolean): boolean {
  let changed = false;
  for (let at = 0; at < view.byteLength; at += 8) {
    const entry = entryAt(view, at);
    if (entry === 0 || isSound(entry)) continue;
    view.setBigUint64(at, 0n, true);
    changed = true;
  }
  return changed;
}
