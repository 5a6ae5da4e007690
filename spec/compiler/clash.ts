/**
 * Names that may not meet: members of one object (its base's and each branch's included), values of one enum.
 * Two names clash when they are one name in C.
 */
import type { ObjectType } from '../model.ts';
import { fault, type Source } from './diagnostic.ts';
import { collisionKey } from './names.ts';

export class NameTable {
  readonly #source: Source;
  /** How to call the holder of a name, by the name's key. */
  readonly #taken: Map<string, string>;

  constructor(source: Source, taken: ReadonlyMap<string, string> = new Map()) {
    this.#source = source;
    this.#taken = new Map(taken);
  }

  /** Takes a name; `what`: 'member', 'value' …; `where`: of what it is, where not of the definition itself. */
  take(name: string, what: string, where = ''): void {
    const key = collisionKey(name);
    const holder = `${what} '${name}'${where}`;
    const other = this.#taken.get(key);
    if (other !== undefined) fault(this.#source, `${holder} collides with ${other}`);
    this.#taken.set(key, holder);
  }

  /** Takes all names that an object type brings, in each of its branches. */
  takeMembers(type: ObjectType, where: string): void {
    for (const member of type.members) this.take(member.name, 'member', where);
    for (const variant of type.variants) this.copy().takeMembers(variant.type, where);
  }

  copy(): NameTable {
    return new NameTable(this.#source, this.#taken);
  }
}
