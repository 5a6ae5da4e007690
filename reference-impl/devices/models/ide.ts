/** Disks and CD drives on an IDE bus. */
import type { DeviceModel } from '../device-model.ts';
import { oneOf, type PropertyTypes, place, text, unsigned, wide } from '../properties.ts';
import { BOOT, DRIVE, ERRORS, GEOMETRY, SERIAL } from './disk-properties.ts';

const IDE: PropertyTypes = {
  ...DRIVE,
  ...ERRORS,
  ...BOOT,
  ...SERIAL,
  unit: place,
  ver: text,
  wwn: wide(0),
  model: text,
};

const TRANSLATIONS = ['auto', 'none', 'lba', 'large', 'rechs'];

export const ideModels = {
  'ide-hd': {
    bus: 'IDE',
    disk: {
      medium: 'fixed',
      writes: 'always',
      resizable: true,
      reportsIoStatus: true,
      withoutDrive: 'No drive specified',
    },
    properties: {
      ...IDE,
      ...GEOMETRY,
      'bios-chs-trans': oneOf('BiosAtaTranslation', TRANSLATIONS, 'auto'),
      rotation_rate: unsigned(16, 0),
    },
  },
  'ide-cd': {
    bus: 'IDE',
    disk: { medium: 'in-tray', writes: 'never', resizable: false, reportsIoStatus: true },
    properties: IDE,
  },
} satisfies Readonly<Record<string, DeviceModel>>;
