/** `vpc`: images of Virtual PC (VHD), fixed and dynamic. */
import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import { ClusterDisk } from '../clustered/cluster-disk.ts';
import { storedAtFlushes } from '../clustered/stored-at-flushes.ts';
import type {
  ChildHandle,
  CreateEnvironment,
  Driver,
  DriverOptions,
  DriverState,
  NamedCreation,
  OpenEnvironment,
} from '../driver.ts';
import { randomId } from '../random-id.ts';
import { DYNAMIC_HEADER_BYTES, ENTRY_BYTES, newDynamicHeader } from './dynamic-header.ts';
import { DynamicImage } from './dynamic-image.ts';
import { DiskType, FOOTER_BYTES, Footer, fittingDisk, isVpc, newFooter, SECTOR } from './footer.ts';

const BLOCK_SIZE = 1 << 21;

async function open({ child }: OpenEnvironment<DriverOptions<'vpc'>>): Promise<DriverState> {
  const file = await child('file');
  const footer = await readFooter(file);
  return footer.isFixed ? fixedDisk(file, footer) : dynamicDisk(file, footer);
}

/** The copy at the start of the file is the one that counts; fixed images have only that at the end. */
async function readFooter(file: ChildHandle): Promise<Footer> {
  const footer = new Footer(new Uint8Array(FOOTER_BYTES));
  const end = file.length() - FOOTER_BYTES;
  if (end < 0) throw new CommandError('File too small for a VHD header');
  await file.read(0, footer.bytes);
  if (!isVpc(footer.bytes)) {
    await file.read(end, footer.bytes);
    if (!isVpc(footer.bytes) || !footer.isFixed) throw new CommandError('invalid VPC image');
  }
  footer.checkSum();
  if (footer.isTooLarge) throw new IoError('EFBIG');
  return footer;
}

function fixedDisk(file: ChildHandle, { size }: Footer): DriverState {
  if (size > file.length() - FOOTER_BYTES)
    throw new CommandError('The disk points after the end of file. The image has been truncated.');
  return {
    length: () => size,
    read: (offset, buffer) => file.read(offset, buffer),
    write: (offset, data) => file.write(offset, data),
    flush: () => file.flush(),
    blockStatus: (offset, length) => Promise.resolve({ length, zero: false, allocated: true, offset }),
    info: () => ({ clusterSize: 0, dirty: false }),
    allocatedSize: () => file.allocatedSize(),
    close: () => Promise.resolve(),
  };
}

async function dynamicDisk(file: ChildHandle, footer: Footer): Promise<DriverState> {
  const image = await DynamicImage.open(file, footer);
  const disk = new ClusterDisk(image, file);
  return {
    length: () => image.size(),
    read: (offset, buffer) => disk.read(offset, buffer),
    write: async (offset, data) => {
      const end = offset + data.length;
      for (let block = Math.floor(offset / image.clusterSize); block * image.clusterSize < end; block++)
        await image.useSectors(block);
      await disk.write(offset, data);
    },
    blockStatus: (offset, length) => disk.blockStatus(offset, length),
    info: () => ({ clusterSize: image.clusterSize, dirty: false }),
    allocatedSize: () => file.allocatedSize(),
    ...storedAtFlushes(file, disk, image),
  };
}

/** A dynamic image, whose disk is as long as the next larger geometry. */
async function create({ options, file, random }: CreateEnvironment<NamedCreation>): Promise<void> {
  const { geometry, size } = fittingDisk(options.size);
  const tableOffset = FOOTER_BYTES + DYNAMIC_HEADER_BYTES;
  const footer = newFooter({
    size,
    geometry,
    type: DiskType.dynamic,
    dataOffset: BigInt(FOOTER_BYTES),
    id: randomId(random),
  });
  const entries = Math.ceil(size / BLOCK_SIZE);
  const end = tableOffset + Math.ceil((entries * ENTRY_BYTES) / SECTOR) * SECTOR;
  const image = await file();
  await image.truncate(0);
  await image.write(0, footer.bytes);
  await image.write(FOOTER_BYTES, newDynamicHeader({ tableOffset, entries, blockSize: BLOCK_SIZE }));
  await image.write(tableOffset, new Uint8Array(end - tableOffset).fill(0xff));
  await image.write(end, footer.bytes);
}

/** Fixed and dynamic images; those of differences are read as if there were none. */
export const vpc: Driver<'vpc'> = {
  kind: 'format',
  children: { file: 'file' },
  open,
  probe: (start) => (isVpc(start) ? 100 : 0),
  createNamed: create,
};
