/** Floppy drives. They have no trays: disks are exchanged as they are, and an error never stops the machine. */
import type { DeviceModel } from '../device-model.ts';
import { oneOf, place } from '../properties.ts';
import { DRIVE } from './disk-properties.ts';

export const floppyModels = {
  floppy: {
    bus: 'floppy-bus',
    disk: {
      medium: 'without-tray',
      writes: 'if-writable',
      adaptsToMedia: true,
      resizable: false,
      reportsIoStatus: false,
      blockSize: { only: 512, of: 'floppy' },
    },
    properties: {
      ...DRIVE,
      unit: place,
      'drive-type': oneOf('FdcDriveType', ['144', '288', '120', 'none', 'auto'], 'auto'),
    },
  },
} satisfies Readonly<Record<string, DeviceModel>>;
