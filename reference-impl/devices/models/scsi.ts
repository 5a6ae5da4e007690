/** Disks and CD drives on a SCSI bus, whichever controller brings it. */
import type { BusModel, DeviceModel, DiskModel } from '../device-model.ts';
import { flag, type PropertyTypes, place, signed, text, textOf, unsigned, wide } from '../properties.ts';
import { BOOT, DRIVE, ERRORS, GEOMETRY, SERIAL } from './disk-properties.ts';

/** The bus of a controller that devices come to and go from. */
export const SCSI_BUS: BusModel = { type: 'SCSI', hotplug: true, targets: { ids: 256, luns: 16384 } };

const SCSI: PropertyTypes = {
  ...DRIVE,
  ...ERRORS,
  ...BOOT,
  ...SERIAL,
  channel: place,
  'scsi-id': place,
  lun: place,
  ver: textOf('2.5+'),
  vendor: textOf('QEMU'),
  device_id: text,
  wwn: wide(0),
  port_wwn: wide(0),
  port_index: unsigned(16, 0),
  max_unmap_size: wide(2 ** 30),
  max_io_size: wide(2 ** 31 - 1),
  scsi_version: signed(5),
};

const discards = { usual: 4096 };

const disk: DiskModel = {
  medium: 'fixed',
  writes: 'if-writable',
  resizable: true,
  reportsIoStatus: true,
  withoutDrive: 'drive property not set',
  mostHeads: 255,
  discards,
};

const hardDisk: PropertyTypes = {
  ...SCSI,
  ...GEOMETRY,
  product: textOf('QEMU HARDDISK'),
  removable: flag(false),
  dpofua: flag(false),
  rotation_rate: unsigned(16, 0),
};

export const scsiModels = {
  'scsi-hd': { bus: 'SCSI', disk, properties: hardDisk },
  // What a controller makes of a drive that is given to itself.
  'scsi-disk': { bus: 'SCSI', disk, properties: hardDisk },
  'scsi-cd': {
    bus: 'SCSI',
    disk: { medium: 'in-tray', writes: 'if-writable', resizable: false, reportsIoStatus: true, discards },
    properties: { ...SCSI, product: textOf('QEMU CD-ROM') },
  },
} satisfies Readonly<Record<string, DeviceModel>>;
