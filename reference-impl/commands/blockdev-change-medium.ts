/** `blockdev-change-medium`: exchanges the medium of a drive for an image. */
import { changeMedium } from '../devices/exchange-media.ts';
import type { Handler } from './handler.ts';

export const blockdevChangeMedium: Handler<'blockdev-change-medium'> = async (args, { block, devices }) => {
  const { device, id, filename, format, 'read-only-mode': readOnlyMode = 'retain' } = args;
  await changeMedium(devices.drive(device, id), block, { filename, format, readOnlyMode });
  return {};
};
