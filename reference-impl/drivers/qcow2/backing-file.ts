/** The backing file that an image's header names. */

import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { BackingName } from '../driver.ts';
import { MAX_BACKING_NAME } from './header.ts';
import type { Image } from './image.ts';

/** Names another one, or none. Throws `IoError`, and then nothing has changed. */
export async function changeBackingFile(image: Image, backing: BackingName | undefined): Promise<void> {
  if (backing && Buffer.byteLength(backing.name) > MAX_BACKING_NAME) throw new IoError('EINVAL');
  const old = image.header.backing;
  image.header.backing = backing?.name === '' ? undefined : backing;
  try {
    await image.writeHeader();
  } catch (error) {
    image.header.backing = old;
    throw error instanceof CommandError ? new IoError('ENOSPC', { cause: error }) : error;
  }
}
