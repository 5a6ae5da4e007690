/** `eject`: takes the medium out of a drive, whose tray stays open. */
import { eject as ejectMedium } from '../devices/exchange-media.ts';
import type { Handler } from './handler.ts';

export const eject: Handler<'eject'> = async ({ device, id, force = false }, { block, devices }) => {
  await ejectMedium(devices.drive(device, id), block.graph, force);
  return {};
};
