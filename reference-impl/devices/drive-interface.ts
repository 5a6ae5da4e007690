/** `-drive if=…`: the device that uses a drive in its place of the machine. */
import type { DeviceOptions } from './device-registry.ts';
import type { DriveInterface, MachineModel } from './machine-model.ts';

/** A drive by its name, with the place that it is for. */
export interface InterfaceDrive {
  readonly id: string;
  /** Where on PCI its device is to be. */
  readonly addr?: string;
  readonly place: {
    readonly interface: string;
    readonly bus: number;
    readonly unit: number;
    readonly media: 'disk' | 'cdrom';
  };
}

/** The options of the device that the machine makes for a drive; undefined where it makes none. */
export function interfaceDevice(
  { id, place, addr }: InterfaceDrive,
  { interfaces }: MachineModel,
): DeviceOptions | undefined {
  const bus = interfaces[place.interface as DriveInterface]?.[place.bus];
  if (bus === undefined) return undefined;
  if (place.interface === 'virtio')
    return { driver: 'virtio-blk-pci', drive: id, bus, ...(addr !== undefined && { addr }) };
  const disk = place.media === 'cdrom' ? 'ide-cd' : 'ide-hd';
  const driver = place.interface === 'floppy' ? 'floppy' : disk;
  return { driver, drive: id, bus, unit: String(place.unit) };
}
