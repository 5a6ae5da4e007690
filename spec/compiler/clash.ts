/**
 * Names that may not meet: members of one object (its base's and each branch's included), values of one enum.
 * Two names clash when they are one name in C.
 */
import type { ObjectType } from '../model.ts';
import { fault, type Source } from './diagnostic.ts';
import { collisionKey } from './names.ts';

/** The names of one definition. */
export class NameTable {
  readonly #source: Source;
  /** How to call the holder of a name, by the name's key. */
  readonly #taken = new Map<string, string>();

  constructor(source: Source) {
    this.#source = source;
  }

  /** Takes a name; `what`: 'member', 'value' …; `where`: of what it is, where not of the definition itself. */
  take(name: string, what: string, where = ''): void {
    const holder = this.#refuseTaken(name, what, where);
    this.#taken.set(collisionKey(name), holder);
  }

  /** A branch may have none of the names taken; its own names stay free for the next branch. */
  checkBranch(type: ObjectType, where: string): void {
    for (const name of memberNames(type)) this.#refuseTaken(name, 'member', where);
  }

  #refuseTaken(name: string, what: string, where: string): string {
    const holder = `${what} '${name}'${where}`;
    const other = this.#taken.get(collisionKey(name));
    if (other !== undefined) fault(this.#source, `${holder} collides with ${other}`);
    return holder;
  }
}

/** Kept, because unions can share branches that are unions, and so on: the paths through them are too many. */
const namesOfUnions = new WeakMap<ObjectType, ReadonlySet<string>>();

/** The names of all members of a finished type, those of all branches included. */
function memberNames(type: ObjectType): ReadonlySet<string> {
  const known = namesOfUnions.get(type);
  if (known !== undefined) return known;
  const names = new Set(type.members.map((member) => member.name));
  for (const variant of type.variants) for (const name of memberNames(variant.type)) names.add(name);
  if (type.tag !== undefined) namesOfUnions.set(type, names);
  return names;
}
