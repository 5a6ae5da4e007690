/** The block drivers that the endpoint was built with, by name: the graph knows drivers by what is handed to it. */
import type { Driver } from '../drivers/driver.ts';
import { CommandError } from '../qapi/command-error.ts';

/** Drivers by name, in the order of introspection. */
export class DriverTable {
  readonly #drivers: ReadonlyMap<string, Driver>;

  constructor(drivers: Readonly<Record<string, Driver>>) {
    this.#drivers = new Map(Object.entries(drivers));
  }

  /** In the order in which they were handed in. */
  get all(): Iterable<readonly [name: string, driver: Driver]> {
    return this.#drivers;
  }

  find(name: string): Driver | undefined {
    return this.#drivers.get(name);
  }

  /** Throws `CommandError` for a driver that this endpoint lacks. */
  get(name: string): Driver {
    const driver = this.find(name);
    if (!driver) throw new CommandError(`Unknown driver '${name}'`);
    return driver;
  }
}
