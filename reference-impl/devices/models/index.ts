/** All device models by name: a new one is data in the file of its bus. */
import type { DeviceModel } from '../device-model.ts';
import { controllerModels } from './controllers.ts';
import { floppyModels } from './floppy.ts';
import { ideModels } from './ide.ts';
import { otherModels } from './others.ts';
import { scsiModels } from './scsi.ts';
import { usbModels } from './usb.ts';
import { virtioModels } from './virtio.ts';

/** What `-device` and `device_add` know. */
export const deviceModels: Readonly<Record<string, DeviceModel>> = {
  ...controllerModels,
  ...floppyModels,
  ...ideModels,
  ...otherModels,
  ...scsiModels,
  ...usbModels,
  ...virtioModels,
};

/** Other names of models. */
export const deviceAliases: Readonly<Record<string, string>> = {
  ahci: 'ich9-ahci',
  lsi: 'lsi53c895a',
  'virtio-balloon': 'virtio-balloon-pci',
  'virtio-blk': 'virtio-blk-pci',
  'virtio-net': 'virtio-net-pci',
  'virtio-rng': 'virtio-rng-pci',
  'virtio-scsi': 'virtio-scsi-pci',
  'virtio-serial': 'virtio-serial-pci',
};
