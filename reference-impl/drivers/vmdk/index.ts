/** `vmdk`: disks of VMware, in one file or in several, as they are, behind tables, or packed. */
import { IoError } from '../../host/errno.ts';
import type { Driver, DriverOptions, DriverState, OpenEnvironment } from '../driver.ts';
import { createImage } from './vmdk-create.ts';
import { isDescriptor } from './vmdk-descriptor.ts';
import type { Extent } from './vmdk-extents.ts';
import { isSparse } from './vmdk-header.ts';
import { VmdkImage } from './vmdk-image.ts';

const MAX_SIZE = 2 ** 63;

async function open(environment: OpenEnvironment<DriverOptions<'vmdk'>>): Promise<DriverState> {
  const image = await VmdkImage.open(environment);
  const { extents } = image;
  const grain = Math.max(0, ...extents.map((extent) => extent.grain));
  const zeroes = zeroesGrains(extents);
  return {
    length: () => {
      if (image.length >= MAX_SIZE) throw new IoError('EFBIG');
      return image.length;
    },
    limits: { ...(zeroes && { zeroAlignment: grain }) },
    read: (offset, buffer) => image.read(offset, buffer),
    write: (offset, data) => image.write(offset, data),
    ...(zeroes && { writeZeroes: (offset: number, length: number) => image.writeZeroes(offset, length) }),
    ...(extents.every(({ isCompressed }) => isCompressed) && {
      writeCompressed: (offset: number, data: Uint8Array) => image.write(offset, data),
    }),
    flush: async () => {
      for (const file of image.files) await file.flush();
    },
    blockStatus: (offset, length) => image.blockStatus(offset, length),
    info: () => ({ clusterSize: grain, dirty: false, contentId: image.cid }),
    details: () => ({
      formatSpecific: {
        type: 'vmdk',
        data: {
          'create-type': image.createType ?? '',
          cid: image.cid,
          'parent-cid': image.parentCid,
          extents: image.extentInfo(),
        },
      },
      backing: image.backing,
    }),
    allocatedSize: () => {
      const sizes = [...image.files].map((file) => file.allocatedSize());
      return sizes.some((size) => size === undefined)
        ? undefined
        : sizes.reduce((sum: number, size) => sum + size!, 0);
    },
    setReadOnly: async (readOnly) => {
      if (!readOnly) for (const extent of extents) extent.checkWritable();
    },
    close: () => Promise.resolve(),
  };
}

/** Whether grains of the disk are those of the extents, and can all be zeroed. */
function zeroesGrains(extents: readonly Extent[]): boolean {
  const [first] = extents;
  if (!first) return false;
  const isWhole = ({ length }: Extent, index: number) =>
    index === extents.length - 1 || length % first.grain === 0;
  return (
    extents.every((extent) => extent.hasZeroEntries && extent.grain === first.grain) && extents.every(isWhole)
  );
}

/** Images with backing files; new ones are sparse, and in one file. */
export const vmdk: Driver<'vmdk'> = {
  kind: 'format',
  children: { file: 'file', backing: 'backing' },
  open,
  probe: (start) => (isSparse(start) || isDescriptor(start) ? 100 : 0),
  namesBackingFormat: false,
  createNamed: createImage,
};
