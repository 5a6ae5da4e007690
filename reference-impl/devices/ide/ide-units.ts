/** The drives of a channel, made of the devices on its bus. */
import type { GuestDevice } from '../guest-device.ts';
import { AbsentDrive } from './absent-drive.ts';
import { AtaDisk } from './ata-disk.ts';
import { AtapiDrive } from './atapi-drive.ts';
import { CdMedium } from './cd-medium.ts';
import type { DriveLabels, IdeBacking } from './ide-backing.ts';
import { IdeChannel } from './ide-channel.ts';
import type { IdeDrive } from './ide-drive.ts';

/** The channel of a bus. `number` counts the buses; `line` is its interrupt line. */
export function ideChannel(
  devices: readonly GuestDevice[],
  number: number,
  line: (high: boolean) => void,
): IdeChannel {
  const make = (interrupt: () => void): readonly [IdeDrive, IdeDrive] => {
    const drive = (unit: 0 | 1) => {
      const device = devices.find((one) => one.unit === unit);
      return driveOf(device, number * 2 + unit + 1, interrupt);
    };
    return [drive(0), drive(1)];
  };
  return new IdeChannel(make, line);
}

function driveOf(device: GuestDevice | undefined, serial: number, interrupt: () => void): IdeDrive {
  if (!device?.io) return new AbsentDrive();
  const backing = backingOf(device, serial);
  const { tray } = device;
  if (!tray) return new AtaDisk(backing, interrupt);
  const drive = new AtapiDrive(backing, new CdMedium(tray, () => backing.length()), interrupt);
  device.guestSide = drive;
  return drive;
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
    wwn: BigInt(String(properties.get('wwn') ?? 0)),
    ...(typeof model === 'string' && { model }),
  };
  return {
    io: io!,
    labels,
    get writeCache() {
      return backend!.settings.writeback;
    },
    set writeCache(isOn: boolean) {
      backend!.writeback = isOn;
    },
    length: () => backend!.node?.io.length(),
  };
}
