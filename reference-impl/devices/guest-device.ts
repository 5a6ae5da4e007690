/** A device of the machine: where it is, what it is made of, and the drive that it uses. */
import type { BlockDeviceIoStatus } from '../../spec/generated/qmp.ts';
import type { Json } from '../../spec/json.ts';
import type { AttachedDevice } from '../backend/attached-device.ts';
import type { BlockBackend } from '../backend/block-backend.ts';
import type { GuestIo } from '../backend/guest-requests.ts';
import type { Node } from '../graph/node.ts';
import { Permission, type Permissions } from '../graph/permissions.ts';
import type { Bus } from './bus.ts';
import type { DeviceModel } from './device-model.ts';
import type { Place } from './place.ts';
import type { Tray } from './tray.ts';

/** What a device is when it is made. */
export interface DeviceIdentity {
  /** The type, such as `scsi-hd`. */
  readonly modelName: string;
  readonly model: DeviceModel;
  /** Absent for those that nobody named. */
  readonly id: string | undefined;
  readonly qomPath: string;
  /** Where it is plugged in. */
  readonly bus: Bus;
  readonly place: Place;
  readonly properties: ReadonlyMap<string, Json>;
  /** It came when the machine was there already. */
  readonly hotplugged: boolean;
}

/** What the controller of a device tells the guest. */
export interface GuestSide {
  ejectRequested(): void;
  mediumChanged(): void;
}

/** A guest device, or a part of one. */
export class GuestDevice implements AttachedDevice {
  readonly identity: DeviceIdentity;
  /** Those within it, by their names there. */
  readonly parts = new Map<string, GuestDevice>();
  /** The one that it is a part of. */
  owner: GuestDevice | undefined;
  /** Buses that it brings. */
  readonly buses: Bus[] = [];
  /** The drive that it uses itself. */
  backend: BlockBackend | undefined;
  /** Its requests to that drive. */
  io: GuestIo | undefined;
  tray: Tray | undefined;
  /** Absent where no guest can look at it. */
  guestSide: GuestSide | undefined;
  /** It is asked to go, which waits for the guest. */
  leaving = false;
  readonly #settled = new Map<string, Json>();
  #hadMedium = false;

  constructor(identity: DeviceIdentity) {
    this.identity = identity;
  }

  get modelName(): string {
    return this.identity.modelName;
  }

  get model(): DeviceModel {
    return this.identity.model;
  }

  get id(): string | undefined {
    return this.identity.id;
  }

  get qomPath(): string {
    return this.identity.qomPath;
  }

  get bus(): Bus {
    return this.identity.bus;
  }

  get place(): Place {
    return this.identity.place;
  }

  /** Its number on an IDE or floppy bus. */
  get unit(): number | undefined {
    return this.place.unit;
  }

  /** The value of a property that its model has. */
  property(name: string): Json {
    const part = this.#tellerOf(name);
    if (part) return part.property(name);
    const given = this.identity.properties.get(name);
    const found = this.#placed(name) ?? this.#settled.get(name);
    if (found !== undefined) return found;
    if (name === 'iothread') return given ? `/objects/${String(given)}` : '';
    if (name !== 'drive') return given ?? this.model.properties[name]!.initial;
    return this.backend?.name || (this.backend?.node?.name ?? '');
  }

  /** Gives a property the value that the device itself has found for it. */
  settle(name: string, value: Json): void {
    this.#settled.set(name, value);
  }

  /** The part whose properties are the device's own. */
  #tellerOf(name: string): GuestDevice | undefined {
    if (!this.model.within || this.model.within.takes) return undefined;
    return [...this.parts.values()].find((part) => Object.hasOwn(part.model.properties, name));
  }

  /** Properties that the bus has settled. */
  #placed(name: string): number | undefined {
    const { unit, scsi, devfn } = this.place;
    const settled = { unit, addr: devfn, channel: scsi?.channel, 'scsi-id': scsi?.id, lun: scsi?.lun };
    return settled[name as keyof typeof settled];
  }

  get name(): string {
    return this.id ?? this.qomPath;
  }

  get removable(): boolean {
    const isStick = this.identity.properties.get('removable') === true;
    return this.model.disk !== undefined && (isStick || this.model.disk.medium !== 'fixed');
  }

  /** The medium that was there at first does not count for ever. A disk that writes goes on to, though it is removable. */
  adaptsToMedia(isExchange: boolean): boolean {
    const { disk } = this.model;
    if (isExchange) return disk?.medium !== 'fixed';
    return this.#hadMedium && (disk?.adaptsToMedia ?? false);
  }

  permissions(medium: Node | undefined): Permissions {
    const { consistentRead, write, resize } = Permission;
    const disk = this.model.disk!;
    const isWritable = disk.writes === 'always' || (disk.writes === 'if-writable' && !medium?.readOnly);
    const isShared = this.identity.properties.get('share-rw') === true;
    const others = (disk.resizable ? resize : 0) | (isShared ? write : 0);
    return {
      perm: consistentRead | (isWritable ? write : 0),
      sharedPerm: consistentRead | others,
    };
  }

  get ioStatus(): BlockDeviceIoStatus | undefined {
    return this.model.disk?.reportsIoStatus ? this.io?.ioStatus : undefined;
  }

  /** A guest that is asked opens the tray by itself, once it runs and sees that it should. */
  ejectRequest(force: boolean): void {
    this.guestSide?.ejectRequested();
    if (force) this.tray?.unlock();
  }

  mediumChanged(loaded: boolean): void {
    this.tray?.move(!loaded);
    if (!loaded) this.#hadMedium = true;
    this.guestSide?.mediumChanged();
  }
}
