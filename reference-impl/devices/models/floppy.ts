/** Floppy drives. They have no trays: disks are exchanged as they are, and an error never stops the machine. */
import type { DeviceModel } from '../device-model.ts';
import { oneOf, place } from '../properties.ts';
import { DRIVE } from './disk-properties.ts';

/** Sizes of disks in KiB, by the drive that they are for: one of 3.5 inches, one of 5.25. */
const SIZES: readonly (readonly [type: string, sizes: readonly number[]])[] = [
  ['144', [720, 800, 820, 830, 1040, 1120, 1440, 1600, 1680, 1722, 1743, 1760, 1840, 1920]],
  ['120', [160, 180, 320, 360, 410, 420, 880, 1200, 1476, 1494]],
];

/** The type of a drive that is there for a disk of so many bytes; one for all of 3.5 inches where that tells nothing. */
function typeFor(length: number | undefined): string {
  const found = SIZES.find(([, sizes]) => length !== undefined && sizes.includes(length / 1024));
  return found?.[0] ?? '288';
}

export const floppyModels = {
  floppy: {
    bus: 'floppy-bus',
    disk: {
      medium: 'without-tray',
      writes: 'if-writable',
      adaptsToMedia: true,
      resizable: false,
      reportsIoStatus: false,
      settle: (property, length) =>
        property('drive-type') === 'auto' ? { 'drive-type': typeFor(length) } : {},
      blockSize: { only: 512, of: 'floppy', physical: true },
    },
    properties: {
      ...DRIVE,
      unit: place,
      'drive-type': oneOf('FdcDriveType', ['144', '288', '120', 'none', 'auto'], 'auto'),
    },
  },
} satisfies Readonly<Record<string, DeviceModel>>;
