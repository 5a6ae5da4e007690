/** `parallels`: clusters behind one table, in a file that grows ahead of what is needed. */
import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import { ClusterDisk } from '../clustered/cluster-disk.ts';
import { toldFlush } from '../clustered/told-flush.ts';
import type {
  ChildHandle,
  CreateEnvironment,
  Driver,
  DriverOptions,
  DriverState,
  NamedCreation,
  OpenEnvironment,
} from '../driver.ts';
import { HEADER_LENGTH, isParallels, newHeader, readHeader, writeInUse } from './parallels-header.ts';
import { ParallelsTable } from './parallels-table.ts';

/** Bytes of a cluster of new images. */
const CLUSTER = 1 << 20;

async function open(environment: OpenEnvironment<DriverOptions<'parallels'>>): Promise<DriverState> {
  const file = await environment.child('file');
  const header = await readHeader(file);
  const table = new ParallelsTable(file, header);
  const disk = new ClusterDisk(table, file);
  if (!environment.readOnly) {
    if (header.inUse)
      throw new CommandError('parallels: Image was not closed correctly; cannot be opened read/write');
    await startWriting(file, table);
  }
  const finish = async () => {
    await table.finishWriting();
    await file.flush();
    // tried twice: an image that stays marked is lost to writers
    await writeInUse(file, false).catch(() => writeInUse(file, false));
  };
  return {
    keepsMode: true,
    length: () => header.size,
    read: (offset, buffer) => disk.read(offset, buffer),
    write: (offset, data) => disk.write(offset, data),
    flush: () => toldFlush(file),
    blockStatus: (offset, length) => disk.blockStatus(offset, length),
    allocatedSize: () => file.allocatedSize(),
    close: async () => {
      if (!environment.readOnly) await finish();
    },
  };
}

async function startWriting(file: ChildHandle, table: ParallelsTable): Promise<void> {
  try {
    await table.prepareWriting();
    await writeInUse(file, true);
    await file.flush();
  } catch (error) {
    if (error instanceof IoError)
      throw new CommandError(`Could not open image for writing: ${error.message}`);
    throw error;
  }
}

/** Layout: header and table in the first clusters, then data. Throws `CommandError`. */
async function createImage({ options, file: openFile }: CreateEnvironment<NamedCreation>): Promise<void> {
  const { size } = options;
  if (size >= 2 ** 32 * CLUSTER) throw new CommandError('Image size is too large for this cluster size');
  const entries = Math.ceil(size / CLUSTER);
  const dataStart = Math.ceil((HEADER_LENGTH + entries * 4) / CLUSTER) * CLUSTER;
  const file = await openFile();
  await file.truncate(0);
  await file.write(0, newHeader(size, CLUSTER, dataStart));
  await file.writeZeroes(HEADER_LENGTH, dataStart - HEADER_LENGTH);
}

/** Images without backing files. */
export const parallels: Driver<'parallels'> = {
  kind: 'format',
  children: { file: 'file' },
  open,
  probe: (start) => (isParallels(start) ? 100 : 0),
  createNamed: createImage,
};
