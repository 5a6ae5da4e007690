/** A bus of the machine, and who is plugged into it. */
import type { BusModel } from './device-model.ts';
import type { GuestDevice } from './guest-device.ts';

/** A bus by name. */
export class Bus {
  readonly name: string;
  readonly model: BusModel;
  readonly qomPath: string;
  readonly #devices = new Set<GuestDevice>();

  /** `of`: the QOM path of the device that brings it. */
  constructor(name: string, model: BusModel, of: string) {
    this.name = name;
    this.model = model;
    this.qomPath = `${of}/${name}`;
  }

  /** The oldest first. */
  get devices(): readonly GuestDevice[] {
    return [...this.#devices];
  }

  plug(device: GuestDevice): void {
    this.#devices.add(device);
  }

  unplug(device: GuestDevice): void {
    this.#devices.delete(device);
  }
}
