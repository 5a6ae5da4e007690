/** User-created objects (`-object`, `object-add`): by id, with who uses them. */
import type { Clock } from '../host/clock.ts';
import { CommandError } from '../qapi/command-error.ts';
import { ThrottleGroups } from '../throttle/throttle-group.ts';
import type { QomProperty } from './qom-property.ts';

/** What an object of any type is to the registry. */
export interface UserObject {
  /** Its type, such as `throttle-group`. */
  readonly type: string;
  /** Absent where nobody asks for them. */
  readonly properties?: readonly QomProperty[];
  /** Something refers to it, so that it cannot be deleted. Default: never. */
  inUse?(): boolean;
  /** Called when it has been deleted. */
  removed?(): void;
}

export interface Secret extends UserObject {
  readonly type: 'secret';
  readonly data: Buffer;
}

/** The user-created objects of an endpoint. Methods throw `CommandError`. */
export class Objects {
  readonly throttleGroups = new ThrottleGroups();
  readonly #objects = new Map<string, UserObject>();

  /** The id must be free. */
  add(id: string, object: UserObject): void {
    this.#objects.set(id, object);
  }

  /** Throws `CommandError` for an id that is taken. */
  assertFree(id: string): void {
    if (this.#objects.has(id))
      throw new CommandError(`attempt to add duplicate property '${id}' to object (type 'container')`);
  }

  /** All by their ids, in the order in which they were made. */
  get all(): ReadonlyMap<string, UserObject> {
    return this.#objects;
  }

  find(id: string): UserObject | undefined {
    return this.#objects.get(id);
  }

  /** Objects of one type with their ids, in the order in which they were made. */
  ofType<T extends UserObject>(type: T['type']): [id: string, object: T][] {
    return [...this.#objects].filter(([, object]) => object.type === type) as [string, T][];
  }

  /** Throws `CommandError` for an object that is not there or is in use. */
  remove(id: string): void {
    const object = this.#objects.get(id);
    if (!object) throw new CommandError(`object '${id}' not found`);
    if (object.inUse?.()) throw new CommandError(`object '${id}' is in use, can not be deleted`);
    this.#objects.delete(id);
    object.removed?.();
  }

  /** The bytes of a `secret`. Throws `CommandError`. */
  secret(id: string): Buffer {
    const object = this.#objects.get(id);
    if (!object) throw new CommandError(`No secret with id '${id}'`);
    if (object.type !== 'secret') throw new CommandError(`Object with id '${id}' is not a secret`);
    return (object as Secret).data;
  }
}

/** What the making of an object takes from its endpoint. */
export interface ObjectContext {
  readonly clock: Clock;
  /** The time of the guest's machine, by which its requests are limited and counted. */
  readonly guestClock: Clock;
  /** Relative host file names are taken from here. */
  readonly cwd: string;
  /** What `object-add` made. */
  readonly objects: Objects;
}
