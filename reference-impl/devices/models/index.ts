/** All device models by name: a new one is data in the file of its bus. */
import type { DeviceModel } from '../device-model.ts';
import { floppyModels } from './floppy.ts';
import { ideModels } from './ide.ts';
import { scsiModels } from './scsi.ts';
import { usbModels } from './usb.ts';
import { virtioModels } from './virtio.ts';

/** What `-device` and `device_add` know. */
export const deviceModels: Readonly<Record<string, DeviceModel>> = {
  ...floppyModels,
  ...ideModels,
  ...scsiModels,
  ...usbModels,
  ...virtioModels,
};
