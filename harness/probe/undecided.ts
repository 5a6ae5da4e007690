/**
 * What no probe could find out of an endpoint: without introspection, which commands it has that may not be tried, and which
 * drivers that are refused only when all else is right; with it, which drivers are not installed. A case that needs one finds out.
 */
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import { type Refusal, refusalIn, type UnknownName } from './unknown-name.ts';

/** Something that an endpoint may have or not, by its name. */
export interface Offered {
  readonly what: 'command' | 'driver';
  readonly name: string;
}

export interface UndecidedOptions {
  readonly commands?: Iterable<string>;
  readonly drivers?: Iterable<string>;
  /** How the endpoint refuses a command that nobody has, where that tells. */
  readonly unknownCommand?: UnknownName | null;
}

/** Serves all cases of a run. */
export class Undecided {
  readonly #commands: Set<string>;
  readonly #drivers: ReadonlySet<string>;
  readonly #unknownCommand: UnknownName | null;
  readonly #absent = new Set<string>();

  constructor({ commands = [], drivers = [], unknownCommand = null }: UndecidedOptions = {}) {
    this.#commands = new Set(commands);
    this.#drivers = new Set(drivers);
    this.#unknownCommand = unknownCommand;
  }

  /** Commands that no reply has decided yet. */
  get commands(): readonly string[] {
    return [...this.#commands];
  }

  /** Drivers that replies may show to be absent. */
  get drivers(): readonly string[] {
    return [...this.#drivers];
  }

  /** The same with these drivers. */
  withDrivers(drivers: Iterable<string>): Undecided {
    return new Undecided({ commands: this.#commands, drivers, unknownCommand: this.#unknownCommand });
  }

  /** Whether a reply has shown that the endpoint lacks it. */
  isAbsent({ what, name }: Offered): boolean {
    return this.#absent.has(`${what} ${name}`);
  }

  /** Takes note of a reply. What the endpoint has shown by it that it lacks, of which that was not known; else null. */
  lacking(command: string, args: JsonObject, reply: JsonObject): Offered | null {
    const refusal = refusalIn(reply);
    const isOpen = this.#commands.delete(command);
    if (refusal === null) return null;
    const asCommand: Offered = { what: 'command', name: command };
    if (isOpen && isUnknownCommand(refusal, command, this.#unknownCommand)) this.#note(asCommand);
    if (this.isAbsent(asCommand)) return asCommand;
    const driver = driversIn(args).find(
      (name) => this.#drivers.has(name) && saysUnknownDriver(refusal, name),
    );
    return driver === undefined ? null : this.#note({ what: 'driver', name: driver });
  }

  #note(offered: Offered): Offered {
    this.#absent.add(`${offered.what} ${offered.name}`);
    return offered;
  }
}

/** Whether a command was refused because there is none of that name. */
export function isUnknownCommand(refusal: Refusal, command: string, unknown: UnknownName | null): boolean {
  return refusal.class === 'CommandNotFound' || unknown?.isAlike(refusal, command) === true;
}

/** Of a driver whose name it knows, and that it was built without: `Unknown driver 'rbd'`. */
export function saysUnknownDriver({ desc }: Refusal, driver: string): boolean {
  return (
    /\b(unknown|unsupported|not (supported|available))\b/i.test(desc) &&
    /\bdriver\b/i.test(desc) &&
    desc.includes(driver)
  );
}

/** Values of `driver` at any depth. */
function driversIn(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(driversIn);
  if (!isJsonObject(value)) return [];
  const { driver } = value;
  return [...(typeof driver === 'string' ? [driver] : []), ...Object.values(value).flatMap(driversIn)];
}
