/** Device models as data: what `-device` names, where it plugs in, what properties it takes, and what kind of disk it is. */
import type { Json } from '../../spec/json.ts';
import type { PropertyTypes } from './properties.ts';

/** Kinds of buses, as messages name them. */
export type BusType = 'IDE' | 'ISA' | 'PCI' | 'SCSI' | 'System' | 'floppy-bus' | 'usb-bus' | 'virtio-bus';

/** Values by the names of properties. */
export type SettledValues = Readonly<Record<string, Json>>;

/** A type of guest device. */
export interface DeviceModel {
  /** The bus that it plugs into. */
  readonly bus: BusType;
  readonly properties: PropertyTypes;
  /** The bus that it brings for others. */
  readonly offers?: BusModel;
  /** A device within it that does its work, and takes its properties. */
  readonly within?: DevicePart;
  /** It uses a drive so. */
  readonly disk?: DiskModel;
  /** Values of properties that nobody gave, by the others; absent: as they are. Throws `CommandError` for what is not to be. */
  readonly settle?: (property: (name: string) => Json, isGiven: (name: string) => boolean) => SettledValues;
  /** Properties are not looked at. */
  readonly takesAnything?: boolean;
}

/** A device that comes with another. */
export interface DevicePart {
  /** Its name in the other; `@BUS@` stands for the name of the bus that the other brings. */
  readonly name: string;
  readonly model: string;
  /** The properties that it is given; absent: it has those of the other, which tells them as they are there. */
  readonly takes?: readonly string[];
}

/** A bus as the devices on it find it. */
export interface BusModel {
  readonly type: BusType;
  /** Devices come and go while the machine is there. */
  readonly hotplug: boolean;
  /** How many units it has, where devices have numbers. */
  readonly units?: number;
  /** How many targets and units of each, where devices are addressed so. */
  readonly targets?: { readonly ids: number; readonly luns: number };
  /** How many buses of the kind a controller brings; 1 if not told. */
  readonly count?: number;
}

/** What is done with a drive. */
export interface DiskModel {
  /** A disk is there for good; a disc is exchanged through a tray, or as it is. */
  readonly medium: 'fixed' | 'in-tray' | 'without-tray';
  /** Whether the guest writes; `if-writable`: as the first medium says, an empty drive being writable. */
  readonly writes: 'always' | 'if-writable' | 'never';
  /** Once a medium has gone, the next says so anew. */
  readonly adaptsToMedia?: boolean;
  /** Others may resize the disk below it. */
  readonly resizable: boolean;
  /** An error can stop the machine. */
  readonly reportsIoStatus: boolean;
  /** The only size that its blocks can have, on its medium too where `physical`, and what it is called in telling so. */
  readonly blockSize?: { readonly only: number; readonly of: string; readonly physical?: boolean };
  /** As `settle` of a model; `length`: bytes of the medium. */
  readonly settle?: (property: (name: string) => Json, length: number | undefined) => SettledValues;
  /** The most heads of its geometry; absent: it has none. */
  readonly mostHeads?: number;
  /** The granularity of discards where none is given; `only`: what has no other. Absent: left open. */
  readonly discards?: { readonly usual: number; readonly only?: string };
  /** What it says without a drive; absent: it then gets an empty one. */
  readonly withoutDrive?: string;
}
