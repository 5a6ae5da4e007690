/** `qed`: clusters behind two levels of tables, over a backing file; with a mark for tables that an unclean stop left behind. */
import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import { ClusterDisk } from '../clustered/cluster-disk.ts';
import { toldFlush } from '../clustered/told-flush.ts';
import type { ChildHandle, Driver, DriverOptions, DriverState, OpenEnvironment } from '../driver.ts';
import { createImage } from './qed-create.ts';
import {
  type Header,
  isQed,
  isSize,
  readHeader,
  serialiseHeader,
  writeFeatures,
  writeSize,
} from './qed-header.ts';
import { Tables } from './qed-tables.ts';
import { repair } from './repair.ts';

async function open(environment: OpenEnvironment<DriverOptions<'qed'>>): Promise<DriverState> {
  const file = await environment.child('file');
  const header = await readHeader(file);
  const tables = new Tables(file, header);
  const disk = new ClusterDisk(tables, file, () => environment.backing());
  let readOnly = environment.readOnly;
  if (!readOnly) await prepareWriting(file, header, tables);

  /** Takes the mark back, since nothing is being placed, and nobody must wait for that. */
  let settling = false;
  const settle = async () => {
    if (readOnly || settling || !header.needCheck || disk.isPlacing) return;
    settling = true;
    await disk.lock
      .run(async () => {
        if (!disk.isPlacing) await tables.setNeedCheck(false);
      })
      .finally(() => {
        settling = false;
      });
  };
  /** Takes it back for good. Nothing is in flight. */
  const finish = async () => {
    if (!readOnly) await disk.lock.run(() => tables.setNeedCheck(false));
  };

  return {
    length: () => header.size,
    limits: { zeroAlignment: header.clusterSize },
    read: (offset, buffer) => disk.read(offset, buffer),
    write: (offset, data) => disk.write(offset, data),
    writeZeroes: (offset, length) => writeZeroes(disk, tables, offset, length),
    flush: () => toldFlush(file),
    truncate: (length) => resize(file, header, length),
    blockStatus: (offset, length) => disk.blockStatus(offset, length),
    info: () => ({ clusterSize: header.clusterSize, dirty: header.needCheck && !settling }),
    details: () => ({ backing: header.backing }),
    allocatedSize: () => file.allocatedSize(),
    drain: () => {
      settle().catch(asLater);
      return () => {};
    },
    changeBackingFile: async (backing) => {
      const old = header.backing;
      header.backing = backing?.name === '' ? undefined : backing;
      try {
        await file.write(0, serialiseHeader(header));
      } catch (error) {
        header.backing = old;
        throw error;
      }
    },
    setReadOnly: async (nowReadOnly) => {
      if (nowReadOnly) await finish();
      else await prepareWriting(file, header, tables);
      readOnly = nowReadOnly;
    },
    close: finish,
  };
}

/** What could not be taken back now is taken back later, at the latest when the image is opened again. */
function asLater(error: unknown): void {
  if (!(error instanceof IoError)) throw error;
}

async function prepareWriting(file: ChildHandle, header: Header, tables: Tables): Promise<void> {
  try {
    if (header.needCheck) {
      await repair(file, header, tables);
      await tables.setNeedCheck(false);
    }
    if (header.hasAutoclear) await writeFeatures(file, header);
  } catch (error) {
    if (error instanceof IoError) throw new CommandError(`Could not repair dirty image: ${error.message}`);
    throw error;
  }
}

/** Whole clusters, but at the end of the disk: what has no place gets none. */
async function writeZeroes(disk: ClusterDisk, tables: Tables, offset: number, length: number): Promise<void> {
  const { clusterSize } = tables;
  const first = offset / clusterSize;
  const count = Math.ceil(length / clusterSize);
  for (let done = 0; done < count; ) {
    const run = await tables.lookup(first + done, count - done);
    const at = offset + done * clusterSize;
    if (run.kind === 'unallocated')
      done += await disk.lock.run(() => tables.linkZeroes(first + done, run.count));
    else {
      if (run.kind === 'data') await disk.writeZeroData(at, run.count * clusterSize);
      done += run.count;
    }
  }
}

async function resize(file: ChildHandle, header: Header, length: number): Promise<void> {
  const { clusterSize, tableSize, size } = header;
  if (!isSize(length, clusterSize, tableSize)) throw new CommandError('Invalid image size specified');
  if (length < size) throw new CommandError('Shrinking images is currently not supported');
  header.size = length;
  try {
    await writeSize(file, length);
  } catch (error) {
    header.size = size;
    if (error instanceof IoError) throw new CommandError(`Failed to update the image size: ${error.message}`);
    throw error;
  }
}

/** Images with backing files. */
export const qed: Driver<'qed'> = {
  kind: 'format',
  children: { file: 'file', backing: 'backing' },
  open,
  probe: (start) => (isQed(start) ? 100 : 0),
  createNamed: createImage,
};
