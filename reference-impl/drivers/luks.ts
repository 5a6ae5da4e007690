/** `luks`: an encrypted disk, behind a header with the keys to it. */

import { isLuks, openLuks } from '../crypto/luks-volume.ts';
import { SECTOR } from '../crypto/sector-cipher.ts';
import { IoError } from '../host/errno.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { Driver, DriverOptions, DriverState, OpenEnvironment } from './driver.ts';

type Options = DriverOptions<'luks'>;

async function open({ options, child, secret, hostWork }: OpenEnvironment<Options>): Promise<DriverState> {
  const file = await child('file');
  const id = options['key-secret'];
  if (id === undefined) throw new CommandError("Parameter 'key-secret' is required for cipher");
  const { cipher, payloadOffset, info } = await openLuks(
    (offset, buffer) => file.read(offset, buffer),
    () => secret(id),
    hostWork,
  );
  const host = (offset: number) => offset + payloadOffset;
  return {
    length: () => {
      if (file.length() < payloadOffset) throw new IoError('EFBIG');
      return file.length() - payloadOffset;
    },
    limits: { requestAlignment: SECTOR },
    growable: true,
    read: async (offset, buffer) => {
      await file.read(host(offset), buffer);
      cipher.decrypt(offset, buffer);
    },
    write: (offset, data) => file.write(host(offset), cipher.encrypt(offset, data)),
    flush: () => file.flush(),
    truncate: (length) => file.truncate(length + payloadOffset),
    info: () => ({ clusterSize: 0, dirty: false }),
    details: () => ({ formatSpecific: { type: 'luks', data: info }, encrypted: true }),
    allocatedSize: () => file.allocatedSize(),
    close: () => Promise.resolve(),
  };
}

export const luks: Driver<'luks'> = {
  kind: 'format',
  children: { file: 'file' },
  secretOption: 'key-secret',
  open,
  probe: (start) => (isLuks(start) ? 100 : 0),
};
