/** `blockdev-open-tray`: opens the tray of a drive; where the guest has locked it, asks the guest to. */
import { openTray } from '../devices/exchange-media.ts';
import type { Handler } from './handler.ts';

export const blockdevOpenTray: Handler<'blockdev-open-tray'> = (
  { device, id, force = false },
  { devices },
) => {
  openTray(devices.drive(device, id), force);
  return {};
};
