/** The block drivers that the endpoint was built with, by name: the graph knows drivers by what is handed to it. */
import type { AnyDriver, Drivers } from '../drivers/driver.ts';
import { CommandError } from '../qapi/command-error.ts';

/** Drivers by name, in the order of introspection. */
export class DriverTable {
  readonly #drivers: ReadonlyMap<string, AnyDriver>;

  /** What the graph hands to a driver has passed the schema under its name: nobody else has to take that on trust. */
  constructor(drivers: Drivers) {
    this.#drivers = new Map(Object.entries(drivers) as [name: string, driver: AnyDriver][]);
  }

  /** In the order in which they were handed in. */
  get all(): Iterable<readonly [name: string, driver: AnyDriver]> {
    return this.#drivers;
  }

  find(name: string): AnyDriver | undefined {
    return this.#drivers.get(name);
  }

  /** Throws `CommandError` for a driver that this endpoint lacks. */
  get(name: string): AnyDriver {
    const driver = this.find(name);
    if (!driver) throw new CommandError(`Unknown driver '${name}'`);
    return driver;
  }
}
