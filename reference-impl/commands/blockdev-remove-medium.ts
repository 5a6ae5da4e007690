/** `blockdev-remove-medium`: takes the medium out of an open tray. */
import { removeMedium } from '../devices/exchange-media.ts';
import type { Handler } from './handler.ts';

export const blockdevRemoveMedium: Handler<'blockdev-remove-medium'> = async ({ id }, { block, devices }) => {
  await removeMedium(devices.drive(undefined, id), block.graph);
  return {};
};
