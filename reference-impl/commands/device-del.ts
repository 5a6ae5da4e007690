/** `device_del`: unplugs a device; an event tells when it is gone. */
import type { Handler } from './handler.ts';

export const deviceDel: Handler<'device_del'> = async ({ id }, { devices }) => {
  await devices.remove(id);
  return {};
};
