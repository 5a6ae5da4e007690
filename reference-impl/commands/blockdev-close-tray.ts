/** `blockdev-close-tray`: closes the tray of a drive. */
import { closeTray } from '../devices/exchange-media.ts';
import type { Handler } from './handler.ts';

export const blockdevCloseTray: Handler<'blockdev-close-tray'> = ({ device, id }, { devices }) => {
  closeTray(devices.drive(device, id));
  return {};
};
