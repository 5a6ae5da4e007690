/** A bus of the machine: who is plugged into it, and where. */
import { CommandError } from '../qapi/command-error.ts';
import type { BusModel } from './device-model.ts';
import type { GuestDevice } from './guest-device.ts';

/** A bus by name. */
export class Bus {
  readonly name: string;
  readonly model: BusModel;
  readonly qomPath: string;
  readonly #devices: GuestDevice[] = [];

  /** `of`: the QOM path of the device that brings it. */
  constructor(name: string, model: BusModel, of: string) {
    this.name = name;
    this.model = model;
    this.qomPath = `${of}/${name}`;
  }

  /** The oldest first. */
  get devices(): readonly GuestDevice[] {
    return this.#devices;
  }

  get isFull(): boolean {
    return this.#devices.length >= (this.model.most ?? Number.POSITIVE_INFINITY);
  }

  /** The device at a place of its own. */
  at(unit: number): GuestDevice | undefined {
    return this.#devices.find((device) => device.unit === unit);
  }

  /** The place for a device that asks for this one, or for any. Throws `CommandError`. */
  placeFor(wanted: number | undefined): number | undefined {
    const { units, type } = this.model;
    if (!units) return undefined;
    const kind = type === 'floppy-bus' ? 'floppy' : type;
    const unit = wanted ?? this.#firstFree(units.count);
    if (unit >= units.count)
      throw new CommandError(`Can't create ${kind} unit ${unit}, bus supports only ${units.count} units`);
    if (this.at(unit)) throw new CommandError(`${capitalised(kind)} unit ${unit} is in use`);
    return unit;
  }

  /** On a full IDE bus the last place is the one that is refused, on others the one behind it. */
  #firstFree(count: number): number {
    const last = this.model.type === 'IDE' ? count - 1 : count;
    let unit = 0;
    while (unit < last && this.at(unit)) unit += 1;
    return unit;
  }

  plug(device: GuestDevice): void {
    this.#devices.push(device);
  }

  unplug(device: GuestDevice): void {
    const index = this.#devices.indexOf(device);
    if (index >= 0) this.#devices.splice(index, 1);
  }
}

function capitalised(word: string): string {
  return word[0]!.toUpperCase() + word.slice(1);
}
