/** The drives of a channel, made of the devices on its bus. */
import type { GuestDevice } from '../guest-device.ts';
import { AbsentDrive } from './absent-drive.ts';
import { AtaDisk } from './ata-disk.ts';
import { AtapiDrive } from './atapi-drive.ts';
import { CdMedium } from './cd-medium.ts';
import type { DriveLabels, IdeBacking } from './ide-backing.ts';
import { IdeChannel, type IdeUnit } from './ide-channel.ts';
import type { IdeDrive } from './ide-drive.ts';

const UNITS = [0, 1] as const;

/** The channel of a bus. `number` counts the buses; `line` is its interrupt line. */
export function ideChannel(
  devices: readonly GuestDevice[],
  number: number,
  line: (high: boolean) => void,
): IdeChannel {
  const make = (interrupt: (drive: IdeDrive) => void): readonly [IdeUnit, IdeUnit] => {
    const [first, second] = UNITS.map((unit) => {
      const device = devices.find((one) => one.unit === unit);
      return unitOf(device, number * UNITS.length + unit + 1, interrupt);
    });
    return [first!, second!];
  };
  return new IdeChannel(make, line);
}

function unitOf(
  device: GuestDevice | undefined,
  serial: number,
  interrupt: (drive: IdeDrive) => void,
): IdeUnit {
  if (!device?.io) return { drive: new AbsentDrive(), isPresent: false };
  const backing = backingOf(device, serial);
  const { tray } = device;
  if (!tray) return { drive: new AtaDisk(backing, interrupt), isPresent: true };
  const drive = new AtapiDrive(backing, new CdMedium(tray, () => backing.length()), interrupt);
  device.guestSide = drive;
  return { drive, isPresent: true };
}

function backingOf({ io, backend, identity }: GuestDevice, serial: number): IdeBacking {
  const { properties } = identity;
  const text = (name: string, usual: string): string => {
    const given = properties.get(name);
    return typeof given === 'string' ? given : usual;
  };
  const model = properties.get('model');
  const labels: DriveLabels = {
    serial: text('serial', `QM${String(serial).padStart(5, '0')}`),
    version: text('ver', '2.5+'),
    wwn: BigInt(text('wwn', String(properties.get('wwn') ?? 0))),
    ...(typeof model === 'string' && { model }),
  };
  return {
    io: io!,
    labels,
    writeCache: backend!.settings.writeback,
    length: () => backend!.node?.io.length(),
  };
}
