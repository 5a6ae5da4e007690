/** `qcow`, the first version of it: clusters behind two levels of tables, over a backing file, some of them compressed. */
import zlib from 'node:zlib';
import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import { ClusterDisk } from '../clustered/cluster-disk.ts';
import { toldFlush } from '../clustered/told-flush.ts';
import type {
  CreateEnvironment,
  Driver,
  DriverOptions,
  DriverState,
  NamedCreation,
  OpenEnvironment,
} from '../driver.ts';
import { type Header, isQcow, newStart, readHeader } from './qcow-header.ts';
import { QcowTables } from './qcow-tables.ts';

const SECTOR = 512;
const NO_AES = 'Use of AES-CBC encrypted qcow images is no longer supported in system emulators';

type Options = DriverOptions<'qcow'>;

async function open(environment: OpenEnvironment<Options>): Promise<DriverState> {
  const file = await environment.child('file');
  const header = await readHeader(file);
  checkEncryption(header, environment.options);
  const tables = new QcowTables(file, header);
  const disk = new ClusterDisk(tables, file, () => environment.backing());
  return {
    length: () => lengthOf(header.size),
    read: (offset, buffer) => disk.read(offset, buffer),
    write: (offset, data) => disk.write(offset, data),
    flush: () => toldFlush(file),
    blockStatus: (offset, length) => disk.blockStatus(offset, length),
    writeCompressed: (offset, data) => writeCompressed(disk, tables, offset, data),
    info: () => ({ clusterSize: tables.clusterSize, dirty: false }),
    details: () => ({ backing: header.backing }),
    allocatedSize: () => file.allocatedSize(),
    makeEmpty: () => disk.lock.run(() => tables.clear()),
    close: () => Promise.resolve(),
  };
}

/** What follows the last whole sector is out of reach. */
function lengthOf(size: number): number {
  return size - (size % SECTOR);
}

/** Throws `CommandError`: there is no image that may have AES. */
function checkEncryption({ encryption }: Header, { encrypt }: Options): void {
  if (encryption === 'aes') throw new CommandError(NO_AES);
  if (encrypt !== undefined)
    throw new CommandError(`No encryption in image header, but options specified format '${encrypt.format}'`);
}

/**
 * Writes one whole cluster, and never more; `data` may be shorter at the end of the disk. What does not get smaller is written as
 * it is.
 */
async function writeCompressed(
  disk: ClusterDisk,
  tables: QcowTables,
  offset: number,
  data: Uint8Array,
): Promise<void> {
  const cluster = offset / tables.clusterSize;
  const isLast = data.length < tables.clusterSize && offset + data.length === lengthOf(tables.size());
  const isWhole = data.length === tables.clusterSize || isLast;
  if (!Number.isInteger(cluster) || !isWhole) throw new IoError('EINVAL');
  const whole = new Uint8Array(tables.clusterSize);
  whole.set(data);
  // readers expect streams made with a window of 4 KiB
  const stream = zlib.deflateRawSync(whole, { windowBits: 12, memLevel: 9 });
  if (stream.length >= tables.clusterSize) return disk.write(offset, data);
  await disk.lock.run(async () => {
    const { kind } = await tables.lookup(cluster, 1);
    if (kind === 'data') throw new IoError('EIO');
    await tables.addCompressed(cluster, stream, disk.hasBacking);
  });
}

/** Layout: the header, the backing file's name, the L1 table. Throws `CommandError`. */
async function createImage({ options, file: openFile }: CreateEnvironment<NamedCreation>): Promise<void> {
  const { size, 'backing-file': backingName } = options;
  if (size === 0) throw new CommandError('Image size is too small, cannot be zero length');
  const { bytes, l1Offset, l1Length } = newStart(size, backingName);
  const file = await openFile();
  await file.truncate(0);
  await file.write(0, bytes);
  await file.writeZeroes(l1Offset, l1Length);
}

/** Images of version 1, with backing files and compression; encrypted ones are refused. */
export const qcow: Driver<'qcow'> = {
  kind: 'format',
  children: { file: 'file', backing: 'backing' },
  open,
  probe: (start) => (isQcow(start) ? 100 : 0),
  createNamed: createImage,
};
