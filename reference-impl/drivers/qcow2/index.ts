/** `qcow2`: the driver's face. What an image is lies in `image.ts`, how it is made in `create.ts`. */
import type { JsonObject } from '../../../spec/json.ts';
import type { Driver, DriverOptions, DriverState, ImageDetails, OpenEnvironment } from '../driver.ts';
import { changeBackingFile } from './backing-file.ts';
import { changedOptions } from './changed-options.ts';
import { createImage } from './create-options.ts';
import { openCipher } from './encryption.ts';
import { hasLazyRefcounts, isQcow2 } from './header.ts';
import { Image } from './image.ts';
import { Bitmaps } from './qcow2-bitmaps.ts';
import { imageOptions } from './qcow2-options.ts';
import { blockStatus, read } from './reading.ts';
import { resize } from './resize.ts';
import { write, writeCompressed } from './writing.ts';
import { discard, discardClusters, writeZeroes } from './zeroing.ts';

const SECTOR = 512;

async function open(environment: OpenEnvironment<DriverOptions<'qcow2'>>): Promise<DriverState> {
  const { readOnly } = environment;
  let { options } = environment;
  const file = await environment.child('file');
  let encryption: JsonObject | undefined;
  const image = await Image.open({
    file,
    writable: !readOnly,
    backing: () => environment.backing(),
    corrupted: (report) => environment.corrupted(report),
    options: (header) => imageOptions(options, header),
    cipher: async (header) => {
      const opened = await openCipher(header, file, options.encrypt, environment);
      encryption = opened?.info;
      return opened?.cipher;
    },
  });
  const bitmaps = await Bitmaps.open(image);
  if (!readOnly) await bitmaps.markInUse();

  return {
    // what follows the last whole sector is out of reach
    length: () => image.size - (image.size % SECTOR),
    limits: image.cipher && { requestAlignment: SECTOR },
    read: (offset, buffer) => read(image, offset, buffer),
    write: (offset, data) => write(image, offset, data),
    writeZeroes: (offset, length, { mayUnmap }) => writeZeroes(image, offset, length, mayUnmap === true),
    discard: (offset, length) => discard(image, offset, length),
    flush: () => image.flush(),
    truncate: (length) => resize(image, length),
    blockStatus: (offset, length) => blockStatus(image, offset, length),
    writeCompressed: async (offset, data) => {
      for (let done = 0; done < data.length; done += image.clusterSize)
        await writeCompressed(image, offset + done, data.subarray(done, done + image.clusterSize));
    },
    // Opening for writing repairs what others left dirty; what is marked since is no sign of that.
    info: () => ({ clusterSize: image.clusterSize, dirty: image.dirty && !image.writable }),
    details: () => details(image, encryption),
    snapshots: image.snapshots,
    bitmaps,
    allocatedSize: () => file.allocatedSize(),
    makeEmpty: () => discardClusters(image, 0, Math.ceil(image.size / image.clusterSize), 'forget'),
    changeBackingFile: (backing) => changeBackingFile(image, backing),
    prepareReopen: (changes) => {
      const changed = changedOptions(options, changes);
      if (!changed) return undefined;
      const now = imageOptions(changed, image.header);
      return async () => {
        await image.reconfigure(now);
        options = changed;
      };
    },
    setReadOnly: async (nowReadOnly) => {
      await image.setWritable(!nowReadOnly);
      if (!nowReadOnly) await bitmaps.markInUse();
    },
    close: () => image.close(),
  };
}

function details({ header, corruption }: Image, encryption: JsonObject | undefined): ImageDetails {
  const data: JsonObject =
    header.version === 2
      ? { compat: '0.10', 'refcount-bits': 2 ** header.refcountOrder }
      : {
          compat: '1.1',
          'lazy-refcounts': hasLazyRefcounts(header),
          'refcount-bits': 2 ** header.refcountOrder,
          corrupt: corruption.marked,
        };
  if (encryption) data.encrypt = encryption;
  return {
    formatSpecific: { type: 'qcow2', data },
    encrypted: header.encryption !== 'none',
    backing: header.backing,
  };
}

/** Images of versions 2 and 3, with backing files, snapshots, bitmaps, compression and encryption. */
export const qcow2: Driver<'qcow2'> = {
  kind: 'format',
  children: { file: 'file', backing: 'backing' },
  open,
  probe: (start) => (isQcow2(start) ? 100 : 0),
  create: createImage,
};
