/** `change`: exchanges the medium of a drive for an image. There is no VNC server whose options it could change. */
import { changeMedium } from '../devices/exchange-media.ts';
import type { Handler } from './handler.ts';

export const change: Handler<'change'> = async ({ device, target, arg: format }, { block, devices }) => {
  const drive = devices.drive(device, undefined);
  await changeMedium(drive, block, { filename: target, format, readOnlyMode: 'retain' });
  return {};
};
