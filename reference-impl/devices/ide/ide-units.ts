/** The drives of a channel, made of the devices on its bus. */
import type { GuestDevice } from '../guest-device.ts';
import { AbsentDrive } from './absent-drive.ts';
import { AtaDisk } from './ata-disk.ts';
import { AtapiDrive } from './atapi-drive.ts';
import { CdMedium } from './cd-medium.ts';
import type { DiskForm, DriveLabels, IdeBacking } from './ide-backing.ts';
import { IdeChannel } from './ide-channel.ts';
import type { IdeDrive } from './ide-drive.ts';

/** The channel of a bus; `line` is its interrupt line. */
export function ideChannel(devices: readonly GuestDevice[], line: (high: boolean) => void): IdeChannel {
  const make = (interrupt: () => void): readonly [IdeDrive, IdeDrive] => {
    const drive = (unit: 0 | 1) =>
      driveOf(
        devices.find((one) => one.unit === unit),
        interrupt,
      );
    return [drive(0), drive(1)];
  };
  return new IdeChannel(make, line);
}

function driveOf(device: GuestDevice | undefined, interrupt: () => void): IdeDrive {
  if (!device?.io) return new AbsentDrive();
  const backing = backingOf(device);
  const { tray } = device;
  if (!tray) return new AtaDisk(backing, formOf(device), interrupt);
  const drive = new AtapiDrive(backing, new CdMedium(tray, () => backing.length()), interrupt);
  device.guestSide = drive;
  return drive;
}

function backingOf(device: GuestDevice): IdeBacking {
  const { io, backend, identity } = device;
  const model = identity.properties.get('model');
  const labels: DriveLabels = {
    serial: String(device.property('serial')),
    version: String(device.property('ver')),
    wwn: BigInt(String(device.property('wwn'))),
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

function formOf(device: GuestDevice): DiskForm {
  const number = (name: string) => Number(device.property(name));
  return {
    geometry: { cylinders: number('cyls'), heads: number('heads'), sectors: number('secs') },
    physicalBlock: number('physical_block_size'),
    rotationRate: number('rotation_rate'),
    discards: number('discard_granularity') !== 0,
  };
}
