/**
 * The places of a machine's drives: which one a drive gets, whether the machine connects it, and which drives are there
 * although nobody asked for them.
 */
import { type MachineDrives, machineModel } from '../devices/machine-model.ts';
import { CommandError } from '../qapi/command-error.ts';

const INTERFACES = 'none ide scsi floppy pflash mtd sd virtio xen'.split(' ');
/** A device of its own connects these, wherever a machine has a bus for it. */
const EVERYWHERE = ['none', 'virtio'];

export type Media = 'disk' | 'cdrom';

const DEFAULT_DRIVES = [
  {
    interface: 'ide',
    index: 2,
    media: 'cdrom',
    replacedBy: ['ide-cd', 'ide-hd', 'ide-drive', 'scsi-cd', 'scsi-hd'],
  },
  { interface: 'floppy', index: 0, media: 'disk', replacedBy: ['floppy', 'isa-fdc'] },
  { interface: 'sd', index: 0, media: 'disk', replacedBy: [] },
];

/** Where a drive is connected. */
export interface DrivePlace {
  readonly interface: string;
  readonly bus: number;
  readonly unit: number;
  readonly media: Media;
}

/** What `-drive` says of a place; numbers as they were given. */
export interface WantedPlace {
  readonly interface?: string | undefined;
  readonly bus?: number | undefined;
  readonly unit?: number | undefined;
  readonly index?: number | undefined;
  readonly media: Media;
}

/** The places of a machine, and which of them are taken. */
export class Machine {
  readonly #drives: MachineDrives;
  readonly #taken: DrivePlace[] = [];

  /** Throws `CommandError` for a name that is no machine's. */
  constructor(name: string) {
    this.#drives = machineModel(name).drives;
  }

  /** Takes the place that is wanted, or else the first that is free. Throws `CommandError`. */
  take(wanted: WantedPlace): DrivePlace {
    const name = wanted.interface ?? this.#drives.defaultInterface;
    if (!INTERFACES.includes(name)) throw new CommandError(`unsupported bus type '${name}'`);
    const units = this.#drives.unitsOfBus[name] ?? 0;
    const place = { ...this.#number(name, units, wanted), interface: name, media: wanted.media };
    this.#taken.push(place);
    return place;
  }

  /**
   * The options of the drives that are there by default: those whose place nobody took, and that no device of these
   * models replaces.
   */
  defaultDrives(models: readonly string[]): readonly string[] {
    const { unitsOfBus, defaults } = this.#drives;
    if (!defaults) return [];
    return DEFAULT_DRIVES.filter(({ interface: name, index, replacedBy }) => {
      const { bus, unit } = atIndex(unitsOfBus[name] ?? 0, index);
      return !this.#isTaken(name, bus, unit) && !replacedBy.some((model) => models.includes(model));
    }).map(({ interface: name, index, media }) => `if=${name},index=${index},media=${media}`);
  }

  /** Throws `CommandError` for a place that this machine does not connect. */
  refuseUnconnected({ interface: name, bus, unit }: DrivePlace): void {
    if (EVERYWHERE.includes(name)) return;
    const units = this.#drives.unitsOfBus[name] ?? 0;
    const count = this.#drives.connects[name] ?? 0;
    if (bus * (units || count) + unit >= count)
      throw new CommandError(`machine type does not support if=${name},bus=${bus},unit=${unit}`);
  }

  /** The name of a drive that was given none. */
  nameOf({ interface: name, bus, unit, media }: DrivePlace): string {
    if ((this.#drives.unitsOfBus[name] ?? 0) === 0) return `${name}${unit}`;
    return `${name}${bus}-${media === 'cdrom' ? 'cd' : 'hd'}${unit}`;
  }

  #number(name: string, units: number, wanted: WantedPlace): { bus: number; unit: number } {
    const { index = -1 } = wanted;
    let { bus = 0, unit = -1 } = wanted;
    if (index >= 0) {
      if (bus !== 0 || unit !== -1) throw new CommandError('index cannot be used with bus and unit');
      ({ bus, unit } = atIndex(units, index));
    }
    if (unit < 0) {
      unit = 0;
      while (this.#isTaken(name, bus, unit)) {
        unit += 1;
        if (unit === units) {
          unit = 0;
          bus += 1;
        }
      }
    }
    if (units > 0 && unit >= units) throw new CommandError(`unit ${unit} too big (max is ${units - 1})`);
    if (this.#isTaken(name, bus, unit))
      throw new CommandError(`drive with bus=${bus}, unit=${unit} (index=${index}) exists`);
    return { bus, unit };
  }

  #isTaken(name: string, bus: number, unit: number): boolean {
    return this.#taken.some((place) => place.interface === name && place.bus === bus && place.unit === unit);
  }
}

function atIndex(units: number, index: number): { bus: number; unit: number } {
  if (units === 0) return { bus: 0, unit: index };
  return { bus: Math.floor(index / units), unit: index % units };
}
