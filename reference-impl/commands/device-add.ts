/** `device_add`: plugs a device into the machine. */
import { deviceOptions } from '../devices/device-registry.ts';
import type { Handler } from './handler.ts';

export const deviceAdd: Handler<'device_add'> = async (args, { devices }) => {
  await devices.add(deviceOptions(args), { hotplug: true });
  return {};
};
