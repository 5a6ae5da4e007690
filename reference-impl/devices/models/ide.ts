/** Disks and CD drives on an IDE bus. */
import type { DeviceModel } from '../device-model.ts';
import { oneOf, type PropertyTypes, place, text, textOf, unsigned, wide } from '../properties.ts';
import { BOOT, DRIVE, ERRORS, GEOMETRY, SERIAL } from './disk-properties.ts';

const IDE: PropertyTypes = {
  ...DRIVE,
  ...ERRORS,
  ...BOOT,
  ...SERIAL,
  unit: place,
  ver: textOf('2.5+'),
  wwn: wide(0),
  model: text,
};

const blocks = {
  blockSize: { only: 512, of: 'IDE' },
  discards: { usual: 512, only: 'ide' },
} as const;

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
      mostHeads: 16,
      ...blocks,
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
    disk: { medium: 'in-tray', writes: 'never', resizable: false, reportsIoStatus: true, ...blocks },
    properties: IDE,
  },
} satisfies Readonly<Record<string, DeviceModel>>;
